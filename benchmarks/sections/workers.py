"""Several workers: what sharding a stream costs, and what more cores bring."""

from dataclasses import asdict, replace
from typing import Any

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case, Target
from benchmarks.clients.ours import Order, Outcome, side_by_side
from benchmarks.goals import Goal, Row, not_measured
from benchmarks.machine import Cores, free_cores
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.rounds import MIN_PAIRS

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
    for rate in RATES:
        one, two = _rounds(bench, rate)
        rows.append(
            Row(
                what="2 workers at half the rate by 1",
                conditions=f"Poisson, {rate:,}/s in all, HTTP, {_where(bench.cores)}",
                unit="CPU us/request",
                ours=[_cpu_us(outcomes) for outcomes in two],
                theirs=[_cpu_us(outcomes) for outcomes in one],
                goal=Goal(1.1),
            )
        )
        raw[f"{rate}/s"] = {
            "two": [[asdict(outcome) for outcome in outcomes] for outcomes in two],
            "one": [[asdict(outcome) for outcome in outcomes] for outcomes in one],
        }
    return Findings([*rows, _scaling(bench)], raw)


def _rounds(bench: Bench, rate: int) -> tuple[list[list[Outcome]], list[list[Outcome]]]:
    one: list[list[Outcome]] = []
    two: list[list[Outcome]] = []
    with NullServer(bench.folder, "http", bench.cores.server, Model(PACED.input_values)) as server:
        order = Order(protocol="http", case=PACED, target=Target(server.port, bench.cores.client), rate=rate)
        second = Target(server.port, _second_core(bench.cores))
        halves = [replace(order, workers=2), replace(order, worker=1, workers=2, target=second)]
        for _ in range(MIN_PAIRS):
            bench.progress.step(f"two workers at half of {rate:,}/s")
            two.append(side_by_side(halves))
            bench.progress.step(f"one worker at {rate:,}/s")
            one.append(side_by_side([order]))
    return one, two


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


SECTION = Section("workers", steps=len(RATES) * MIN_PAIRS * 2, seconds=len(RATES) * MIN_PAIRS * 6, run=run)
