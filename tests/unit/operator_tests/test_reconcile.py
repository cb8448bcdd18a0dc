"""What a run needs next, for each world it can be in."""

import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from inferometer_loadgen.plan import decode
from inferometer_loadgen.protocol.api import FailureReport, RunProgress, RunState
from inferometer_loadgen.report import schema
from inferometer_loadgen.spec.resolve import ReplayFacts
from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.stream.replay import pack_times
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import EVENT_LIMIT, EVENTS_LIMIT, Progress, ServerStatus, Summary
from inferometer_operator.objects.config_maps import plan_config_map, report_config_map
from inferometer_operator.objects.labels import Role
from inferometer_operator.objects.load_pods import coordinator_pod, worker_pod
from inferometer_operator.objects.server_pods import server_pod
from inferometer_operator.pods import Terminated, Waiting
from inferometer_operator.reconcile import Need, Step, reconcile
from inferometer_operator.reconcile.observed import Absent, Observed, Refused, StoredReport, Unreachable
from inferometer_operator.reconcile.starting import stream_note
from inferometer_operator.reconcile.step import (
    Acknowledge,
    AskAutoscaler,
    AskCoordinator,
    FetchReport,
    ListPods,
    ReadEvents,
    ReadLibrary,
    ReadLog,
    ReadRecording,
    ReadStoredReport,
    Start,
    TokenFor,
    TryPods,
)
from inferometer_operator.run import format_time

from .builders import SETTINGS, T0, a_plan, a_report, a_run, a_spec
from .worlds import (
    ACCEPTED,
    ALL_PODS,
    COORDINATOR,
    COORDINATOR_IP,
    FINISHED,
    MEASURED,
    NONCE,
    NOW,
    SERVERS,
    SERVING,
    STARTED,
    TOKEN,
    WORKERS,
    ImpossibleWorldError,
    a_pending_pod,
    a_pod,
    an_answer,
    an_observed_run,
)


def step(observed: Observed) -> Step:
    answer = reconcile(observed)
    assert isinstance(answer, Step), answer
    return answer


def need(observed: Observed) -> Need:
    answer = reconcile(observed)
    assert isinstance(answer, Need), answer
    return answer


def conditions(one: Step) -> dict[str, str]:
    assert one.status is not None
    return {condition.type: condition.status for condition in one.status.conditions}


def reason(one: Step) -> str:
    """What `kubectl get -o wide` shows of an end state."""
    assert one.status is not None, one
    assert one.status.is_true(ConditionType.FINISHED), one.status
    assert isinstance(one.status.summary, Summary)
    return one.status.summary.reason


# --- acceptance

RECORDED = {"latencyBound": "250ms", "replay": {"configMap": {"name": "times"}}}
REPLAY = a_spec(scenario="Replay", load={"data": {"synthetic": {}}, **RECORDED})
RECORDING = ReplayFacts(packed=pack_times(np.array([0, 5, 9])), queries=3, lasts_ns=9, burst=3)


def test_a_recording_is_read_before_the_plan_is_made() -> None:
    assert need(an_observed_run(spec=REPLAY, library=None)) == Need((ReadRecording("times", 500_000_000),))


def test_an_accepted_replay_has_its_times_in_its_plan() -> None:
    (stored,) = step(an_observed_run(spec=REPLAY, library=None, recording=RECORDING)).create

    assert make_stream(decode(stored["data"]["plan.json"].encode()).stream).scheduled_ns.tolist() == [0, 5, 9]


def test_a_missing_recording_is_waited_for_as_long_as_a_folder_is_applied() -> None:
    observed = an_observed_run(spec=REPLAY, recording=Absent("there is no ConfigMap"), now=T0 + timedelta(seconds=5))

    assert step(observed) == Step(again_after_s=1.0)


def test_the_sample_library_is_read_before_the_plan_is_made() -> None:
    assert need(an_observed_run(library=None)) == Need((ReadLibrary("quickstart-samples", "npz"),))


