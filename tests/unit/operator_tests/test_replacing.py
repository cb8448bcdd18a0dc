"""Before the start a pod that failed by chance is replaced once, and what was told of it is kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from inferometer_loadgen.protocol.api import RunState
from inferometer_operator.api.status import EVIDENCE_LIMIT, Evidence
from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile import Step, reconcile
from inferometer_operator.reconcile.observed import Observed, Unreachable

from .worlds import ACCEPTED, COORDINATOR, NOW, SERVERS, SERVING, WORKERS, a_pod, an_answer, an_observed_run

CRASHED: dict[str, Any] = {"container": Terminated(1, "Error"), "phase": "Failed", "ready": False}
KILLED_FOR_MEMORY = CRASHED | {"container": Terminated(137, "OOMKilled")}
EVICTED = CRASHED | {"reason": "Evicted", "message": "The node was low on resource: memory."}
NO_ROOM: dict[str, Any] = {"phase": "Failed", "reason": "OutOfcpu", "container": None, "ready": False}
PREEMPTED = CRASHED | {"disruption": "PreemptionByScheduler: preempted"}


def step(observed: Observed) -> Step:
    answer = reconcile(replace(observed, logs={pod.name: "its last words" for pod in observed.pods}))
    assert isinstance(answer, Step), answer
    return answer


def world(failed: Pod, *evidence: Evidence, **changes: Any) -> Observed:
    """The load pods are on their way up, or the servers where one of them has failed."""
    said = ACCEPTED if failed.role is Role.SERVER else SERVING
    ordinary = SERVERS if failed.role is Role.SERVER else (*SERVERS, COORDINATOR, *WORKERS)
    pods = tuple(failed if one.name == failed.name else one for one in ordinary)
    answer = an_answer(RunState.WAITING) if failed.role is Role.WORKER else None
    return an_observed_run(*said, **{"status": {"evidence": evidence}, "pods": pods, "coordinator": answer} | changes)


@pytest.mark.parametrize(
    "failed",
    [
        a_pod(Role.SERVER, 1, **EVICTED),
        a_pod(Role.SERVER, 1, **NO_ROOM),
        a_pod(Role.SERVER, 1, **PREEMPTED),
        a_pod(Role.WORKER, 1, **EVICTED),
        a_pod(Role.WORKER, 1, **CRASHED),
        a_pod(Role.COORDINATOR, **CRASHED),
    ],
    ids=[
        "an evicted server",
        "a server that its node refused",
        "a preempted server",
        "an evicted worker",
        "a worker that crashed",
        "a coordinator that crashed",
    ],
)
def test_there_is_another_try_for(failed: Pod) -> None:
    first = step(world(failed))

    assert first.delete == (failed,)
    assert first.status is not None
    assert [(one.pod, one.uid) for one in first.status.evidence] == [(failed.name, failed.uid)]
    assert msgspec.structs.replace(first.status, evidence=()) == world(failed).run.status
    # The operator that wrote this may have died before it deleted the pod.
    assert step(world(failed, *first.status.evidence)) == Step(delete=(failed,))


@pytest.mark.parametrize(
    "failed",
    [
        a_pod(Role.SERVER, 1, **CRASHED),
        a_pod(Role.WORKER, 1, **KILLED_FOR_MEMORY),
        a_pod(Role.WORKER, 1, **CRASHED | {"container": Terminated(128, "StartError")}),
        a_pod(Role.COORDINATOR, **CRASHED | {"reason": "DeadlineExceeded"}),
    ],
    ids=["a server that exits", "too little memory", "a command that is not there", "a deadline"],
)
def test_what_would_end_again_is_not_tried_again(failed: Pod) -> None:
    ended = step(world(failed))

    assert ended.status is not None
    assert ended.status.phase == "Failed"


def test_a_second_end_of_the_same_pod_ends_the_run() -> None:
    failed = a_pod(Role.WORKER, 1, uid="the second", **CRASHED)

    ended = step(world(failed, Evidence(pod=failed.name, uid="the first", log_tail="old words", exit_code=3)))

    assert ended.status is not None
    assert ended.status.reasons[0].type == "ContainerFailed"
    assert [(one.uid, one.exit_code, one.log_tail) for one in ended.status.evidence] == [
        ("the second", 1, "its last words")
    ]


def test_a_run_of_bad_luck_ends() -> None:
    kept = tuple(Evidence(pod=f"pod-{number}", uid=str(number)) for number in range(EVIDENCE_LIMIT))

    fifth = a_pod(Role.SERVER, 1, **EVICTED)
    ended = step(world(fifth, *kept))

    assert ended.status is not None
    assert ended.status.phase == "Failed"
    assert [one.pod for one in ended.status.evidence] == [*(one.pod for one in kept[1:]), fifth.name]


def test_a_start_that_is_too_late_has_no_other_try() -> None:
    late = world(a_pod(Role.SERVER, 1, **EVICTED), now=NOW + timedelta(hours=1))

    ended = step(late)

    assert ended.status is not None
    assert ended.status.phase == "Failed"


@pytest.mark.parametrize(
    "coordinator",
    [replace(COORDINATOR, deleting=True), replace(COORDINATOR, ip="198.18.0.77")],
    ids=["that is on its way out", "that is another by now"],
)
def test_a_worker_is_no_failure_of_its_own_where_it_has_lost_its_coordinator(coordinator: Pod) -> None:
    failed = a_pod(Role.WORKER, 1, **CRASHED)
    pods = (*SERVERS, coordinator, WORKERS[0], failed)

    assert step(world(failed, pods=pods)) == Step(delete=(failed,))


def test_a_worker_is_judged_once_its_coordinator_is_heard_of() -> None:
    failed = a_pod(Role.WORKER, 1, **CRASHED)

    assert step(world(failed, coordinator=Unreachable(NOW, "no answer"))) == Step(again_after_s=1.0)
