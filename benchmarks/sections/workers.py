"""Several workers: what sharding a stream costs, and what more cores bring."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case, Target
from benchmarks.clients.ours import Order, Outcome, side_by_side
from benchmarks.goals import Goal, Row, measured, not_measured
from benchmarks.machine import Cores, free_cores
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.rounds import MIN_PAIRS, Rounds, in_turn

RATES = (2_000, 10_000)
"""At the higher one answers and sends share wake-ups, of which two workers have fewer to share."""
PACED = Case(in_flight=32, input_values=64, seconds=2)
CLOSED = Case(in_flight=32, input_values=64)
SCALING = Row(
    what="2 workers' requests by 1 worker's",
    conditions="c = 32 each, HTTP, a server and a core each",
    unit="requests/s",
    goal=Goal(1.9, at_least=True),
)


def run(bench: Bench) -> Findings:
    """Two at half the rate beside one; two at full speed beside one where there are cores for it."""
    rows: list[Row] = []
    raw: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for rate in RATES:
        two, one, half = _rounds(bench, rate)
        row = Row(
            what="2 workers at half the rate by 1",
            conditions=f"Poisson, {rate:,}/s in all, HTTP, {_where(bench.cores)}",
            unit="CPU us/request",
            goal=Goal(1.1),
        )
        # What of it is the lower rate's doing, and what the sharding's: fewer things happen in one wake-up.
        at_half = replace(
            row,
            what="the same by 1 at half the rate",
            conditions=f"each at {rate // 2:,}/s",
            goal=None,
        )
        rows += [
            measured(row, two.each(_cpu_us), one.each(_cpu_us)),
            measured(at_half, two.each(_cpu_us), half.each(_cpu_us)),
        ]
        by_name = {"two": two, "one": one, "one at half the rate": half}
        raw[f"{rate}/s"] = {
            name: [[asdict(outcome) for outcome in outcomes] for outcomes in rounds.results]
            for name, rounds in by_name.items()
        }
        failures |= {f"{name} at {rate:,}/s": rounds.why_not for name, rounds in by_name.items() if rounds.why_not}
    return Findings([*rows, _scaling(bench)], raw, failures)


def _rounds(bench: Bench, rate: int) -> list[Rounds[list[Outcome]]]:
    """In turn: two workers at half the rate, one at the whole, one at half of it."""
    with NullServer(bench.folder, "http", bench.cores.server, Model(PACED.input_values)) as server:
        whole = Order(protocol="http", case=PACED, target=Target(server.port, bench.cores.client), rate=rate)
        second = Target(server.port, _second_core(bench.cores))
        halves = [replace(whole, workers=2), replace(whole, worker=1, workers=2, target=second)]

        def run(what: str, orders: Sequence[Order]) -> list[Outcome]:
            bench.progress.step(f"{what} {rate:,}/s")
            return side_by_side(orders)

        return in_turn(
            MIN_PAIRS,
            [
                lambda: run("two workers at half of", halves),
                lambda: run("one worker at", [whole]),
                lambda: run("one worker at half of", [replace(whole, rate=rate / 2)]),
            ],
        )


def _second_core(cores: Cores) -> int:
    return cores.others[0] if cores.others else cores.server


def _where(cores: Cores) -> str:
    return "a core each" if cores.others else "the second on the server's core"


def _cpu_us(outcomes: list[Outcome]) -> float:
    return sum(outcome.cpu_ns for outcome in outcomes) / sum(outcome.requests for outcome in outcomes) / 1_000


def _scaling(bench: Bench) -> Row:
    free = free_cores()
    if free < 4 or len(bench.cores.others) < 2:
        return not_measured(SCALING, f"{free} cores are free, and it takes four")
    first, second = bench.cores.others[:2]
    model = Model(CLOSED.input_values)
    one, two = [], []
    with (
        NullServer(bench.folder, "http", bench.cores.server, model) as server,
        NullServer(bench.folder, "http", first, model) as other,
    ):
        alone = Order(protocol="http", case=CLOSED, target=Target(server.port, bench.cores.client))
        beside = replace(alone, target=Target(other.port, second))
        for _ in range(MIN_PAIRS):
            two.append(_rate(side_by_side([alone, beside])))
            one.append(_rate(side_by_side([alone])))
    return replace(SCALING, ours=two, theirs=one)


def _rate(outcomes: list[Outcome]) -> float:
    return sum(outcome.requests / outcome.elapsed_ns * 1e9 for outcome in outcomes)


SECTION = Section("workers", steps=len(RATES) * MIN_PAIRS * 3, seconds=len(RATES) * MIN_PAIRS * 8, run=run)
