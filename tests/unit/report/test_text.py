import pytest
from msgspec.structs import replace

from inferometer_loadgen.plan import Deviation
from inferometer_loadgen.report.schema import AccuracyReport, Clock, EarlyStopping, Reason
from inferometer_loadgen.report.text import report_text
from inferometer_loadgen.rules.submittable import Obstacle
from unit.report.reports import a_replica, a_report, a_worker

OWN_ENGINE = Obstacle(type="OwnEngine", short="own engine", message="the rules ask for the official LoadGen")
FOUR_WORKERS = Obstacle(type="ManyWorkers", short="4 workers", message="LoadGen runs on one node")


def test_a_valid_run_ends_with_the_block_of_the_first_page():
    assert report_text(a_report(), "./inferometer-20261125T030501Z/report.json") == (
        "VALID   40.1 samples/s   p50 4.6 ms   p99 15.2 ms (bound 250 ms)   800 queries, 0 errors, 20.0 s\n"
        "        server: queue 0.20 ms, compute 3.9 ms, 800 successes (equal to the client's)\n"
        "        client: send lag p99 0.12 ms, clocks on one machine\n"
        "        report: ./inferometer-20261125T030501Z/report.json"
    )


def test_the_reasons_of_an_invalid_run_come_before_all_else_and_warnings_are_marked():
    report = a_report(
        verdict="Invalid",
        reasons=(Reason(type="LatencyBoundExceeded", message="p99 was 17.2 ms, the bound is 15.0 ms"),),
        warnings=(Reason(type="LateClient", message="worker 0 was late"),),
    )

    lines = report_text(report, "").splitlines()
    assert lines[0].startswith("INVALID   40.1 samples/s")
    assert lines[1:3] == [
        "        LatencyBoundExceeded: p99 was 17.2 ms, the bound is 15.0 ms",
        "        warning: LateClient: worker 0 was late",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param(
            {"result": {"value": 1204.4, "queries": 1, "samples": 1, "errors": 1, "duration_ns": 800_000_000}},
            "VALID   1,204 samples/s   p50 4.6 ms   p99 15.2 ms (bound 250 ms)   1 query, 1 error, 800 ms",
            id="large figures are grouped, and one is one",
        ),
        pytest.param(
            {"result": {"value": None}, "latency": {"p50_ns": None, "at_percentile_ns": None}},
            "VALID   no data (nothing was answered)   p50 no data (it falls on an unanswered query)   "
            "p99 no data (it falls on an unanswered query) (bound 250 ms)   800 queries, 0 errors, 20.0 s",
            id="what was not answered is no data, and not zero",
        ),
        pytest.param(
            {"judge": {"latency_percentile": 0.999}, "latency": {"at_percentile_ns": 21_000_000}},
            "VALID   40.1 samples/s   p50 4.6 ms   p99.9 21.0 ms (bound 250 ms)   800 queries, 0 errors, 20.0 s",
            id="the percentile is the one that is judged",
        ),
        pytest.param(
            {"judge": {"latency_percentile": 0.5}, "latency": {"at_percentile_ns": 4_600_000}},
            "VALID   40.1 samples/s   p50 4.6 ms (bound 250 ms)   800 queries, 0 errors, 20.0 s",
            id="a judged median is said once",
        ),
        pytest.param(
            {
                "result": {"metric": "latency_at_percentile", "value": 4_900_000.0, "unit": "ns", "percentile": 0.9},
                "judge": {"latency_percentile": 0.9, "latency_bound_ns": 0},
            },
            "VALID   p90 4.9 ms   p50 4.6 ms   800 queries, 0 errors, 20.0 s",
            id="a result that is a latency is said once",
        ),
        pytest.param(
            {
                "result": {"metric": "samples_per_second", "value": 1204.4, "samples": 3199},
                "judge": {"latency_bound_ns": 0},
            },
            "VALID   1,204 samples/s   3,199 samples in 800 requests, 0 errors, 20.0 s",
            id="where all is due at once no latency says anything",
        ),
        pytest.param(
            {
                "result": {"metric": "samples_per_query", "value": 8.0, "unit": "samples/query", "samples": 6400},
                "judge": {"latency_bound_ns": 0},
            },
            "VALID   8 samples/query   p50 4.6 ms   p99 15.2 ms   800 queries of 8 samples, 0 errors, 20.0 s",
            id="a query of several samples",
        ),
    ],
)
def test_the_headline_holds_the_figures_that_carry_the_verdict(changes, line):
    assert report_text(a_report(**changes), "").splitlines()[0] == line


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            EarlyStopping(met=True, over=1, needed=662, estimate_ns=None),
            "early stopping: met, 662 of 800 queries needed with 1 over the bound",
        ),
        (
            EarlyStopping(met=False, over=9, needed=1745, estimate_ns=None),
            "early stopping: not met, 1,745 of 800 queries needed with 9 over the bound",
        ),
        (
            EarlyStopping(met=True, over=None, needed=64, estimate_ns=5_100_000),
            "early stopping: met, p99 itself 15.2 ms, the result is on the safe side of it",
        ),
        (
            EarlyStopping(met=False, over=None, needed=6636, estimate_ns=None),
            "early stopping: not met, 6,636 of 800 queries needed",
        ),
    ],
    ids=["met", "too many late", "an estimate", "too few queries"],
)
def test_early_stopping_has_a_line(found, line):
    assert f"        {line}" in report_text(a_report(result={"early_stopping": found}), "").splitlines()


