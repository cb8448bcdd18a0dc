"""The official LoadGen's logs of a run, beside ours of the very same records."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec.structs import replace

from inferometer_loadgen.coordinator.counters import Absent, Growth
from inferometer_loadgen.coordinator.reporting import RunFacts, build_report
from inferometer_loadgen.mlperf_logs import detail_text, summary_text
from inferometer_loadgen.mlperf_logs.line import PREFIX
from inferometer_loadgen.plan import Assignment, JudgePlan, ReplicaAddress, Seeds, StreamPlan
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.stream import Issue, Stream, make_stream
from inferometer_loadgen.verdict import Measured, ServerCounts
from inferometer_loadgen.verdict.judge import judge
from unit.report.reports import PLAN
from unit.verdict.official_stopping import official_verdict

type Scenario = Literal["SingleStream", "MultiStream", "Server", "Offline"]
SAMPLES = 64
RATE = 2000.0
PERIOD_NS = 500_000


@dataclass(frozen=True)
class Logs:
    """Two logs of one run, each in its two files."""

    official_detail: dict[str, object]
    official_summary: list[str]
    detail: dict[str, object]
    summary: list[str]
    report: Report


def both_logs(
    scenario: Scenario, queries: int, folder: Path, *, delays_ns: tuple[int, ...] = (0,), bound_ns: int = 10**9
) -> Logs:
    """LoadGen answers each query after its delay; what it recorded is judged and reported by us."""
    found = official_verdict(
        scenario, 1 if scenario == "Offline" else queries, list(delays_ns), folder,
        min_query_count=queries, max_query_count=0 if scenario != "Server" else queries, min_duration_ms=0,
        server_target_qps=RATE, offline_expected_qps=RATE, server_target_latency_ns=bound_ns,
        multi_stream_samples_per_query=8, single_stream_expected_latency_ns=PERIOD_NS,
        multi_stream_expected_latency_ns=PERIOD_NS, qsl_rng_seed=1, sample_index_rng_seed=2, schedule_rng_seed=3,
    )  # fmt: skip
    report = _report(scenario, queries, found.measured, bound_ns)
    return Logs(
        official_detail=read_detail((folder / "mlperf_log_detail.txt").read_text()),
        official_summary=(folder / "mlperf_log_summary.txt").read_text().splitlines(),
        detail=read_detail(detail_text(report)),
        summary=summary_text(report).splitlines(),
        report=report,
    )


def read_detail(text: str) -> dict[str, object]:
    """As the submission checker reads a detail log."""
    assert text.startswith(":::MLLOG")
    lines = [json.loads(line.removeprefix(PREFIX)) for line in text.splitlines()]
    return {line["key"]: line["value"] for line in lines}


def _report(scenario: Scenario, queries: int, measured: Measured, bound_ns: int) -> Report:
    is_server = scenario == "Server"
    fraction = 0.9 if scenario == "SingleStream" else 0.99
    plan = replace(
        PLAN,
        stream=StreamPlan(
            scenario=scenario, seeds=Seeds(qsl=1, sample_index=2, schedule=3), target_qps=RATE, min_duration_ns=0,
            min_queries=queries, total_samples=SAMPLES, performance_samples=SAMPLES,
            samples_per_query=8 if scenario == "MultiStream" else 1,
        ),
        judge=JudgePlan(
            latency_bound_ns=bound_ns if is_server else 0, latency_percentile=fraction, min_duration_ns=0,
            min_queries=queries, early_stopping=scenario != "Offline",
        ),
    )  # fmt: skip
    per_row = plan.stream.samples_per_query
    if scenario == "Offline":
        measured = _one_query_as_rows(measured, queries)
    if is_server:
        # The trace counts from the log's start; the log itself from the beginning of the schedule.
        due_ns = make_stream(plan.stream).scheduled_ns
        measured = dataclasses.replace(
            measured, scheduled_ns=due_ns, sent_ns=due_ns, done_ns=due_ns + measured.latency_ns()
        )
    stream = Stream(
        np.zeros(len(measured) * per_row, dtype=np.int64),
        np.asarray(measured.scheduled_ns),
        per_row,
        Issue.SCHEDULED if is_server else Issue.COMPLETION,
    )
    counts = ServerCounts("a", len(measured), 0, absent_reason="", restarted=False)
    measured = dataclasses.replace(measured, servers=(counts,), samples_per_row=per_row)
    facts = RunFacts(
        run_uid="0f3a", plan=plan, stream=stream, start_time="2026-11-25T03:05:01.000000Z",
        assignment=Assignment(replicas=(ReplicaAddress(name="a", url="http://a", metrics_url="http://a/metrics"),)),
        server_version="triton 2.51.0", growth=(Growth(counters=Absent("not asked"), restarted=False),),
        workers=(("", None, None),),
    )  # fmt: skip
    return build_report(facts, measured, judge(measured, plan))


def _one_query_as_rows(measured: Measured, rows: int) -> Measured:
    """The one query of Offline as rows of one sample each, all answered when the query was."""
    return Measured(
        index=np.arange(rows),
        scheduled_ns=np.zeros(rows, dtype=np.int64),
        sent_ns=np.zeros(rows, dtype=np.int64),
        done_ns=np.full(rows, measured.done_ns[0] - measured.scheduled_ns[0]),
        status=np.zeros(rows, dtype=np.int8),
        servers=(),
    )