def test_synthetic_samples_need_no_library() -> None:
    answer = need(an_observed_run(spec=a_spec(load__data={"synthetic": {}}), library=None, trial=None))

    assert isinstance(answer.reads[0], TryPods)


def test_the_api_server_is_asked_for_its_word_on_each_kind_of_pod_before_anything_is_held() -> None:
    observed = an_observed_run(trial=None)

    (trial,) = need(observed).reads
    assert isinstance(trial, TryPods)
    assert trial.manifests == (
        server_pod(observed.run, 0),
        coordinator_pod(observed.run, SETTINGS, TOKEN),
        worker_pod(observed.run, SETTINGS, 0, TOKEN, "0.0.0.0"),
    )


def test_an_accepted_run_has_its_plan_stored_and_nothing_else() -> None:
    observed = an_observed_run()

    accepted = step(observed)
    assert accepted.create == (plan_config_map(observed.run, a_plan()),)
    assert conditions(accepted) == {"Accepted": "True"}
    assert accepted.status is not None
    assert accepted.status.plan_hash != ""
    assert accepted.delete == ()


def test_a_missing_library_is_waited_for_as_long_as_a_folder_is_applied() -> None:
    observed = an_observed_run(library=Absent("there is no ConfigMap"), now=T0 + timedelta(seconds=5))

    assert step(observed) == Step(again_after_s=1.0)


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "a spec whose fields do not fit each other": (
        {"spec": a_spec(target__triton__args=["--http-port=1"])},
        "SpecInvalid: spec.target.triton.args[0]: `--http-port` is set by the operator. hint: leave it out",
    ),
    "a scorer that would run beside the token, even where the API server has let it in": (
        {"spec": a_spec(mode="Accuracy", accuracy={"scorer": "command", "command": {"run": ["score"]}})},
        (
            "SpecInvalid: spec.accuracy.scorer: scorer command does not run in a cluster, where it would stand beside "
            "the run's token; score with inferometer run, or use another scorer"
        ),
    ),
    "a library that is not there": (
        {"library": Absent("there is no ConfigMap samples in namespace bench")},
        "SpecInvalid: spec.load.data.configMap: there is no ConfigMap samples in namespace bench",
    ),
    "a recording that can't be replayed": (
        {"spec": REPLAY, "recording": Absent("ConfigMap times, key times.csv: line 3 is empty. hint: delete it")},
        ("SpecInvalid: spec.load.replay.configMap: ConfigMap times, key times.csv: line 3 is empty. hint: delete it"),
    ),
    "a recording that outlasts the active deadline": (
        {
            "spec": a_spec(
                scenario="Replay", load={"data": {"synthetic": {}}, **RECORDED}, runPolicy__activeDeadline="10m"
            ),
            "recording": replace(RECORDING, lasts_ns=900 * 10**9),
        },
        (
            "SpecInvalid: spec.runPolicy.activeDeadline: `10m` is over before warmup `2s` and the recording, which "
            "lasts 900.0 s, are. hint: allow that, and some minutes more for servers to start, or replay a part of it"
        ),
    ),
    "servers that the namespace refuses": (
        {"trial": Refused("Pod", "quickstart-server-0", 'violates PodSecurity "restricted:latest"')},
        (
            'PodRejected: the API server refuses Pod quickstart-server-0: violates PodSecurity "restricted:latest"; '
            "run it in a namespace whose pod security admits this, since the pods of bench may not"
        ),
    ),
}


