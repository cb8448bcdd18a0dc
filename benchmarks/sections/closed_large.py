"""Bodies of 602 kB, an image of ResNet50 as 32-bit floats: the kernel's copying is nearly all of the cost."""

from dataclasses import asdict

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case, or_absent
from benchmarks.clients.ours import Ours
from benchmarks.clients.wrk import Wrk
from benchmarks.goals import Goal, Row
from benchmarks.goals import measured as row_of
from benchmarks.sections.closed import ROUNDS, cpu_us, failures, measure, must_send_the_same, rates, raw_rounds

CASE = Case(in_flight=8, input_values=3 * 224 * 224)


def run(bench: Bench) -> Findings:
    """The two in turn."""
    ours, wrk = Ours("http"), or_absent(Wrk.name, Wrk.protocol, Wrk)
    measured = measure(bench, CASE, (ours, wrk))
    size = must_send_the_same(measured, ours.name, wrk.name)
    conditions = f"c = {CASE.in_flight}, {size:,} B HTTP"
    cost = Row(what="http by wrk", conditions=conditions, unit="CPU us/request", goal=Goal(1.1))
    throughput = Row(what="http by wrk", conditions=f"{conditions}, one core", unit="requests/s")
    rows = [
        row_of(cost, cpu_us(measured[ours.name]), cpu_us(measured[wrk.name])),
        row_of(throughput, rates(measured[ours.name]), rates(measured[wrk.name])),
    ]
    return Findings(rows, {"case": asdict(CASE), "rounds": raw_rounds(measured)}, failures(measured))


SECTION = Section("closed loop, 602 kB", steps=ROUNDS * 2, seconds=25, run=run)
