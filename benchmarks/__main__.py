"""`python -m benchmarks`: the sitting, a table for people, JSON under build/bench/ for programs."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.contender import BenchmarkError, Measurement
from benchmarks.machine import Machine, this_machine, two_cores
from benchmarks.null_server import build
from benchmarks.ours import Ours
from benchmarks.sitting import CLOSED, OPEN, PAIRS, Cores, Duel, Solo, duel, solo
from benchmarks.wrk import Wrk

FOLDER = Path("build/bench")
NOT_SHOWN = (
    "What this does not show: a network, TLS, a real server (a request is a thousand times the work there), more than",
    "one client process, large answers, or a quiet machine. Compare the ratios of one sitting, never two sittings.",
)


def main() -> int:
    console = Console(width=120, highlight=False)
    try:
        machine, cores, ours, wrk = this_machine(), two_cores(), Ours(), Wrk()
        FOLDER.mkdir(parents=True, exist_ok=True)
        program = build(FOLDER)
        duels = [duel(case, ours, wrk, program, cores) for case in CLOSED]
        solos = [solo(case, ours, program, cores) for case in OPEN]
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(console, machine, cores, duels, solos, wrk.version)
    results = {"machine": asdict(machine), "wrk": wrk.version, "duels": duels, "solos": solos}
    (FOLDER / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    return 0


def show(
    console: Console,
    machine: Machine,
    cores: Cores,
    duels: Sequence[Duel],
    solos: Sequence[Solo],
    wrk_version: str,
) -> None:
    console.print(
        f"{machine.processor}, {machine.cores} cores, Linux {machine.kernel}, Python {machine.python}\n"
        f"wrk {wrk_version}, loopback, server on core {cores.server}, client on core {cores.client}, load before "
        f"{machine.load_before:.1f}"
    )
    console.print(closed_table(duels))
    console.print(open_table(solos))
    for line in NOT_SHOWN:
        console.print(line)


def closed_table(duels: Sequence[Duel]) -> Table:
    table = Table(
        title=f"CPU a request, us, and rate of ours and wrk: median of {PAIRS} rounds in turn (range)",
        title_justify="left",
    )
    for heading in ("case", "in flight", "bytes", "ours", "wrk", "ratio", "requests/s"):
        table.add_column(heading, justify="left" if heading == "case" else "right", no_wrap=True)
    for result in duels:
        ratio = result.ratio
        table.add_row(
            result.case.name,
            str(result.case.connections),
            f"{result.bytes_a_request:,}",
            spread([round_.cpu_us for round_ in result.ours]),
            spread([round_.cpu_us for round_ in result.theirs]),
            f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})",
            f"{median_rate(result.ours):,.0f}  {median_rate(result.theirs):,.0f}",
        )
    return table


def open_table(solos: Sequence[Solo]) -> Table:
    table = Table(title="Poisson arrivals, ours alone: us, median of the rounds (range)", title_justify="left")
    for heading in ("case", "CPU a request", "send lag p50", "send lag p99", "core taken by others, %"):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for result in solos:
        table.add_row(
            result.case.name,
            spread([round_.cpu_us for round_ in result.ours]),
            spread([(round_.send_lag_p50_ns or 0) / 1_000 for round_ in result.ours]),
            spread([(round_.send_lag_p99_ns or 0) / 1_000 for round_ in result.ours]),
            spread([100 * (round_.run_delay_ns or 0) / round_.elapsed_ns for round_ in result.ours]),
        )
    return table


def spread(values: Sequence[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def median_rate(rounds: Sequence[Measurement]) -> float:
    return median(round_.rate for round_ in rounds)


if __name__ == "__main__":
    sys.exit(main())