@pytest.mark.parametrize(("world", "words"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_run_is_not_accepted_with(world: dict[str, Any], words: str) -> None:
    refused = step(an_observed_run(**world))

    assert reason(refused) == words
    assert conditions(refused) == {
        "Accepted": "False",
        "Finished": "True",
        "Complete": "False",
        "Failed": "True",
        "Valid": "Unknown",
    }
    assert refused.create == ()
    assert [told.type for told in refused.tell] == ["Warning"]


def test_a_create_that_is_refused_later_ends_the_run_too() -> None:
    observed = an_observed_run(*ACCEPTED, refused=Refused("Pod", "quickstart-server-1", "is invalid"))

    assert reason(step(observed)).startswith(
        "PodRejected: the API server refuses Pod quickstart-server-1: is invalid; "
    )


def test_a_run_waits_for_the_pods_of_an_earlier_one_of_its_name() -> None:
    taken = frozenset({"quickstart-server-0"})

    assert not step(an_observed_run(names_taken=taken)).does_something
    late = an_observed_run(names_taken=taken, now=T0 + timedelta(seconds=61))
    assert conditions(step(late)) == {"Accepted": "True"}


def test_a_name_that_somebody_else_uses_ends_the_run_once_nobody_can_be_cleaning_up() -> None:
    observed = an_observed_run(*ACCEPTED, blocked="Pod bench/quickstart-server-1 is not this run's")

    assert not step(observed).does_something
    assert reason(step(replace(observed, now=T0 + timedelta(seconds=60)))) == (
        "PodRejected: Pod bench/quickstart-server-1 is not this run's; delete it, or give the benchmark another name"
    )


# --- servers


def test_all_servers_are_created_at_once() -> None:
    observed = an_observed_run(*ACCEPTED)

    assert step(observed) == Step(create=(server_pod(observed.run, 0), server_pod(observed.run, 1)))


def test_a_server_that_was_taken_away_before_the_start_is_created_again() -> None:
    observed = an_observed_run(*ACCEPTED, pods=SERVERS[:1])

    assert step(observed) == Step(create=(server_pod(observed.run, 1),))


def test_the_client_does_not_come_before_each_server_is_ready() -> None:
    observed = an_observed_run(*ACCEPTED, pods=(SERVERS[0], a_pending_pod(Role.SERVER, 1)))

    waiting = step(observed)
    assert not waiting.does_something
    assert waiting.again_after_s is not None


def test_ready_servers_are_announced_with_the_time_they_took() -> None:
    announced = step(an_observed_run(*ACCEPTED, pods=SERVERS))

    assert conditions(announced) == {"Accepted": "True", "ServersReady": "True"}
    assert [told.note for told in announced.tell] == ["2 Triton replicas serve magika after 30 s"]
    assert announced.status is not None
    assert [server.node for server in announced.status.servers] == ["node-0", "node-1"]


def test_the_log_of_a_server_that_exited_is_read_before_it_is_judged() -> None:
    dead = a_pod(Role.SERVER, 1, ready=False, container=Terminated(1, "Error"))

    assert need(an_observed_run(*ACCEPTED, pods=(SERVERS[0], dead))) == Need((ReadLog(dead),))


def test_a_server_that_exits_while_it_loads_ends_the_run_with_its_own_words_and_the_end_of_its_log() -> None:
    dead = a_pod(Role.SERVER, 1, ready=False, container=Terminated(1, "Error"))
    log = "E1125 03:05:04.1 1 x.cc:1] \"failed to load 'magika' version 1: Internal: ValueError: boom\"\nlast"

    ended = step(an_observed_run(*ACCEPTED, pods=(SERVERS[0], dead), logs={dead.name: log}))
    assert reason(ended) == (
        "ModelLoadFailed: replica 1 exited with code 1 while loading `magika`: `failed to load 'magika' version 1: "
        "Internal: ValueError: boom`; correct the model repository; the end of the log is in status.evidence"
    )
    assert ended.status is not None
    (evidence,) = ended.status.evidence
    assert (evidence.pod, evidence.exit_code, evidence.log_tail) == ("quickstart-server-1", 1, log)
    # Pods are deleted once the end state is written, and not with it.
    assert ended.delete == ()
    assert ended.status.verdict == ""


NEVER = Waiting("ErrImageNeverPull", "is not present")


@pytest.mark.parametrize(("after_s", "ends"), [(14, False), (15, True)], ids=["before its grace", "after its grace"])
def test_an_image_that_is_not_there_counts(after_s: int, ends: bool) -> None:
    pod = a_pending_pod(Role.SERVER, 0, container=NEVER, scheduled_at=T0)
    observed = an_observed_run(*ACCEPTED, pods=(pod, SERVERS[1]), now=T0 + timedelta(seconds=after_s))

    found = step(observed)
    assert found.does_something is ends
    assert ends or found.again_after_s == 1.0


TOO_LARGE = (
    "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are available: "
    "2 Preemption is not helpful for scheduling."
)


def test_a_pod_that_fits_on_no_node_is_waited_for_while_an_autoscaler_makes_one() -> None:
    pod = a_pending_pod(Role.SERVER, 0, unschedulable=TOO_LARGE, unschedulable_since=T0)
    observed = an_observed_run(*ACCEPTED, pods=(pod, SERVERS[1]))

    assert need(observed) == Need((AskAutoscaler(pod),))
    assert not step(replace(observed, awaited={pod.name: True})).does_something
    assert reason(step(replace(observed, awaited={pod.name: False}))).startswith("Unschedulable: replica 0 fits on no")


def test_servers_that_take_too_long_end_the_run() -> None:
    slow = a_pod(Role.SERVER, 1, ready=False)
    observed = an_observed_run(*ACCEPTED, pods=(SERVERS[0], slow), now=T0 + timedelta(minutes=11))

    assert need(observed) == Need((ReadLog(slow),))
    assert reason(step(replace(observed, logs={slow.name: ""}))) == (
        "StartupTimeout: replica 1 not ready within 600 s; look at the pods' events and logs, or raise "
        "spec.target.triton.startupTimeout"
    )


def test_time_that_the_operator_was_away_before_it_began_does_not_count() -> None:
    observed = an_observed_run(*ACCEPTED, now=T0 + timedelta(hours=3))

    assert len(step(observed).create) == 2


def test_a_trouble_that_might_have_passed_is_the_reason_when_the_time_is_over() -> None:
    taint = "0/2 nodes are available: 2 node(s) had untolerated taint(s)."
    pod = a_pending_pod(Role.SERVER, 1, unschedulable=taint, unschedulable_since=T0)
    observed = an_observed_run(*ACCEPTED, pods=(SERVERS[0], pod), now=T0 + timedelta(minutes=9))

    assert not step(observed).does_something
    late = step(replace(observed, now=T0 + timedelta(minutes=10)))
    assert reason(late).startswith("Unschedulable: replica 1 fits on no node: 0/2 nodes are available: 2 node(s) had")


# --- the client


def test_the_coordinator_comes_first_and_names_its_secret_at_random() -> None:
    observed = an_observed_run(*SERVING, pods=SERVERS)

    assert step(observed) == Step(create=(coordinator_pod(observed.run, SETTINGS, TOKEN),))


def test_the_token_follows_the_pod_that_it_belongs_to() -> None:
    pod = a_pending_pod(Role.COORDINATOR)
    observed = an_observed_run(*SERVING, pods=(*SERVERS, pod), secrets=frozenset())

    assert step(observed) == Step(token=TokenFor(TOKEN, pod))


def test_workers_are_created_once_the_coordinator_can_be_dialled() -> None:
    observed = an_observed_run(*SERVING, pods=(*SERVERS, COORDINATOR), coordinator=an_answer(RunState.WAITING))

    workers = tuple(worker_pod(observed.run, SETTINGS, index, TOKEN, COORDINATOR_IP) for index in range(2))
    assert step(observed) == Step(create=workers)


def test_workers_of_a_coordinator_that_was_taken_away_go_with_it() -> None:
    other = a_pod(Role.WORKER, 0, coordinator="198.18.0.77:9182")
    pods = (*SERVERS, COORDINATOR, other, WORKERS[1])
    observed = an_observed_run(*SERVING, pods=pods, coordinator=an_answer(RunState.WAITING))

    assert step(observed) == Step(delete=(other,))


def test_a_run_that_its_coordinator_gives_up_before_the_start_ends_with_its_reason() -> None:
    failure = FailureReport(type="ModelMismatch", message="no input `bytes`; correct spec.model")
    answer = an_answer(RunState.FAILED, failure=failure, nonce="", starts_accepted=0)
    dead = a_pod(Role.WORKER, 1, ready=False, container=Terminated(1, "Error"))
    observed = an_observed_run(
        *SERVING, pods=(*SERVERS, COORDINATOR, WORKERS[0], dead), coordinator=answer, logs={dead.name: "no input"}
    )

    ended = step(observed)
    assert reason(ended) == "ModelMismatch: no input `bytes`; correct spec.model; worker 1 exited with code 1"
    assert ended.status is not None
    assert [one.pod for one in ended.status.evidence] == ["quickstart-worker-1"]


# --- the start


READY = an_answer(RunState.READY)


def test_a_ready_coordinator_is_asked() -> None:
    assert need(an_observed_run(*SERVING, pods=ALL_PODS)) == Need((AskCoordinator(COORDINATOR_IP),))


def test_before_the_point_of_no_return_pods_are_listed_anew() -> None:
    assert need(an_observed_run(*SERVING, pods=ALL_PODS, coordinator=READY)) == Need((ListPods(),))


def test_the_start_is_written_before_it_is_given() -> None:
    decided = step(an_observed_run(*SERVING, pods=ALL_PODS, coordinator=READY, pods_are_live=True))

    assert decided.call is None
    assert decided.status is not None
    assert (decided.status.start_time, decided.status.start_nonce) == (format_time(NOW), NONCE)
    assert conditions(decided)["LoadersReady"] == "True"
    assert [(server.uid, server.ready) for server in decided.status.servers] == [("server-0", True), ("server-1", True)]


def test_no_start_is_decided_while_a_server_is_not_ready() -> None:
    pods = (SERVERS[0], a_pod(Role.SERVER, 1, ready=False), COORDINATOR, *WORKERS)
    observed = an_observed_run(*SERVING, pods=pods, coordinator=READY, pods_are_live=True)

    assert not step(observed).does_something


def test_a_start_that_is_written_is_given_with_the_addresses_of_that_moment() -> None:
    given = step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=READY))

    assert isinstance(given.call, Start)
    assert given.status is None
    request = given.call.request
    assert request.nonce == NONCE
    assert [one.url for one in request.assignment.replicas] == ["http://198.18.0.1:8000", "http://198.18.0.2:8000"]
    assert request.assignment.worker_uids == ("worker-0", "worker-1")
    assert len(request.assignment.worker_nodes) == 2, "by it a run is known to share nodes with its servers"
    assert [told.note for told in given.tell] == ["one stream of 800 queries at 40/s over 2 workers"]


