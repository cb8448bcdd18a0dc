"""`python -m benchmarks [SECTION...]`: the sitting, tables for people, JSON under build/bench/ for programs."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import BenchmarkError
from benchmarks.goals import Row
from benchmarks.machine import Machine, this_machine, two_cores
from benchmarks.null_servers import build
from benchmarks.progress import Progress
from benchmarks.sections import SECTIONS
from benchmarks.table import table_of

FOLDER = Path("build/bench")
LIMIT_S = 540
"""No step begins later, so that a sitting is over within ten minutes."""
NOT_SHOWN = (
    "Goals are wishes beside the figures, not tests. What this does not show: a network, TLS, a real server (there, a "
    "request is a thousand times the work), large answers, or a quiet machine. Both sides of a ratio were measured in "
    "turn; compare the ratios of one sitting, never figures of two."
)


def main(names: Sequence[str]) -> int:
    """All sections, or those whose name contains one of `names`. 1 when a section or a contender failed."""
    console = Console(width=150, highlight=False)
    sections = [section for section in SECTIONS if not names or any(name in section.name for name in names)]
    try:
        machine, cores = this_machine(), two_cores()
        FOLDER.mkdir(parents=True, exist_ok=True)
        build(FOLDER)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    bench = Bench(FOLDER, cores, Progress(sum(section.seconds for section in sections), LIMIT_S))
    console.print(
        f"{machine.processor}, {machine.cores} cores, Linux {machine.kernel}, Python {machine.python}; load before "
        f"{machine.load_before:.1f}\nloopback, null servers on core {cores.server}, clients on core {cores.client}"
    )
    failed = 0
    for section in sections:
        findings = _measured(section, bench)
        bench.progress.end()
        failed += findings is None or bool(findings.failures)
        if findings is not None:
            for name, why in findings.failures.items():
                print(f"error: {section.name}: {name}: {why}", file=sys.stderr)
            console.print(table_of(section.name, findings.rows))
            write(section, findings, machine)
    console.print(NOT_SHOWN)
    return 1 if failed else 0


def _measured(section: Section, bench: Bench) -> Findings | None:
    """A section's findings; None, and why, where it failed: the others are worth having all the same."""
    bench.progress.begin(section.name, section.steps, section.seconds)
    try:
        return section.run(bench)
    except BenchmarkError as error:
        bench.progress.end()
        print(f"error: {section.name}: {error}", file=sys.stderr)
        return None


def write(section: Section, findings: Findings, machine: Machine) -> None:
    """A section's JSON: its lines, who failed and why, and every figure."""
    result = {
        "machine": asdict(machine),
        "rows": [_row(row) for row in findings.rows],
        "failures": findings.failures,
        "raw": findings.raw,
    }
    name = "".join(letter if letter.isalnum() else "-" for letter in section.name).replace("--", "-")
    (FOLDER / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))


def _row(row: Row) -> dict[str, Any]:
    return {**asdict(row), "goal": str(row.goal or ""), "ratio": row.ratio, "figure": row.figure, "word": row.word}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