def test_without_a_schedule_there_is_no_send_lag_to_speak_of():
    report = a_report(result={"scheduled_qps": None}, client={"send_lag_p99_ns": None})

    assert report_text(report, "").splitlines()[-1] == "        client: clocks on one machine"


@pytest.mark.parametrize(
    ("replica", "line"),
    [
        pytest.param(
            {"server_successes": 790, "server_failures": 10},
            "server: queue 0.20 ms, compute 3.9 ms, 790 successes (the client counts 800), 10 failures",
            id="counts that differ",
        ),
        pytest.param(
            {
                "server_successes": None,
                "queue_ns": None,
                "compute_ns": None,
                "absent_reason": "its metrics page answered 503 to 3 of 3 scrapes",
            },
            "server: no data: localhost:8000: its metrics page answered 503 to 3 of 3 scrapes",
            id="counters that were not read",
        ),
        pytest.param(
            {"server_successes": 0, "queue_ns": None, "compute_ns": None},
            "server: queue no data (no request succeeded), compute no data (no request succeeded), 0 successes "
            "(the client counts 800)",
            id="a server that had no success",
        ),
    ],
)
def test_what_the_server_says_of_itself_stands_beside_the_clients_count(replica, line):
    assert report_text(a_report(replicas=(a_replica(**replica),)), "").splitlines()[1] == f"        {line}"


def test_replicas_are_set_side_by_side_and_their_means_weighed_by_their_requests():
    report = a_report(
        replicas=(
            a_replica(name="r-server-0", node="gpu-a", queries=600, share=0.75, server_successes=600),
            a_replica(
                name="r-server-1",
                node="gpu-b",
                queries=200,
                share=0.25,
                server_successes=200,
                queue_ns=600_000,
                restarted=True,
            ),
        )
    )

    assert report_text(report, "").splitlines()[1:4] == [
        "        server: queue 0.30 ms, compute 3.9 ms, 800 successes (equal to the client's)",
        "          r-server-0  gpu-a  600 queries  75.0%  p99 15.2 ms  queue 0.20 ms  compute 3.9 ms",
        "          r-server-1  gpu-b  200 queries  25.0%  p99 15.2 ms  queue 0.60 ms  compute 3.9 ms  restarted",
    ]


def test_one_silent_replica_of_two_leaves_the_total_without_data_and_is_named():
    report = a_report(replicas=(a_replica(), a_replica(name="b", server_successes=None, absent_reason="HTTP 404")))

    lines = report_text(report, "").splitlines()
    assert lines[1] == "        server: no data: b: HTTP 404"
    assert "server: no data (HTTP 404)" in lines[3]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param(
            {
                "workers": (
                    a_worker(),
                    a_worker(index=1, clock=Clock(same=False, offset_ns=5, drift=0.0, uncertainty_ns=38_000)),
                )
            },
            "client: send lag p99 0.12 ms, clocks within 38 us",
            id="clocks of two machines",
        ),
        pytest.param(
            {"workers": (a_worker(backlogged=3), a_worker(index=1, backlogged=1))},
            "client: send lag p99 0.12 ms, 4 queries waited for a free connection, clocks on one machine",
            id="queries that waited",
        ),
        pytest.param(
            {"client": {"send_lag_p99_ns": None}},
            "client: send lag p99 no data (nothing was sent), clocks on one machine",
            id="nothing sent",
        ),
    ],
)
def test_the_client_says_how_well_it_kept_the_schedule(changes, line):
    assert report_text(a_report(**changes), "").splitlines()[-1] == f"        {line}"


def test_a_run_by_an_edition_says_what_differs_and_why_it_cannot_be_submitted():
    deviation = Deviation(field="spec.load.minDuration", value="20s", fixed="600s", source="mlperf.conf")
    report = a_report(per_rules=False, deviations=(deviation,), obstacles=(OWN_ENGINE, FOUR_WORKERS))
    report = replace(report, plan=replace(report.plan, rules="mlperf-v6.1", task="dlrm-v3"))

    assert report_text(report, "").splitlines()[1:3] == [
        "        rules: mlperf-v6.1 dlrm-v3, per rules: false, submittable: false (own engine; 4 workers)",
        "          spec.load.minDuration: 20s, not 600s (mlperf.conf)",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "accuracy: top1 0.7646 (target 0.757, met), 50,000 samples"),
        ({"value": 0.75699999, "met": False}, "accuracy: top1 0.75699999 (target 0.757, not met), 50,000 samples"),
        ({"target": None, "met": None}, "accuracy: top1 0.7646, 50,000 samples"),
    ],
)
def test_a_score_stands_beside_its_target(changes, line):
    accuracy = AccuracyReport(
        **{"metric": "top1", "value": 0.76456, "target": 0.757, "met": True, "samples": 50_000} | changes
    )

    assert report_text(a_report(accuracy=accuracy), "").splitlines()[1] == f"        {line}"