def test_who_asks_over_grpc_is_given_the_servers_grpc_port() -> None:
    run = a_run(a_spec(load__protocol="grpc"))
    observed = an_observed_run(*STARTED, pods=ALL_PODS, coordinator=READY)
    observed = replace(observed, run=replace(observed.run, spec=run.spec))

    call = step(observed).call
    assert isinstance(call, Start)
    assert [one.url for one in call.request.assignment.replicas] == ["grpc://198.18.0.1:8001", "grpc://198.18.0.2:8001"]


@pytest.mark.parametrize(
    ("scenario", "load", "note"),
    [
        ("Offline", {"targetQPS": 40}, "one query in 800 requests over 1 worker"),
        ("Replay", RECORDED, "one recording of 800 queries over 1 worker"),
        (
            "Concurrency",
            {"concurrencySteps": [1, 2, 4]},
            "3 rounds with 1, 2, 4 queries in flight over 1 worker",
        ),
        ("SingleStream", {}, "one stream of queries, each sent when an answer has come, over 1 worker"),
    ],
)
def test_what_is_started_is_told_in_the_scenarios_own_words(scenario: str, load: dict[str, object], note: str) -> None:
    run = a_run(a_spec(scenario=scenario, load={"data": {"synthetic": {}}, **load}))

    assert stream_note(run, 800) == note


