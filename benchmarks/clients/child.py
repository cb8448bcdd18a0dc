"""A client's process: started, waited for, and what it cost."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.clients.contender import BenchmarkError

KILL_AFTER_S = 3
"""What was asked to end and has not is killed then."""
TIMED_OUT = frozenset({124, 137})
"""How timeout(1) ends when it had to end its child, and when it had to kill it."""


class NotEndedError(BenchmarkError):
    """It took longer than it may."""


def python_module(module: str, order: bytes, limit_s: float) -> bytes:
    """What `python -m MODULE` says on stdout to an order on stdin, within `limit_s`. Raises BenchmarkError."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module], input=order, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotEndedError(f"{module} did not end within {limit_s:g} s") from error
    if done.returncode:
        raise BenchmarkError(f"{module} failed: {done.stderr.decode()[-1000:]}")
    return done.stdout


def program(
    argv: Sequence[str], core: int, limit_s: float, environment: Mapping[str, str] | None = None
) -> tuple[str, int]:
    """What a program says within `limit_s`, pinned to a core, and the CPU time of its process, by wait4.

    Raises BenchmarkError where it fails, NotEndedError where it takes longer.
    """
    timeout = ["timeout", "--foreground", f"--kill-after={KILL_AFTER_S}", f"{limit_s:g}"]
    limited = ["taskset", "--cpu-list", str(core), *timeout, *argv]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            limited, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        # timeout(1) waits for its child, so the child's time is in its own.
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode in TIMED_OUT:
        raise NotEndedError(f"{Path(argv[0]).name} did not end within {limit_s:g} s")
    if process.returncode:
        raise BenchmarkError(f"{Path(argv[0]).name} ended with {process.returncode}: {text[-1000:]}")
    return text, int((usage.ru_utime + usage.ru_stime) * 1e9)
