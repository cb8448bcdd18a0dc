"""A run on servers that run already: nothing is launched, and what keeps its load pods from starting is said."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.protocol.api import FailureReport, RunState
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import ServerStatus
from inferometer_operator.metrics.runs import run_families
from inferometer_operator.objects.deadlines import loader_deadline_s
from inferometer_operator.objects.labels import Role
from inferometer_operator.objects.load_pods import coordinator_pod, worker_pod
from inferometer_operator.pods import Waiting
from inferometer_operator.reconcile import Need, Step, reconcile
from inferometer_operator.reconcile.observed import Observed, StoredReport
from inferometer_operator.reconcile.result import finished_status
from inferometer_operator.reconcile.step import ListPods, ReadEvents, Start, TryPods

from .builders import SETTINGS, T0, a_report, a_spec
from .test_reconcile import need, reason, step
from .worlds import (
    ACCEPTED,
    COORDINATOR,
    MEASURED,
    NOW,
    SERVING,
    STARTED,
    TOKEN,
    WORKERS,
    a_pending_pod,
    an_answer,
    an_observed_run,
)

URLS = ["http://triton-0.serving.svc:8000", "http://triton-1.serving.svc:8000"]
GIVEN = (
    ServerStatus(name="triton-0.serving.svc:8000", url=URLS[0]),
    ServerStatus(name="triton-1.serving.svc:8000", url=URLS[1]),
)
AUTH = {"auth": {"secretRef": {"name": "access", "key": "token"}}}


def an_endpoint_run(*said: ConditionType, more: dict[str, Any] | None = None, **changes: Any) -> Observed:
    return an_observed_run(*said, spec=a_spec(target={"endpoint": {"urls": URLS} | (more or {})}), **changes)


def test_the_api_server_is_asked_for_its_word_on_load_pods_only() -> None:
    observed = an_endpoint_run(trial=None)

    (trial,) = need(observed).reads
    assert trial == TryPods(
        (
            coordinator_pod(observed.run, SETTINGS, TOKEN),
            worker_pod(observed.run, SETTINGS, 0, TOKEN, "0.0.0.0"),
        )
    )


def test_its_servers_are_announced_as_given_and_nobody_says_that_they_are_ready() -> None:
    announced = step(an_endpoint_run(*ACCEPTED))

    assert announced.create == ()
    assert announced.status is not None
    assert announced.status.servers == GIVEN
    said = announced.status.condition(ConditionType.SERVERS_READY)
    assert said is not None
    assert (said.status, said.reason) == ("True", "EndpointGiven")
    assert said.message == (
        "2 servers of spec.target.endpoint are to serve magika; the workers ask for it before the load"
    )
    assert [one.reason for one in announced.tell] == ["ServersReady"]


def test_its_client_follows_at_once() -> None:
    observed = an_endpoint_run(*SERVING)

    assert step(observed).create == (coordinator_pod(observed.run, SETTINGS, TOKEN),)


def test_it_is_started_with_the_addresses_that_were_given_and_no_pod_or_node_of_theirs() -> None:
    observed = an_endpoint_run(
        *SERVING, pods=(COORDINATOR, *WORKERS), coordinator=an_answer(RunState.READY), pods_are_live=True
    )
    decided = step(observed)
    assert decided.status is not None
    assert decided.status.servers == GIVEN

    given = step(an_endpoint_run(*STARTED, pods=(COORDINATOR, *WORKERS), coordinator=an_answer(RunState.READY))).call
    assert isinstance(given, Start)
    assert given.request.assignment.replicas == (
        ReplicaAddress(name=GIVEN[0].name, url=URLS[0], metrics_url="http://triton-0.serving.svc:8002/metrics"),
        ReplicaAddress(name=GIVEN[1].name, url=URLS[1], metrics_url="http://triton-1.serving.svc:8002/metrics"),
    )
    assert given.request.assignment.worker_nodes == ("node-0", "node-1")


def test_before_its_start_the_pods_are_listed() -> None:
    observed = an_endpoint_run(*SERVING, pods=(COORDINATOR, *WORKERS), coordinator=an_answer(RunState.READY))

    assert need(observed) == Need((ListPods(),))


def test_while_it_is_measured_no_server_is_missed_and_its_end_releases_none() -> None:
    running = an_endpoint_run(*STARTED, pods=(COORDINATOR, *WORKERS), coordinator=an_answer(RunState.RUNNING))
    measured = step(running)
    assert measured.status is not None
    assert measured.status.phase != "Stopping"

    ended = step(replace(running, coordinator=an_answer(RunState.SCORING)))
    assert ended.status is not None
    said = ended.status.condition(ConditionType.MEASURED)
    assert said is not None
    assert said.message == "the load has ended"


def test_what_a_worker_was_told_is_the_runs_end_in_the_servers_own_words() -> None:
    words = "triton-0.serving.svc:8000 answered 400 to GET /v2/models/magika: Request for unknown model"
    failed = an_answer(RunState.FAILED, failure=FailureReport(type="ModelNotFound", message=words))
    observed = an_endpoint_run(*STARTED, pods=(COORDINATOR, *WORKERS), coordinator=failed, logs={COORDINATOR.name: ""})

    assert reason(step(observed)) == f"ModelNotFound: {words}"


def test_its_result_has_the_url_of_each_replica_and_no_pod_or_gpu() -> None:
    replicas = tuple(
        msgspec.structs.replace(one, name=given.name, uid="", node="")
        for one, given in zip(a_report().replicas, GIVEN, strict=True)
    )
    observed = an_endpoint_run(*MEASURED, stored_report=StoredReport(None))

    servers = finished_status(observed, a_report(replicas=replicas), "ab").servers

    assert [(one.name, one.url, one.uid, one.node, one.gpu, one.ready) for one in servers] == [
        (given.name, given.url, "", "", "", True) for given in GIVEN
    ]


def test_its_load_pods_wait_for_no_server() -> None:
    launched, given = a_spec(), a_spec(target={"endpoint": {"urls": URLS}})

    assert loader_deadline_s(launched) - loader_deadline_s(given) == 600


# --- what its load pods mount

STUCK = a_pending_pod(
    Role.WORKER, 0, node="node-0", scheduled_at=T0, container=Waiting("ContainerCreating"), phase="Pending"
)
NOT_FOUND = 'FailedMount (x6): MountVolume.SetUp failed for volume "endpoint-token" : secret "access" not found'
NO_KEY = (
    'FailedMount (x6): MountVolume.SetUp failed for volume "endpoint-token" : references non-existent secret key: token'
)
NOT_YET = (
    'FailedMount: MountVolume.SetUp failed for volume "endpoint-token" : failed to sync secret cache: timed out '
    "waiting for the condition"
)
NOT_LET_IN = (
    'FailedMount: MountVolume.SetUp failed for volume "endpoint-token" : secrets "access" is forbidden: User '
    '"system:node:node-0" cannot get resource "secrets": no relationship found between node \'node-0\' and this object'
)
OTHER = 'FailedMount (x2): MountVolume.SetUp failed for volume "token" : secret "quickstart-token-0a1b2c3d" not found'


def a_stuck_run(waited_s: float, more: dict[str, Any] | None = None, **changes: Any) -> Observed:
    ordinary: dict[str, Any] = {
        "pods": (COORDINATOR, STUCK, WORKERS[1]),
        "coordinator": an_answer(RunState.WAITING),
        "now": T0 + timedelta(seconds=waited_s),
        "events": {},
    }
    return an_endpoint_run(*SERVING, more=AUTH if more is None else more, **ordinary | changes)


def test_a_load_pod_that_waits_for_its_mounts_is_left_alone_for_a_while_and_then_asked_about() -> None:
    assert isinstance(reconcile(a_stuck_run(14.9)), Step)
    assert reconcile(a_stuck_run(15.0)) == Need((ReadEvents(STUCK),))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (NOT_FOUND, 'secret "access" not found'),
        (NO_KEY, "references non-existent secret key: token"),
    ],
    ids=["a Secret that is not there", "a key that it lacks"],
)
def test_what_can_not_be_mounted_ends_the_run_with_the_field_that_names_it(told: str, words: str) -> None:
    observed = a_stuck_run(15.0, events={STUCK.name: ("Scheduled: to node-0", told), COORDINATOR.name: ()})

    ended = step(observed)

    assert reason(ended) == (
        "CredentialsMissing: worker 0 can't mount Secret access, which spec.target.endpoint.auth.secretRef names: "
        f"{words}; create it in namespace bench with token, or correct the field"
    )
    assert ended.status is not None
    assert [one.pod for one in ended.status.evidence] == [STUCK.name]


def test_each_field_that_names_an_object_is_found_again() -> None:
    more = {
        "urls": ["https://a"],
        "metricsURLs": ["https://a/metrics"],
        "tls": {"caBundle": {"configMap": {"name": "trust", "key": "ca.crt"}}, "clientCertificateSecret": "us"},
        "auth": {"headers": [{"name": "X-Key", "secretRef": {"name": "access", "key": "key"}}]},
    }
    fields = {
        "endpoint-ca": "can't mount ConfigMap trust, which spec.target.endpoint.tls.caBundle.configMap names",
        "endpoint-certificate": "can't mount Secret us, which spec.target.endpoint.tls.clientCertificateSecret names",
        "endpoint-header-0": "can't mount Secret access, which spec.target.endpoint.auth.headers[0].secretRef names",
    }
    for volume, words in fields.items():
        told = f'FailedMount: MountVolume.SetUp failed for volume "{volume}" : not found'
        assert words in reason(step(a_stuck_run(15.0, more, events={STUCK.name: (told,)})))


@pytest.mark.parametrize(
    "events",
    [(), ("Pulling: image",), (OTHER,), (NOT_YET,), (NOT_LET_IN,), (NOT_FOUND, "Pulling: image")],
    ids=["nothing", "a pull", "our own token", "a cache", "a node's rights", "a Secret that came later, and a pull"],
)
def test_a_load_pod_that_takes_its_time_for_another_reason_is_waited_for(events: tuple[str, ...]) -> None:
    assert isinstance(step(a_stuck_run(15.0, events={STUCK.name: events})), Step)
    assert step(a_stuck_run(15.0, events={STUCK.name: events})).status is None


def test_of_pods_that_mount_nothing_of_their_users_nobody_asks() -> None:
    assert isinstance(reconcile(a_stuck_run(20.0, more={})), Step)


def test_a_coordinator_that_waits_is_looked_at_again_when_its_grace_is_over() -> None:
    coordinator = replace(STUCK, name=COORDINATOR.name, role=Role.COORDINATOR, created=T0)
    waiting = a_stuck_run(6.0, pods=(coordinator,), coordinator=None)

    assert step(waiting).again_after_s == 9.0
    later = a_stuck_run(20.0, pods=(coordinator,), coordinator=None, events={coordinator.name: ()})
    assert step(later).again_after_s == 5.0


def test_a_started_run_is_not_asked_about() -> None:
    observed = an_endpoint_run(
        *STARTED, more=AUTH, pods=(COORDINATOR, STUCK, WORKERS[1]), coordinator=an_answer(RunState.RUNNING), now=NOW
    )

    assert not isinstance(reconcile(observed), Need)


def test_whether_its_servers_are_ready_is_no_metric_before_they_have_answered() -> None:
    def ready_replicas(*servers: ServerStatus) -> list[float]:
        run = an_endpoint_run(*STARTED, status={"servers": servers}).run
        (family,) = (one for one in run_families([run]) if one.name == "inferometer_run_replica_ready")
        return [sample.value for sample in family.samples]

    assert ready_replicas(*GIVEN) == []
    assert ready_replicas(*(msgspec.structs.replace(one, ready=True) for one in GIVEN)) == [1, 1]