def test_a_start_that_was_accepted_is_not_given_again() -> None:
    running = step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=an_answer(RunState.RUNNING)))

    assert running.call is None


def test_a_coordinator_that_runs_another_start_ends_the_run() -> None:
    answer = an_answer(RunState.RUNNING, nonce="another")

    ended = step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=answer, logs={COORDINATOR.name: ""}))
    assert reason(ended).startswith("CoordinatorLost: the coordinator runs another start (another)")


# --- while load is sent

RUNNING = an_answer(RunState.RUNNING, progress=RunProgress(step="measuring", percent=50, completed=400, planned=800))

LOSSES_OF_A_PART: dict[str, tuple[dict[str, Any], str]] = {
    "a server whose pod is gone": (
        {"pods": (SERVERS[0], COORDINATOR, *WORKERS)},
        "ServerLost: replica 1's pod is gone while it was measured; look at its node and run again",
    ),
    "a server that exited": (
        {"pods": (a_pod(Role.SERVER, 0, ready=False, container=Terminated(137, "OOMKilled")), *ALL_PODS[1:])},
        "ServerLost: replica 0 exited with code 137 (OOMKilled) while it was measured; look at its node and run again",
    ),
    "a server that is being evicted": (
        {"pods": (a_pod(Role.SERVER, 0, deleting=True, disruption="EvictionByEvictionAPI: evicting"), *ALL_PODS[1:])},
        (
            "ServerLost: replica 0 is being deleted (EvictionByEvictionAPI: evicting) while it was measured; "
            "look at its node and run again"
        ),
    ),
    "a server in whose place another stands": (
        {
            "pods": (a_pod(Role.SERVER, 0, uid="new"), *ALL_PODS[1:]),
            "status": {"servers": (ServerStatus(name="quickstart-server-0", uid="server-0"),)},
        },
        "ServerLost: replica 0 was replaced while it was measured; look at its node and run again",
    ),
    "a worker whose pod is gone": (
        {"pods": (*SERVERS, COORDINATOR, WORKERS[1])},
        "WorkerLost: worker 0's pod is gone while it sent load; look at its node and run again",
    ),
    "a worker that was told to end": (
        {"pods": (*ALL_PODS[:-1], a_pod(Role.WORKER, 1, ready=False, container=Terminated(143, "Error")))},
        "WorkerLost: worker 1 exited with code 143 while it sent load; look at its node and run again",
    ),
}


