"""Bodies of 602 kB, an image of ResNet50 as 32-bit floats: the kernel's copying is nearly all of the cost."""

from dataclasses import asdict

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case
from benchmarks.clients.ours import Ours
from benchmarks.clients.wrk import Wrk
from benchmarks.goals import Goal, Row
from benchmarks.sections.closed import ROUNDS, cpu_us, measure, must_send_the_same, rates

CASE = Case(in_flight=8, input_values=3 * 224 * 224)


def run(bench: Bench) -> Findings:
    """The two in turn."""
    ours, wrk = Ours("http"), Wrk()
    measured = measure(bench, CASE, (ours, wrk))
    size = must_send_the_same(measured, ours.name, wrk.name)
    conditions = f"c = {CASE.in_flight}, {size:,} B HTTP"
    cost = Row(
        what="http by wrk",
        conditions=conditions,
        unit="CPU us/request",
        ours=cpu_us(measured[ours.name]),
        theirs=cpu_us(measured[wrk.name]),
        goal=Goal(1.1),
    )
    throughput = Row(
        what="http by wrk",
        conditions=f"{conditions}, one core",
        unit="requests/s",
        ours=rates(measured[ours.name]),
        theirs=rates(measured[wrk.name]),
    )
    rounds = {name: [asdict(measurement) for measurement in each] for name, each in measured.items()}
    return Findings([cost, throughput], {"case": asdict(CASE), "rounds": rounds})


SECTION = Section("closed loop, 602 kB", steps=ROUNDS * 2, seconds=25, run=run)
