"""Poisson arrivals from one worker over HTTP, in turn with the official LoadGen: how late does a query leave?

Ours is a real request to a server; LoadGen's issue is a call of a function that answers at once. Both take the same
seeds, so the same times. Neither is pinned to a core: where neighbours take one, the scheduler may give both another.
"""

from dataclasses import asdict
from typing import Any

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case, Target
from benchmarks.clients.loadgen import IssueDelay, OfficialLoadGen
from benchmarks.clients.ours import Order, Ours, Outcome
from benchmarks.goals import Goal, Row
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.rounds import MIN_PAIRS

RATES = (1_000, 10_000)
PAIRS = 5
SECONDS = 4
CASE = Case(in_flight=32, input_values=64, seconds=SECONDS)


def run(bench: Bench) -> Findings:
    """A B A B at each rate."""
    ours, official = Ours("http"), OfficialLoadGen()
    rows: list[Row] = []
    raw: dict[str, Any] = {"loadgen": official.version, "seconds": SECONDS, "rates": {}}
    with NullServer(bench.folder, "http", bench.cores.server, Model(CASE.input_values)) as server:
        target = Target(server.port, bench.cores.client, is_pinned=False)
        for rate in RATES:
            own: list[Outcome] = []
            other: list[IssueDelay] = []
            for _ in range(PAIRS):
                bench.progress.step(f"ours at {rate:,}/s")
                own.append(ours.obey(Order(protocol="http", case=CASE, target=target, rate=rate)))
                bench.progress.step(f"LoadGen at {rate:,}/s")
                other.append(official.run(rate, SECONDS))
            rows += rows_of(rate, own, other)
            raw["rates"][rate] = {"ours": [asdict(round_) for round_ in own], "theirs": [asdict(one) for one in other]}
    return Findings(rows, raw)


def rows_of(rate: int, ours: list[Outcome], theirs: list[IssueDelay]) -> list[Row]:
    """Lag by LoadGen's, and what a query costs us."""
    conditions = f"Poisson, {rate:,}/s, {SECONDS} s, HTTP"
    assert len(ours) >= MIN_PAIRS
    return [
        Row(
            what="send lag p50 by LoadGen",
            conditions=conditions,
            unit="us",
            ours=[outcome.send_lag_p50_ns / 1_000 for outcome in ours],
            theirs=[delay.p50_ns / 1_000 for delay in theirs],
            goal=Goal(0.5),
        ),
        Row(
            what="send lag p99 by LoadGen",
            conditions=conditions,
            unit="us",
            ours=[outcome.send_lag_p99_ns / 1_000 for outcome in ours],
            theirs=[delay.p99_ns / 1_000 for delay in theirs],
            goal=Goal(1.0),
        ),
        Row(
            what="core taken by others",
            conditions=conditions,
            unit="% of the time",
            ours=[100 * outcome.run_delay_ns / outcome.elapsed_ns for outcome in ours],
        ),
        Row(
            what="http, paced",
            conditions=conditions,
            unit="CPU us/request",
            ours=[outcome.cpu_us for outcome in ours],
        ),
    ]


SECTION = Section("pacing", steps=len(RATES) * PAIRS * 2, seconds=len(RATES) * PAIRS * 2 * 5, run=run)