@pytest.mark.parametrize(("world", "words"), LOSSES_OF_A_PART.values(), ids=LOSSES_OF_A_PART.keys())
def test_a_loss_after_the_start_is_written_down_before_anything_else_and_nothing_is_replaced(
    world: dict[str, Any], words: str
) -> None:
    ordinary: dict[str, Any] = {
        "pods": ALL_PODS,
        "coordinator": RUNNING,
        "logs": {pod.name: "" for pod in ALL_PODS},
    }

    noted = step(an_observed_run(*STARTED, **ordinary | world))
    assert noted.status is not None
    complete = noted.status.condition(ConditionType.COMPLETE)
    assert complete is not None
    assert (complete.status, f"{complete.reason}: {complete.message}") == ("False", words)
    assert not noted.status.is_true(ConditionType.FINISHED)
    assert (noted.create, noted.delete, noted.call) == ((), (), None)


def test_the_log_and_the_events_of_a_server_that_exited_are_read_before_its_loss_is_written_down() -> None:
    dead = a_pod(Role.SERVER, 0, ready=False, container=Terminated(137, "OOMKilled"))
    observed = an_observed_run(*STARTED, pods=(dead, *ALL_PODS[1:]), coordinator=RUNNING)

    assert reconcile(replace(observed, events={})) == Need((ReadLog(dead), ReadEvents(dead)))
    told = tuple(f"Unhealthy: {number}" + "x" * EVENT_LIMIT for number in range(EVENTS_LIMIT + 1))
    noted = step(replace(observed, logs={dead.name: "the last words"}, events={dead.name: told}))
    assert noted.status is not None
    (evidence,) = noted.status.evidence
    assert (evidence.pod, evidence.exit_code, evidence.log_tail) == ("quickstart-server-0", 137, "the last words")
    assert evidence.events == tuple(one[:EVENT_LIMIT] for one in told[1:])


