"""Servers that were ready and are not, before the start: whose clock runs, and who is named when it is over."""

from datetime import timedelta

import pytest

from inferometer_loadgen.protocol.api import RunState
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Pod
from inferometer_operator.reconcile import Step, reconcile
from inferometer_operator.reconcile.observed import Observed

from .builders import T0
from .worlds import COORDINATOR, SERVERS, SERVING, WORKERS, a_pending_pod, a_pod, an_answer, an_observed_run


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def world(
    now_s: float, *servers: Pod, workers: tuple[Pod, ...] = WORKERS, client: RunState = RunState.READY
) -> Observed:
    """Servers were ready at 0 s, and the load pods came; startupTimeout is 10m."""
    pods = (*servers, COORDINATOR, *workers)
    return an_observed_run(
        *SERVING,
        pods=pods,
        now=T0 + at(now_s),
        coordinator=an_answer(client),
        pods_are_live=True,
        logs={pod.name: "" for pod in pods},
    )


def reason(observed: Observed) -> str:
    """Why the run ends; empty where it goes on."""
    step = reconcile(observed)
    assert isinstance(step, Step), step
    return "; ".join(f"{one.type}: {one.message}" for one in step.status.reasons) if step.status else ""


def loads(index: int, created_s: float) -> Pod:
    """A replacement whose model is not ready yet."""
    return a_pod(Role.SERVER, index, uid="another", ready=False, created=T0 + at(created_s))


REMEDY = "look at the pods' events and logs, or raise spec.target.triton.startupTimeout"
ONE_LATE = f"StartupTimeout: replica 1 not ready within 600 s; {REMEDY}"

STARTED_AGAIN = loads(1, 100)
LOST_ITS_READINESS = a_pod(Role.SERVER, 1, ready=False, unready_since=T0 + at(100))
SERVED_AND_LOST_IT = a_pod(Role.SERVER, 1, uid="another", ready=False, created=T0 + at(20), unready_since=T0 + at(100))
NEVER_GOES = a_pod(Role.SERVER, 1, deleting=True, unready_since=T0 + at(100))
UNSCHEDULED = a_pending_pod(Role.SERVER, 1, created=T0 + at(100))


@pytest.mark.parametrize(
    "server",
    [STARTED_AGAIN, LOST_ITS_READINESS, SERVED_AND_LOST_IT, NEVER_GOES, UNSCHEDULED],
    ids=[
        "a replacement that loads its model",
        "a server that lost its readiness",
        "a replacement that served and lost its readiness",
        "a server that is deleted and stays",
        "a replacement without a node",
    ],
)
@pytest.mark.parametrize(
    ("now_s", "words"),
    [(301, ""), (699, ""), (700, ONE_LATE)],
    ids=["after the load pods' time", "before its own is over", "after its own"],
)
def test_a_server_that_does_not_serve_has_startup_timeout_of_its_own(server: Pod, now_s: float, words: str) -> None:
    assert reason(world(now_s, SERVERS[0], server)) == words


def test_each_server_that_is_late_is_named_and_no_other() -> None:
    assert reason(world(800, loads(0, 100), loads(1, 150))) == (
        f"StartupTimeout: replica 0, replica 1 not ready within 600 s; {REMEDY}"
    )
    assert reason(world(800, loads(0, 300), loads(1, 150))) == ONE_LATE


LATE_WORKER = a_pod(Role.WORKER, 1, ready=False)


@pytest.mark.parametrize(
    ("now_s", "words"),
    [(799, ""), (800, "StartupTimeout: worker 1 not ready within 300 s; look at the pods' events and logs")],
    ids=["in time", "late"],
)
def test_load_pods_have_their_whole_time_from_the_moment_that_all_servers_serve(now_s: float, words: str) -> None:
    again = a_pod(Role.SERVER, 1, uid="another", created=T0 + at(100), ready_since=T0 + at(500))

    assert reason(world(now_s, SERVERS[0], again, workers=(WORKERS[0], LATE_WORKER), client=RunState.WAITING)) == words


def test_load_pods_are_not_late_while_a_server_starts_again() -> None:
    assert (
        reason(world(500, SERVERS[0], STARTED_AGAIN, workers=(WORKERS[0], LATE_WORKER), client=RunState.WAITING)) == ""
    )


def test_load_pods_that_are_all_ready_are_not_said_to_be_missing() -> None:
    late = world(300, *SERVERS, client=RunState.WAITING)

    assert reason(late) == (
        "StartupTimeout: the load pods as a whole not ready within 300 s; look at the pods' events and logs"
    )


def test_who_waits_for_a_server_looks_again_when_its_time_is_over() -> None:
    observed = an_observed_run(
        *SERVING,
        pods=(SERVERS[0], STARTED_AGAIN, a_pending_pod(Role.COORDINATOR)),
        now=T0 + at(130),
    )

    assert reconcile(observed) == Step(again_after_s=570.0)
