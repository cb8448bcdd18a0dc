"""The command line as a user has it: a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inferometer_loadgen.report.schema import Report, decode

RUN_WITHIN_S = 90


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def inferometer(*arguments: str, prefix: tuple[str, ...] = ()) -> Ended:
    done = subprocess.run(
        _command(arguments, prefix), capture_output=True, text=True, timeout=RUN_WITHIN_S, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The command while it runs; killed at the end, with all it started, where it has not ended by itself."""
    process = subprocess.Popen(
        _command(arguments, ()), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def run_arguments(spec: Path, url: str, metrics_url: str, output: Path) -> tuple[str, ...]:
    return ("run", str(spec), "--endpoint", url, "--metrics-url", metrics_url, "-o", str(output))


def report_in(folder: Path) -> Report:
    return decode((folder / "report.json").read_bytes())


def wait_for(line_has: str, process: "subprocess.Popen[str]") -> None:
    """Reads the command's standard error up to a line with this text."""
    assert process.stderr is not None
    for line in process.stderr:
        if line_has in line:
            return
    raise AssertionError(f"the command ended without saying `{line_has}`")


def children_of(pid: int, having: str) -> list[int]:
    """Child processes with a word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            words = (path.parent / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if parent == pid and having in words:
            found.append(int(path.parent.name))
    return sorted(found)


def _command(arguments: tuple[str, ...], prefix: tuple[str, ...]) -> tuple[str, ...]:
    return (*prefix, sys.executable, "-m", "inferometer_loadgen", *arguments)
