"""The ordinary case of everything, so that a test states only what differs from it."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from inferometer_loadgen.plan import Assignment, Plan, digest
from inferometer_loadgen.report.schema import ClientReport, Latency, ReplicaReport, Report, Result, Versions
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.resolve import LibraryFacts, resolve
from inferometer_operator.api.status import BenchmarkStatus
from inferometer_operator.run import Key, Run
from inferometer_operator.settings import Settings

T0 = datetime(2026, 11, 25, 3, 5, 1, tzinfo=UTC)
UID = "6f0c2a52-0b7e-4b6a-9a53-0d6f3b1f9a11"

SETTINGS = Settings(
    image="localhost/inferometer:0.1.0",
    image_pull_policy="IfNotPresent",
    version="0.1.0",
    instance="inferometer-7d9c-x2x",
)


def a_spec(**changes: Any) -> BenchmarkSpec:
    """The quickstart's spec; `changes` are blocks or values by their dotted path, with `__` for the dot."""
    ordinary: dict[str, Any] = {
        "scenario": "Server",
        "model": {"name": "magika"},
        "target": {
            "triton": {
                "image": "localhost/triton-cpu:2.51",
                "replicas": 2,
                "gpu": {"count": 0},
                "modelRepository": {"image": "localhost/magika-model:1.0.3"},
            }
        },
        "load": {
            "workers": 2,
            "targetQPS": 40,
            "latencyBound": "250ms",
            "minDuration": "20s",
            "data": {"configMap": {"name": "quickstart-samples"}},
        },
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        block = ordinary
        for key in parents:
            block = block.setdefault(key, {})
        block[last] = value
    return msgspec.convert(ordinary, BenchmarkSpec)


def a_run(spec: BenchmarkSpec | None = None, status: BenchmarkStatus | None = None) -> Run:
    """The quickstart, as it was just created."""
    return Run(
        key=Key("bench", "quickstart"),
        uid=UID,
        created=T0,
        generation=1,
        resource_version="100",
        spec=spec or a_spec(),
        status=status or BenchmarkStatus(),
    )


def a_plan() -> Plan:
    """The quickstart's plan."""
    return resolve("quickstart", a_spec(), LibraryFacts(samples=8, sha256="ab" * 32))


def a_report(run_uid: str = UID, **changes: Any) -> Report:
    """The report of a valid run of the quickstart."""
    plan = a_plan()
    replica = ReplicaReport(
        name="quickstart-server-0",
        uid="s0",
        node="gpu-a",
        queries=400,
        answered=400,
        share=0.5,
        p99_ns=14_900_000,
        server_successes=400,
        server_failures=0,
        queue_ns=200_000,
        compute_ns=3_900_000,
        batch_size=1.0,
        restarted=False,
        absent_reason="",
    )
    ordinary = Report(
        name="quickstart",
        run_uid=run_uid,
        plan=plan,
        plan_hash=digest(plan),
        stream_digest="cd" * 32,
        assignment=Assignment(replicas=()),
        start_time="2026-11-25T03:05:01.000000Z",
        verdict="Valid",
        reasons=(),
        warnings=(),
        result=Result(
            metric="completed_samples_per_second",
            value=40.13,
            unit="samples/s",
            queries=800,
            samples=800,
            answered=800,
            errors=0,
            duration_ns=20_000_000_000,
            scheduled_qps=40.2,
            completed_qps=40.1,
            percentile=0.99,
            latency=Latency(
                mean_ns=5_000_000,
                p50_ns=4_600_000,
                p90_ns=9_000_000,
                p95_ns=10_000_000,
                p97_ns=12_000_000,
                p99_ns=15_200_000,
                p999_ns=19_000_000,
                max_ns=21_000_000,
                at_percentile_ns=15_200_000,
            ),
        ),
        replicas=(
            replica,
            msgspec.structs.replace(
                replica,
                name="quickstart-server-1",
                uid="s1",
                node="gpu-b",
                queue_ns=None,
                compute_ns=None,
                absent_reason="2 of 2 scrapes had no answer",
            ),
        ),
        client=ClientReport(
            send_lag_p50_ns=30_000,
            send_lag_p99_ns=110_000,
            send_lag_max_ns=300_000,
            clock_uncertainty_ns=38_000,
            workers=(),
        ),
        versions=Versions(inferometer="0.1.0", python="3.13.5", server="triton 2.51.0"),
    )
    return msgspec.structs.replace(ordinary, **changes)
