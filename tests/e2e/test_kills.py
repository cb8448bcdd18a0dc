"""Whatever is killed, and whenever: no query is sent twice, none after the end, and no accepted result is lost.

The servers of these runs write down what they are asked (`recorder`), so that this is told by who was asked.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest

from e2e.asking import coordinator_status
from e2e.cluster import Bench, Object, condition, is_finished, is_measuring
from e2e.faults import await_operator, held_back, kill_container, kill_daemon, kill_operator, stopped
from e2e.recorder import Heard, create_numbers, load_recorder, planned, recorded, recording
from inferometer_dev.errors import StepFailed

API_SERVER_IS_GONE_S = 30
HELD = "pods,secrets"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def recorder(operator: int) -> None:
    load_recorder()


@pytest.fixture
def numbers(bench: Bench, recorder: None) -> Iterator[Bench]:
    create_numbers(bench)
    yield bench
    # Not left to the next test: it must find an operator, whatever became of this one.
    await_operator()


def serves(status: Object) -> bool:
    return condition(status, "ServersReady").get("status") == "True"


def has_started(status: Object) -> bool:
    return "startTime" in status


def is_measured(status: Object) -> bool:
    return condition(status, "Measured").get("status") == "True"


def given_its_start(bench: Bench) -> Object | None:
    """The coordinator's answer once it has accepted a start, the one and only; it leaves soon after the end."""
    answer = coordinator_status(bench, "steady")
    assert answer.get("startsAccepted", 0) <= 1
    return answer if answer.get("startsAccepted") else None


type Predicate = Callable[[Object], bool]

MOMENTS: dict[str, tuple[str, Predicate, Predicate]] = {
    "before startTime": ("", serves, lambda status: not has_started(status)),
    "between startTime and start": ("POST /v1/start", has_started, lambda status: not is_measuring(status)),
    "in mid-run": ("", is_measuring, lambda status: not is_measured(status)),
    "before the report is stored": ("GET /v1/report", is_measured, lambda status: not is_finished(status)),
}


