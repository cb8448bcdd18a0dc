"""`python -m benchmarks.peak`: findPeak beside perf_analyzer's binary search, on a server whose peak is known.

The server is a queue with a fixed service time, so the rate at which p99 is the bound can be reckoned. Both searches
send Poisson arrivals, for the same time at a rate, and are repeated in turn. What it does not show: how they do on a
real server, whose service time varies, or over a network.

Where others use the machine our trials are in doubt, and the search says so instead of finding a rate; as root,
`chrt --rr 5 make bench-peak` keeps them off both.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import FOLDER
from benchmarks.clients.contender import BenchmarkError
from benchmarks.clients.perf_analyzer import PerfAnalyzer
from benchmarks.clients.searches import Found, Search, ours, perf_analyzers
from benchmarks.machine import this_machine, two_cores
from benchmarks.model import Model
from benchmarks.null_servers import NullServer, build
from benchmarks.progress import Progress
from benchmarks.queue_model import highest_rate, latency_at
from benchmarks.table import spread

SERVICE_US = 2_000
SEARCH = Search(least=200, most=600, bound_ms=30, trial_s=3, precision=0.02, measured_s=6)
PERCENTILE = 0.99
REPEATS = 5
A_PAIR_S = 85
LIMIT_S = 900
HEADINGS = (
    "search",
    "found /s (range)",
    "of the true peak",
    "spread",
    "p99 there, long run, ms",
    "seconds (range)",
    "rates tried",
)


def main() -> int:
    """Repeats both in turn. 1 when one of them could not be run."""
    console = Console(width=150, highlight=False)
    try:
        machine, cores = this_machine(), two_cores()
        FOLDER.mkdir(parents=True, exist_ok=True)
        build(FOLDER)
        program = PerfAnalyzer("http")
        found: dict[str, list[Found]] = {"inferometer findPeak": [], "perf_analyzer --binary-search": []}
        searches: dict[str, Callable[[int, Search], Found]] = dict(
            zip(found, (ours, partial(perf_analyzers, program)), strict=True)
        )
        true_peak = highest_rate(SERVICE_US * 1_000, SEARCH.bound_ms * 1_000_000, PERCENTILE)
        progress = Progress(REPEATS * A_PAIR_S, LIMIT_S)
        progress.begin("peak", REPEATS * len(searches), REPEATS * A_PAIR_S)
        for repeat in range(REPEATS):
            for name, search in searches.items():
                progress.step(f"{name}, {repeat + 1} of {REPEATS}")
                with NullServer(FOLDER, "http", cores.server, Model(64), SERVICE_US) as server:
                    found[name].append(search(server.port, SEARCH))
        progress.end()
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console.print(
        f"{machine.processor}, {machine.cores} cores, Python {machine.python}; load before {machine.load_before:.1f}\n"
        f"a queue of {1e6 / SERVICE_US:,.0f} requests/s; in the long run p99 is within {SEARCH.bound_ms} ms up to "
        f"{true_peak:,.0f}/s; rates {SEARCH.least:g} to {SEARCH.most:g}, {SEARCH.trial_s:g} s each, our measured run "
        f"{SEARCH.measured_s:g} s"
    )
    console.print(table(found, true_peak))
    result = {
        "machine": asdict(machine),
        "serviceUs": SERVICE_US,
        "search": asdict(SEARCH),
        "truePeak": true_peak,
        "found": {name: [asdict(one) for one in of] for name, of in found.items()},
    }
    (FOLDER / "peak.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return 0


def table(found: dict[str, list[Found]], true_peak: float) -> Table:
    """A line for each search; a repeat without a rate is counted beside those that have one."""
    lines = Table(title="the highest valid rate", title_justify="left")
    for heading in HEADINGS:
        lines.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    for name, of in found.items():
        rates = [one.rate for one in of if one.rate is not None]
        none = f", {len(of) - len(rates)} of {len(of)} none" if len(rates) < len(of) else ""
        lines.add_row(name, *(_of_rates(rates, true_peak, none) if rates else ("none", "", "", "")), *_costs(of))
    return lines


def _of_rates(rates: Sequence[float], true_peak: float, none: str) -> tuple[str, ...]:
    middle = median(rates)
    there_ms = latency_at(middle, SERVICE_US * 1_000, PERCENTILE) / 1e6
    apart = (max(rates) - min(rates)) / middle
    return f"{spread(rates)}{none}", f"{middle / true_peak:.1%}", f"{apart:.1%}", f"{there_ms:,.1f}"


def _costs(of: Sequence[Found]) -> tuple[str, str]:
    return spread([one.seconds for one in of]), spread([float(one.tried) for one in of])


if __name__ == "__main__":
    sys.exit(main())
