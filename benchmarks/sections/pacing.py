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
from benchmarks.goals import Goal, Row, measured
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.rounds import Rounds, in_turn

RATES = (1_000, 10_000)
PAIRS = 5
SECONDS = 4
CASE = Case(in_flight=32, input_values=64, seconds=SECONDS)


def run(bench: Bench) -> Findings:
    """A B A B at each rate."""
    ours, official = Ours("http"), OfficialLoadGen()
    rows: list[Row] = []
    failures: dict[str, str] = {}
    raw: dict[str, Any] = {"loadgen": official.version, "seconds": SECONDS, "rates": {}}
    with NullServer(bench.folder, "http", bench.cores.server, Model(CASE.input_values)) as server:
        target = Target(server.port, bench.cores.client, is_pinned=False)
        for rate in RATES:
            own, other = _rounds(bench, Order(protocol="http", case=CASE, target=target, rate=rate), official)
            rows += rows_of(rate, own, other)
            raw["rates"][rate] = {"ours": list(map(asdict, own.results)), "theirs": list(map(asdict, other.results))}
            failed = {ours.name: own.why_not, official.name: other.why_not}
            failures |= {f"{name} at {rate:,}/s": why for name, why in failed.items() if why}
    return Findings(rows, raw, failures)


def _rounds(bench: Bench, order: Order, official: OfficialLoadGen) -> tuple[Rounds[Outcome], Rounds[IssueDelay]]:
    def ours() -> Outcome | IssueDelay:
        bench.progress.step(f"ours at {order.rate:,}/s")
        return Ours("http").obey(order)

    def theirs() -> Outcome | IssueDelay:
        bench.progress.step(f"LoadGen at {order.rate:,}/s")
        return official.run(order.rate, SECONDS)

    own, other = in_turn(PAIRS, [ours, theirs])
    return (
        Rounds([one for one in own.results if isinstance(one, Outcome)], own.why_not),
        Rounds([one for one in other.results if isinstance(one, IssueDelay)], other.why_not),
    )


def rows_of(rate: int, ours: Rounds[Outcome], theirs: Rounds[IssueDelay]) -> list[Row]:
    """Lag by LoadGen's, and what a query costs us."""
    conditions = f"Poisson, {rate:,}/s, {SECONDS} s, HTTP"
    return [
        measured(
            Row(what="send lag p50 by LoadGen", conditions=conditions, unit="us", goal=Goal(0.5)),
            ours.each(lambda outcome: outcome.send_lag_p50_ns / 1_000),
            theirs.each(lambda delay: delay.p50_ns / 1_000),
        ),
        measured(
            Row(what="send lag p99 by LoadGen", conditions=conditions, unit="us", goal=Goal(1.0)),
            ours.each(lambda outcome: outcome.send_lag_p99_ns / 1_000),
            theirs.each(lambda delay: delay.p99_ns / 1_000),
        ),
        measured(
            Row(what="core taken by others", conditions=conditions, unit="% of the time"),
            ours.each(lambda outcome: 100 * outcome.run_delay_ns / outcome.elapsed_ns),
        ),
        measured(
            Row(what="http, paced", conditions=conditions, unit="CPU us/request"),
            ours.each(lambda outcome: outcome.cpu_us),
        ),
    ]


SECTION = Section("pacing", steps=len(RATES) * PAIRS * 2, seconds=len(RATES) * PAIRS * 2 * 5, run=run)
