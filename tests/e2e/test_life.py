"""A run is held, called off, bounded and tidied up on a real node."""

from e2e.cluster import Bench, Object, condition, is_finished, is_measuring, quickstart

HELD = "pods,secrets"


def small(name: str, **changes: object) -> Object:
    ordinary: dict[str, object] = {"target.triton.replicas": 1, "load.workers": 1, "load.minDuration": "5s"}
    return quickstart(name, **ordinary | changes)


def test_a_run_that_is_cancelled_ends_with_a_report_of_what_was_measured_and_holds_nothing(bench: Bench) -> None:
    bench.apply(small("off", **{"load.minDuration": "10m"}))
    bench.wait("off", is_measuring, 90, "measuring")

    bench.kubectl("patch", "ib", "off", "--type=merge", "-p", '{"spec": {"cancel": true}}')
    status = bench.wait("off", is_finished, 25, "finished")["status"]
    bench.wait_until(lambda: bench.of_run("off", HELD) == [], 30, "rid of everything")

    assert condition(status, "Failed")["reason"] == "Cancelled"
    assert condition(status, "Complete")["status"] == "False"
    assert condition(status, "Valid")["status"] == "Unknown"
    assert status["verdict"] == "Inconclusive"
    assert condition(status, "ReportStored")["reason"] == "StoredInPart"
    assert status["result"]["queries"] > 0
    assert bench.get("configmap", status["report"]["configMap"])["binaryData"]


def test_a_suspended_run_starts_when_it_is_let_go_and_ends_when_its_deadline_is_over(bench: Bench) -> None:
    policy = {"activeDeadline": "12s", "cleanPods": "Never"}
    bench.apply(small("late", suspend=True, runPolicy=policy, **{"load.minDuration": "9s"}))
    bench.wait("late", lambda status: status.get("phase") == "Suspended", 20, "suspended")
    assert bench.of_run("late", "pods,secrets,configmaps") == []

    bench.kubectl("patch", "ib", "late", "--type=merge", "-p", '{"spec": {"suspend": false}}')
    status = bench.wait("late", is_finished, 40, "finished")["status"]

    assert condition(status, "Failed")["reason"] == "ActiveDeadlineExceeded"
    assert condition(status, "Complete")["status"] == "False"
    bench.wait_until(lambda: not running(bench, "late"), 30, "without a pod that runs")


def test_the_pods_of_a_good_run_stay_to_be_read_and_its_benchmark_goes_when_its_time_is_over(bench: Bench) -> None:
    bench.apply(small("kept", runPolicy={"cleanPods": "Never", "ttlAfterFinished": "15s"}))
    status = bench.wait("kept", is_finished, 90, "finished")["status"]
    assert condition(status, "Complete")["status"] == "True"

    # The server ran when its load ended, so it goes; the client ends by itself, and its logs can be read.
    client = ["Pod/kept-coordinator", "Pod/kept-worker-0"]
    bench.wait_until(
        lambda: bench.of_run("kept", "pods") == client and not running(bench, "kept"), 30, "rid of servers"
    )
    bench.kubectl("logs", "kept-coordinator")
    bench.wait_until(lambda: bench.of_run("kept", "pods,secrets,configmaps") == [], 60, "rid of everything")
    assert bench.items("ib") == []


def running(bench: Bench, name: str) -> list[str]:
    """The pods of a run whose container runs."""
    pods = bench.items("pods", "-l", f"inferometer.dev/run={name}")
    return [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"]