@pytest.mark.parametrize(("request_held", "reached", "still"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_run_completes_as_if_nothing_had_happened_when_its_operator_is_killed(
    numbers: Bench, request_held: str, reached: Predicate, still: Predicate
) -> None:
    bench = numbers
    bench.apply(recorded("steady"))
    bench.wait("steady", serves, 60, "serving")
    with recording(bench, "steady") as record:
        with ExitStack() as held:
            if request_held:
                held.enter_context(held_back(request_held))
            before = bench.wait("steady", reached, 60, "there")["status"]
            kill_operator()
            assert still(bench.get("ib", "steady")["status"]), "the operator was killed too late to prove anything"
            if request_held == "POST /v1/start":
                assert coordinator_status(bench, "steady")["startsAccepted"] == 0
            # While the report is held back: once that is stored, the coordinator leaves.
            started = given_its_start(bench) if is_measuring(before) else None
        bench.wait("steady", has_started, 60, "started")
        started = started or bench.wait_for(lambda: given_its_start(bench), 30, "given its start")
        benchmark = bench.wait("steady", is_finished, 90, "finished")
        heard = record.heard()

    status = benchmark["status"]
    assert started["nonce"] == status["startNonce"]
    assert status["startNonce"] == before.get("startNonce", status["startNonce"])
    assert condition(status, "Complete")["status"] == "True"
    assert status["result"]["errors"] == 0
    assert [one.samples for one in heard] == planned(bench, "steady")
    assert_none_after_the_end(heard, status)
    assert_released(bench, "steady")


VICTIMS = {
    "a worker": ("lossy-worker-0", "WorkerLost"),
    "a server": ("lossy-server-0", "ServerLost"),
    "the coordinator": ("lossy-coordinator", "CoordinatorLost"),
}


@pytest.mark.parametrize(("pod", "reason"), VICTIMS.values(), ids=VICTIMS.keys())
def test_a_part_that_is_killed_after_the_start_ends_the_run_typed_and_with_evidence(
    numbers: Bench, pod: str, reason: str
) -> None:
    bench = numbers
    bench.apply(recorded("lossy", **{"load.minDuration": "60s"}))
    bench.wait("lossy", serves, 60, "serving")
    with recording(bench, "lossy") as record:
        bench.wait("lossy", is_measuring, 60, "measuring")
        pods = {item["metadata"]["name"]: item["metadata"]["uid"] for item in bench.items("pods")}
        kill_container(bench, pod)
        status = bench.wait("lossy", is_finished, 40, "finished")["status"]
        assert {item["metadata"]["uid"] for item in bench.items("pods")} <= set(pods.values())
        heard = record.heard()

    said = {one: condition(status, one)["status"] for one in ("Finished", "Failed", "Complete", "Valid")}
    assert said == {"Finished": "True", "Failed": "True", "Complete": "False", "Valid": "Unknown"}
    assert condition(status, "Failed")["reason"] == reason
    assert status["verdict"] == "Inconclusive"
    (evidence,) = (one for one in status["evidence"] if one["pod"] == pod)
    assert evidence["exitCode"] == 137
    assert evidence["node"] == "node-1"
    assert any(told.startswith("Started") for told in evidence["events"])
    if reason == "CoordinatorLost":
        assert "report" not in status
    else:
        assert condition(status, "ReportStored")["reason"] == "StoredInPart"
        assert status["result"]["queries"] > 0
        assert bench.get("configmap", status["report"]["configMap"])["binaryData"]
    assert all(not one.samples - plan for one, plan in zip(heard, planned(bench, "lossy"), strict=True))
    assert_none_after_the_end(heard, status)
    assert_released(bench, "lossy")
    told = [item["reason"] for item in bench.items("events.events.k8s.io") if item["regarding"]["name"] == "lossy"]
    assert sorted(told) == sorted({"ServersReady", "Started", reason})


def test_a_run_completes_though_the_api_server_is_away_for_half_a_minute(numbers: Bench) -> None:
    bench = numbers
    bench.apply(recorded("away"))
    bench.wait("away", serves, 60, "serving")
    with recording(bench, "away") as record:
        bench.wait("away", is_measuring, 60, "measuring")
        with stopped("control-plane", "kube-apiserver"):
            time.sleep(API_SERVER_IS_GONE_S)  # what is tested: nobody can be asked what happens meanwhile
        status = bench.wait("away", is_finished, 60, "finished")["status"]
        heard = record.heard()

    assert condition(status, "Complete")["status"] == "True"
    assert status["result"]["errors"] == 0
    assert [one.samples for one in heard] == planned(bench, "away")
    assert_none_after_the_end(heard, status)
    assert_released(bench, "away")


@pytest.mark.parametrize("daemon", ["etcd", "kube-apiserver"])
def test_a_run_completes_though_a_part_of_the_control_plane_is_killed(numbers: Bench, daemon: str) -> None:
    bench = numbers
    bench.apply(recorded("anew"))
    bench.wait("anew", is_measuring, 90, "measuring")
    kill_daemon("control-plane", daemon)
    await_api_server(bench)
    status = bench.wait("anew", is_finished, 60, "finished")["status"]

    assert condition(status, "Complete")["status"] == "True"
    assert status["result"]["errors"] == 0
    assert_released(bench, "anew")


def await_api_server(bench: Bench) -> None:
    def answers() -> bool:
        try:
            return bool(bench.get("ib", "anew"))
        except StepFailed:
            return False

    bench.wait_until(answers, 30, "served by an API server")


def assert_none_after_the_end(heard: list[Heard], status: Object) -> None:
    end_s = datetime.fromisoformat(status["completionTime"]).timestamp()
    assert all(0 < one.last_ns / 1e9 <= end_s for one in heard)


def assert_released(bench: Bench, name: str) -> None:
    bench.wait_until(lambda: bench.of_run(name, HELD) == [], 30, "rid of everything")
