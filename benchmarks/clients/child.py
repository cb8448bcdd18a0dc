"""A client's process: started, waited for, and what it cost."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

from benchmarks.clients.contender import BenchmarkError

PATIENCE_S = 90


def python_module(module: str, order: bytes) -> bytes:
    """What `python -m MODULE` says on stdout to an order on stdin. Raises BenchmarkError."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", module], input=order, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"{module} did not end within {PATIENCE_S} s") from error
    if done.returncode:
        raise BenchmarkError(f"{module} failed: {done.stderr.decode()[-1000:]}")
    return done.stdout


def program(argv: Sequence[str], core: int, environment: Mapping[str, str] | None = None) -> tuple[str, int]:
    """What a program says, pinned to a core, and the CPU time of its process, by wait4. Raises BenchmarkError."""
    limited = ["taskset", "--cpu-list", str(core), "timeout", "--foreground", str(PATIENCE_S), *argv]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            limited, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        # timeout(1) waits for its child, so the child's time is in its own.
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise BenchmarkError(f"{argv[0]} ended with {process.returncode}: {text[-1000:]}")
    return text, int((usage.ru_utime + usage.ru_stime) * 1e9)
