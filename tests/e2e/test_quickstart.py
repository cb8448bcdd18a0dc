"""The quickstart on a real node: applied, measured, judged, reported, and everything that it held given back."""

import base64
import gzip

from e2e.cluster import Bench, condition, is_finished, quickstart
from inferometer_loadgen.report.schema import decode

HELD = "pods,secrets"
KEPT = "configmaps"


def test_the_quickstart_ends_with_a_verdict_and_gives_everything_back(bench: Bench) -> None:
    bench.apply(quickstart("quickstart"))
    bench.wait("quickstart", is_finished, 180, "finished")
    # The status comes before the last pods are gone.
    bench.wait_until(lambda: bench.of_run("quickstart", HELD) == [], 30, "rid of pods and Secret")

    benchmark = bench.get("ib", "quickstart")
    status = benchmark["status"]
    report_map = bench.get("configmap", "quickstart-report")
    report = decode(gzip.decompress(base64.b64decode(report_map["binaryData"]["report.json.gz"])))

    assert status["verdict"] == report.verdict
    assert condition(status, "Complete")["status"] == "True"
    assert condition(status, "Failed").get("status", "False") == "False"
    expected = {"Valid": "True", "Invalid": "False", "Inconclusive": "Unknown"}[report.verdict]
    assert condition(status, "Valid")["status"] == expected
    assert report.run_uid == benchmark["metadata"]["uid"]
    assert bench.of_run("quickstart", KEPT) == ["ConfigMap/quickstart-plan", "ConfigMap/quickstart-report"]


def test_every_answer_was_counted_by_the_servers_and_every_replica_had_its_share(bench: Bench) -> None:
    bench.apply(quickstart("counted"))
    status = bench.wait("counted", is_finished, 180, "finished")["status"]

    replicas = status["servers"]
    assert [replica["name"] for replica in replicas] == ["counted-server-0", "counted-server-1"]
    assert status["result"]["errors"] == 0
    report_map = bench.get("configmap", "counted-report")
    report = decode(gzip.decompress(base64.b64decode(report_map["binaryData"]["report.json.gz"])))
    assert sum(replica.server_successes or 0 for replica in report.replicas) == report.result.answered
    assert report.result.answered == report.result.queries
    assert [worker.queries for worker in report.client.workers] == halves(report.result.queries)
    assert [replica["queries"] for replica in replicas] == halves(report.result.queries)
    assert all(
        worker.clock and worker.clock.same and worker.clock.uncertainty_ns == 0 for worker in report.client.workers
    )


def test_kubectl_get_shows_the_result_in_words(bench: Bench) -> None:
    bench.apply(quickstart("table"))
    bench.wait("table", is_finished, 180, "finished")

    header, row = bench.kubectl("get", "ib").splitlines()

    for column in ("NAME", "MODEL", "SCENARIO", "PHASE", "PROGRESS", "RESULT", "P99", "VERDICT", "AGE"):
        assert column in header
    assert "samples/s" in row
    assert "magika" in row
    assert "100%" in row


def halves(count: int) -> list[int]:
    return [(count + 1) // 2, count // 2]