COORDINATOR_LOSSES: dict[str, tuple[dict[str, Any], str]] = {
    "the coordinator whose pod is gone": (
        {"pods": (*SERVERS, *WORKERS), "coordinator": None},
        "CoordinatorLost: the coordinator's pod is gone; look at its node and run again",
    ),
    "the coordinator that is silent for too long": (
        {"coordinator": Unreachable(NOW - timedelta(seconds=61), "no answer: timed out")},
        (
            "CoordinatorLost: the coordinator has not answered for 61 s (no answer: timed out); look at its node "
            "and run again"
        ),
    ),
}


@pytest.mark.parametrize(("world", "words"), COORDINATOR_LOSSES.values(), ids=COORDINATOR_LOSSES.keys())
def test_after_the_start_the_run_ends_at_once_and_nothing_is_replaced_by(world: dict[str, Any], words: str) -> None:
    ordinary: dict[str, Any] = {
        "pods": ALL_PODS,
        "coordinator": RUNNING,
        "logs": {pod.name: "" for pod in ALL_PODS},
    }

    ended = step(an_observed_run(*STARTED, **ordinary | world))
    assert reason(ended) == words
    assert ended.create == ()
    assert ended.status is not None
    assert ended.status.verdict == "Inconclusive"
    assert {one: conditions(ended)[one] for one in ("Complete", "Failed", "Valid", "Finished")} == {
        "Complete": "False",
        "Failed": "True",
        "Valid": "Unknown",
        "Finished": "True",
    }


def test_a_worker_that_has_handed_over_its_records_may_leave() -> None:
    done = a_pod(Role.WORKER, 1, ready=False, container=Terminated(0, "Completed"))
    answer = an_answer(RunState.DRAINING)

    going_on = step(an_observed_run(*STARTED, pods=(*ALL_PODS[:-1], done), coordinator=answer))
    assert going_on.status is None or not going_on.status.is_true(ConditionType.FINISHED)


def test_a_coordinator_that_is_silent_for_a_moment_is_asked_again() -> None:
    silent = Unreachable(NOW - timedelta(seconds=59), "no answer: timed out")

    assert step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=silent)) == Step(again_after_s=1.0)


def test_a_server_that_is_gone_while_the_coordinator_is_silent_is_not_judged_yet() -> None:
    silent = Unreachable(NOW - timedelta(seconds=5), "no answer: timed out")

    waiting = step(an_observed_run(*STARTED, pods=(COORDINATOR, *WORKERS), coordinator=silent))
    assert waiting == Step(again_after_s=1.0)


def test_progress_is_written_when_it_is_news() -> None:
    told = step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=RUNNING))

    assert told.status is not None
    progress = told.status.progress
    assert isinstance(progress, Progress)
    assert (progress.step, progress.percent, progress.completed) == ("measuring", 50, 400)


@pytest.mark.parametrize(("age_s", "written"), [(4, False), (5, True)], ids=["a moment ago", "a while ago"])
def test_progress_that_was_written(age_s: int, written: bool) -> None:
    old = Progress(
        step="measuring",
        percent=40,
        completed=320,
        planned=800,
        errors=0,
        time=format_time(NOW - timedelta(seconds=age_s)),
    )
    observed = an_observed_run(*STARTED, pods=ALL_PODS, coordinator=RUNNING, status={"progress": old})

    assert (step(observed).status is not None) is written


# --- the end of the load

