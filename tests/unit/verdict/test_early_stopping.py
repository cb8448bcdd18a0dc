"""Early stopping is the official one: its thresholds, its estimates and its verdicts."""

import math
import random
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict import QueryStatus, judge, metric
from inferometer_loadgen.verdict.checks.early_stopping import early_stopping_not_met
from inferometer_loadgen.verdict.checks.latency_bound import latency_bound_exceeded
from inferometer_loadgen.verdict.early_stopping import most_over, queries_at_share, queries_needed
from inferometer_loadgen.verdict.metric import early_stopping_estimate_ns

from .official_stopping import official_verdict
from .runs import MS, a_plan, a_run

FRACTIONS = st.sampled_from([0.5, 0.9, 0.95, 0.97, 0.99, 0.999])


@pytest.mark.parametrize(
    ("fraction", "with_none", "with_one"),
    [(0.9, 44, 64), (0.95, 90, 130), (0.97, 152, 219), (0.99, 459, 662), (0.999, 4603, 6636)],
)
def test_the_least_numbers_of_queries_are_those_of_the_rules(fraction: float, with_none: int, with_one: int) -> None:
    assert (queries_needed(0, fraction), queries_needed(1, fraction)) == (with_none, with_one)


@pytest.mark.parametrize(
    ("queries", "fraction", "over"),
    [(270_336, 0.99, 2583), (90_112, 0.97, 2584), (24_576, 0.9, 2348), (1024, 0.9, 80), (200, 0.9, 10)],
)
def test_so_many_may_be_over(queries: int, fraction: float, over: int) -> None:
    assert most_over(queries, fraction) == over


@given(st.integers(0, 3000), FRACTIONS)
def test_what_is_needed_is_just_enough(over: int, fraction: float) -> None:
    needed = queries_needed(over, fraction)
    fewer = most_over(needed - 1, fraction)

    assert most_over(needed, fraction) == over
    assert fewer is None if over == 0 else fewer == over - 1


@given(st.integers(1, 20_000_000), FRACTIONS)
def test_more_queries_never_allow_fewer_over(queries: int, fraction: float) -> None:
    fewer, more = ((-1 if (most := most_over(n, fraction)) is None else most) for n in (queries, queries + 1))

    assert fewer <= more <= fewer + 1
    assert more <= (queries + 1) * (1 - fraction)


@pytest.mark.parametrize(("over", "fraction"), [(-1, 0.9), (0, 0.0), (0, 1.0)])
def test_what_has_no_meaning_is_refused(over: int, fraction: float) -> None:
    with pytest.raises(ValueError, match="over at"):
        queries_needed(over, fraction)


KEYS = {"SingleStream": "early_stopping_latency_ss", "MultiStream": "early_stopping_latency_ms"}
"""Of LoadGen's estimate in its detail log."""


def stopping(scenario: str = "Server", **judged: float) -> Plan:
    plan = a_plan(early_stopping=True, min_queries=1, min_duration_ns=0, **judged)
    return msgspec.structs.replace(plan, stream=msgspec.structs.replace(plan.stream, scenario=scenario), replicas=1)


class TestOfficial:
    """The same records give the official package's verdict and its estimate."""

    @pytest.mark.parametrize("queries", [63, 64, 80, 81, 82, 200, 661, 662, 1024])
    def test_single_stream(self, queries: int, tmp_path: Path) -> None:
        delays = [0, 0, 0, 300_000, 0, 100_000, 0, 0, 200_000]

        self.agrees_on_estimate("SingleStream", queries, delays, tmp_path, 0.9)

    @pytest.mark.parametrize("queries", [661, 662, 837, 838, 1500])
    def test_multi_stream(self, queries: int, tmp_path: Path) -> None:
        delays = [0] * 40 + [200_000, 100_000]

        self.agrees_on_estimate("MultiStream", queries, delays, tmp_path, 0.99)

    @pytest.mark.parametrize("seed", range(4))
    def test_single_stream_of_any_length(self, seed: int, tmp_path: Path) -> None:
        chance = random.Random(seed)
        queries = chance.randrange(20, 900)
        delays = [chance.choice([0, 0, 0, chance.randrange(1_000_000)]) for _ in range(queries)]

        self.agrees_on_estimate("SingleStream", queries, delays, tmp_path, 0.9)

    @pytest.mark.parametrize(
        ("queries", "late"),
        [(458, 0), (459, 0), (661, 1), (662, 1), (837, 2), (838, 2), (1000, 3), (1001, 3), (1000, 10), (1000, 60)],
    )
    def test_server(self, queries: int, late: int, tmp_path: Path) -> None:
        bound_ns = 60 * MS
        delays = [150 * MS if number < late else 0 for number in range(queries)]

        official = official_verdict(
            "Server", queries, delays, tmp_path, server_target_qps=2500.0, server_target_latency_ns=bound_ns
        )

        plan = stopping(latency_bound_ns=bound_ns, latency_percentile=0.99)
        stands = early_stopping_not_met(official.measured, plan) is None
        assert stands == official.early_stopping_met
        assert (stands and latency_bound_exceeded(official.measured, plan) is None) == official.is_valid

    @staticmethod
    def agrees_on_estimate(
        scenario: Literal["SingleStream", "MultiStream"],
        queries: int,
        delays: list[int],
        folder: Path,
        fraction: float,
    ) -> None:
        official = official_verdict(scenario, queries, delays, folder, multi_stream_samples_per_query=2)

        plan = stopping(scenario, latency_bound_ns=0, latency_percentile=fraction)
        met = early_stopping_not_met(official.measured, plan) is None
        assert met == official.early_stopping_met == official.is_valid
        if met:
            estimate_ns = early_stopping_estimate_ns(official.measured, plan)
            assert estimate_ns == official.figures[KEYS[scenario]]
            assert metric(official.measured, plan).value == estimate_ns


