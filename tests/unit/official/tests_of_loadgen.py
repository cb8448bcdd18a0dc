"""A test of the official LoadGen that is answered at once, by way of its process and its feed."""

import select
from dataclasses import dataclass

from msgspec.structs import replace

from inferometer_loadgen.official.process import LoadGenProcess, Logs
from inferometer_loadgen.official.settings import OfficialSettings, settings_of
from inferometer_loadgen.plan import JudgePlan, Plan, Seeds, StreamPlan
from unit.report.reports import PLAN


@dataclass(frozen=True)
class Asked:
    """What LoadGen asked, and what it left."""

    samples: list[int]
    logs: Logs


def a_plan(scenario: str, bound_ns: int = 1_000_000_000, **stream: object) -> Plan:
    """100 queries, or samples, of 40; 300 ms; seeds 1, 2 and 3; but for `stream`."""
    ordinary = StreamPlan(
        seeds=Seeds(qsl=1, sample_index=2, schedule=3), target_qps=1000.0, min_duration_ns=300_000_000, min_queries=100,
        total_samples=40, performance_samples=32, samples_per_query=8 if scenario == "MultiStream" else 1,
    )  # fmt: skip
    judge = JudgePlan(
        latency_bound_ns=bound_ns if scenario == "Server" else 0,
        latency_percentile=0.9 if scenario == "SingleStream" else 0.99,
        min_duration_ns=300_000_000,
        min_queries=100,
        early_stopping=scenario != "Offline",
    )
    return replace(PLAN, engine="mlperf-loadgen", judge=judge, stream=replace(ordinary, scenario=scenario, **stream))


def answered_at_once(plan: Plan) -> Asked:
    """Raises OfficialEndedError where it dies."""
    return run_to_its_end(LoadGenProcess(settings_of(plan, 1_000_000), lambda: "a system"))


def run_to_its_end(process: LoadGenProcess) -> Asked:
    try:
        process.await_ready()
        process.begin()
        feed, told = process.feed, 0
        while not feed.is_over:
            select.select([feed.fd], [], [], 10)
            feed.receive()
            feed.answer(feed.ids[told:])
            told = len(feed.ids)
        feed.finish()
        return Asked(feed.samples.tolist(), process.logs())
    finally:
        process.close()


def settings(scenario: str, **values: int | float) -> OfficialSettings:
    """As they are, whether LoadGen can live with them or not."""
    return OfficialSettings(
        scenario=scenario, mode="PerformanceOnly", values=values, total_samples=40, performance_samples=40
    )
