"""The ordinary report that tests change in one place."""

from msgspec.structs import replace

from inferometer_loadgen.plan import (
    Assignment,
    JudgePlan,
    ModelPlan,
    Plan,
    ReplicaAddress,
    Seeds,
    StreamPlan,
    SyntheticData,
    digest,
)
from inferometer_loadgen.report.schema import (
    ClientReport,
    Clock,
    Latency,
    ReplicaReport,
    Report,
    Result,
    Versions,
    WorkerReport,
)

PLAN = Plan(
    name="quickstart",
    protocol="http",
    model=ModelPlan(name="magika"),
    data=SyntheticData(samples=64, seed=0),
    stream=StreamPlan(
        seeds=Seeds(),
        target_qps=40.0,
        min_duration_ns=20_000_000_000,
        min_queries=100,
        total_samples=64,
        performance_samples=64,
    ),
    judge=JudgePlan(
        latency_bound_ns=250_000_000, latency_percentile=0.99, min_duration_ns=20_000_000_000, min_queries=100
    ),
    workers=1,
    replicas=1,
    connections_per_replica=16,
    warmup_ns=2_000_000_000,
    drain_ns=5_500_000_000,
    scrape_interval_ns=1_000_000_000,
)


def a_replica(**changes):
    ordinary = ReplicaReport(
        name="localhost:8000",
        uid="",
        node="",
        queries=800,
        answered=800,
        share=1.0,
        p99_ns=15_200_000,
        server_successes=800,
        server_failures=0,
        queue_ns=200_000,
        compute_ns=3_900_000,
        batch_size=1.0,
        restarted=False,
        absent_reason="",
    )
    return replace(ordinary, **changes)


def a_worker(**changes):
    ordinary = WorkerReport(
        index=0,
        pod_uid="",
        queries=800,
        send_lag_p50_ns=30_000,
        send_lag_p99_ns=120_000,
        send_lag_max_ns=900_000,
        backlogged=0,
        cpu_ns=300_000_000,
        busy=0.02,
        clock=Clock(same=True, offset_ns=0, drift=0.0, uncertainty_ns=0),
    )
    return replace(ordinary, **changes)


def a_report(*, replicas=None, workers=None, latency=None, result=None, client=None, judge=None, **changes):
    """The ordinary report: 800 queries to one Triton, all answered in time; what is given differs."""
    figures = Result(
        metric="completed_samples_per_second",
        value=40.1,
        unit="samples/s",
        queries=800,
        samples=800,
        answered=800,
        errors=0,
        duration_ns=20_000_000_000,
        scheduled_qps=40.0,
        completed_qps=40.1,
        percentile=0.99,
        latency=replace(
            Latency(
                mean_ns=4_800_000,
                p50_ns=4_600_000,
                p90_ns=6_000_000,
                p95_ns=7_000_000,
                p97_ns=9_000_000,
                p99_ns=15_200_000,
                p999_ns=21_000_000,
                max_ns=22_000_000,
                at_percentile_ns=15_200_000,
            ),
            **(latency or {}),
        ),
    )
    plan = replace(PLAN, judge=replace(PLAN.judge, **(judge or {})))
    workers = workers or (a_worker(),)
    replicas = replicas or (a_replica(),)
    ordinary = Report(
        name="quickstart",
        run_uid="0f3a",
        plan=plan,
        plan_hash=digest(plan),
        stream_digest="0" * 64,
        assignment=Assignment(
            replicas=tuple(
                ReplicaAddress(name=item.name, url=f"http://{item.name}", metrics_url=f"http://{item.name}/metrics")
                for item in replicas
            )
        ),
        start_time="2026-11-25T03:05:01.000000Z",
        verdict="Valid",
        reasons=(),
        warnings=(),
        result=replace(figures, **(result or {})),
        replicas=replicas,
        client=replace(
            ClientReport(
                send_lag_p50_ns=30_000,
                send_lag_p99_ns=120_000,
                send_lag_max_ns=900_000,
                clock_uncertainty_ns=max(worker.clock.uncertainty_ns for worker in workers),
                workers=workers,
            ),
            **(client or {}),
        ),
        versions=Versions(inferometer="0.1.0", python="3.13.0", server="Triton 2.51.0"),
    )
    return replace(ordinary, **changes)