def test_failed_queries_are_over_any_bound() -> None:
    plan = stopping(latency_bound_ns=15 * MS, latency_percentile=0.99)
    needed = queries_needed(2, 0.99)
    failed = {3: QueryStatus.TIMED_OUT, 5: QueryStatus.CONNECTION_LOST, 9: QueryStatus.NOT_SENT}

    assert early_stopping_not_met(a_run(queries=needed, failed=dict(list(failed.items())[:2])), plan) is None
    finding = early_stopping_not_met(a_run(queries=needed, failed=failed), plan)
    assert finding is not None
    assert finding.message.startswith(f"3 of {needed:,} queries were over the bound, and ")


@pytest.mark.parametrize(
    ("queries", "late", "message"),
    [
        (
            458,
            0,
            (
                "458 queries were sent, and to be sure of p99 with 99% confidence 459 are needed; set "
                "spec.load.minQueries to 459 or raise spec.load.minDuration"
            ),
        ),
        (
            700,
            3,
            (
                "3 of 700 queries were over the bound, and to be sure of p99 with 99% confidence 1 may be; at this "
                "share of late queries 1,596 are enough: set spec.load.minQueries to that, or lower the load"
            ),
        ),
        (
            1000,
            60,
            (
                "60 of 1,000 queries were over the bound, and to be sure of p99 with 99% confidence 2 may be; at this "
                "share of late queries no number of them is enough: lower the load"
            ),
        ),
    ],
)
def test_the_remedy_is_one_that_helps(queries: int, late: int, message: str) -> None:
    plan = stopping(latency_bound_ns=15 * MS, latency_percentile=0.99)

    finding = early_stopping_not_met(a_run(queries=queries, latency_ns=dict.fromkeys(range(late), 20 * MS)), plan)

    assert finding is not None
    assert finding.message == message


@given(st.floats(0, 0.0099), FRACTIONS)
def test_with_so_many_queries_the_same_share_may_be_over(share: float, fraction: float) -> None:
    enough = queries_at_share(share, fraction, 50_000_000)

    if enough is None:
        assert share >= 1 - fraction or math.ceil(50_000_000 * share) > (most_over(50_000_000, fraction) or -1)
    else:
        assert math.ceil(enough * share) <= (most_over(enough, fraction) or 0)


def test_failed_queries_are_the_last_that_an_estimate_leaves_out() -> None:
    plan = stopping("SingleStream", latency_bound_ns=0, latency_percentile=0.9)
    over = most_over(200, 0.9)
    assert over is not None
    latencies = np.arange(1, 201) * MS

    def estimate(failures: int) -> float | None:
        failed = dict.fromkeys(range(failures), QueryStatus.TIMED_OUT)
        return metric(a_run(queries=200, latency_ns=latencies, failed=failed), plan).value

    assert estimate(0) == (200 - over + 1) * MS
    assert estimate(1) == (200 - over + 2) * MS
    assert estimate(over - 1) == 200 * MS
    assert estimate(over) is None


def test_too_few_queries_say_how_many_are_needed() -> None:
    plan = stopping("SingleStream", latency_bound_ns=0, latency_percentile=0.9)

    verdict = judge(a_run(queries=63, counts={}), msgspec.structs.replace(plan, replicas=2))

    assert verdict.word == "Invalid"
    (reason,) = verdict.reasons
    assert reason.message == (
        "63 queries were sent, and to be sure of p90 with 99% confidence 64 are needed; set spec.load.minQueries to "
        "64 or raise spec.load.minDuration"
    )


def test_what_the_client_alone_made_late_is_no_fault_of_the_servers() -> None:
    plan = msgspec.structs.replace(stopping(latency_bound_ns=15 * MS, latency_percentile=0.99), replicas=2)
    late = dict.fromkeys(range(9), 20 * MS)

    servers = judge(a_run(latency_ns=late), plan)
    clients = judge(a_run(latency_ns=late, lag_ns=dict.fromkeys(range(9), 12 * MS)), plan)

    assert (servers.word, [reason.type for reason in servers.reasons]) == ("Invalid", ["EarlyStoppingNotMet"])
    assert (clients.word, [reason.type for reason in clients.reasons]) == (
        "Inconclusive",
        ["ClientInfluenced", "EarlyStoppingNotMet"],
    )
    assert "0 queries would have been over the bound and not 9" in clients.reasons[0].message