SCORING = an_answer(RunState.SCORING)
REPORT = gzip.compress(schema.encode(a_report()), mtime=0)
DONE = an_answer(RunState.DONE, report_sha256="e" * 64)
NO_REPORT = StoredReport(None)


def test_the_end_of_the_load_is_written_before_the_servers_are_released() -> None:
    noted = step(an_observed_run(*STARTED, pods=ALL_PODS, coordinator=SCORING))

    assert conditions(noted)["Measured"] == "True"
    assert noted.delete == ()


def test_servers_are_released_before_there_is_a_report() -> None:
    assert step(an_observed_run(*MEASURED, pods=ALL_PODS, coordinator=SCORING)) == Step(delete=SERVERS)


def test_a_server_that_is_gone_after_the_load_means_nothing() -> None:
    pods = (COORDINATOR, *WORKERS)
    scoring = step(an_observed_run(*MEASURED, pods=pods, coordinator=SCORING, stored_report=NO_REPORT))

    assert scoring.status is None or not scoring.status.is_true(ConditionType.FINISHED)
    assert scoring.create == ()


def test_a_finished_report_is_fetched_stored_and_read_back() -> None:
    pods = (COORDINATOR, *WORKERS)
    observed = an_observed_run(*MEASURED, pods=pods, coordinator=DONE)

    assert need(observed) == Need((ReadStoredReport(),))
    observed = replace(observed, stored_report=NO_REPORT)
    assert need(observed) == Need((FetchReport(COORDINATOR_IP, "e" * 64),))
    observed = replace(observed, fetched_report=REPORT)
    assert step(observed) == Step(create=(report_config_map(observed.run, REPORT),))


def test_a_stored_report_finishes_the_run_whatever_became_of_its_pods() -> None:
    finished = step(an_observed_run(*MEASURED, stored_report=StoredReport(REPORT)))

    assert finished.status is not None
    assert conditions(finished)["Complete"] == "True"
    assert conditions(finished)["Valid"] == "True"
    assert finished.status.verdict == "Valid"
    assert [told.reason for told in finished.tell] == ["Measured", "Valid"]


def test_the_report_of_another_run_is_not_taken() -> None:
    other = gzip.compress(schema.encode(a_report("another-uid")))

    ended = step(an_observed_run(*MEASURED, stored_report=StoredReport(other)))
    assert reason(ended) == "ReportUnreadable: the report is that of another run (another-uid)"


def test_a_coordinator_that_is_lost_with_its_report_ends_the_run() -> None:
    ended = step(an_observed_run(*MEASURED, pods=WORKERS, stored_report=NO_REPORT))

    assert reason(ended).startswith("CoordinatorLost: the coordinator's pod is gone")


# --- after the end


def test_a_finished_run_tells_its_coordinator_and_deletes_its_pods() -> None:
    pods = (COORDINATOR, *WORKERS)

    assert step(an_observed_run(*FINISHED, pods=pods)) == Step(call=Acknowledge(COORDINATOR_IP), delete=pods)


def test_a_failed_run_releases_its_servers_without_a_word() -> None:
    failed = (*ACCEPTED, ConditionType.FINISHED, ConditionType.FAILED)

    assert step(an_observed_run(*failed, pods=SERVERS)) == Step(delete=SERVERS)


def test_a_finished_run_without_pods_is_left_alone() -> None:
    assert step(an_observed_run(*FINISHED)) == Step()


def test_a_run_that_is_being_deleted_is_left_alone() -> None:
    observed = an_observed_run(*ACCEPTED)

    assert step(replace(observed, run=replace(observed.run, deleting=True))) == Step()


# --- the builder itself


@pytest.mark.parametrize(
    "world",
    [
        {"status": {"start_time": format_time(T0)}},
        {"coordinator": READY},
        {"pods": SERVERS},
    ],
    ids=["half a start", "an answer from nobody", "pods of a run that was not accepted"],
)
def test_a_world_that_cannot_be_is_refused(world: dict[str, Any]) -> None:
    with pytest.raises(ImpossibleWorldError):
        an_observed_run(**world)
