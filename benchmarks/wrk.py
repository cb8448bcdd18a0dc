"""wrk as a contender: the C client that others are measured by.

It gives no CPU time of its own, so its process's is taken (user and system, from wait4), less what the same command
uses against a listener that never answers: exec, the script, the connections and an idle second's timers. What a
request costs wrk is then what is left, as it is for us, whose figure begins after the preparation too.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.contender import JSON_PART, MODEL, BenchmarkError, Case, Measurement, Target
from inferometer_loadgen.wire import infer_path

SCRIPT = Path(__file__).with_name("wrk_post.lua")
_DONE = re.compile(r"([0-9]+) requests in ([0-9.]+)s")
_FAILED = re.compile(r"(Socket errors|Non-2xx).*")


class Wrk:
    """Debian's wrk, one thread. Raises BenchmarkError where there is none."""

    name = "wrk"

    def __init__(self) -> None:
        self.version = _version()
        # By case: on a quiet second it is a few milliseconds, the same for each round.
        self._start_up_ns = cache(self._measure_start_up)

    def run(self, case: Case, target: Target) -> Measurement:
        """One run over the case's whole seconds."""
        output, cpu_ns = _wrk(case, target, case.seconds)
        done, failed = _DONE.search(output), _FAILED.search(output)
        if done is None or failed is not None:
            raise BenchmarkError(f"wrk says: {failed[0] if failed else output}")
        return Measurement(
            requests=int(done[1]),
            cpu_ns=cpu_ns - self._start_up_ns(case, target.client_core),
            elapsed_ns=int(float(done[2]) * 1e9),
        )

    def _measure_start_up(self, case: Case, client_core: int) -> int:
        with socket.create_server(("127.0.0.1", 0), backlog=case.connections) as silent:
            _, cpu_ns = _wrk(case, Target(silent.getsockname()[1], client_core), seconds=1)
        return cpu_ns


def _version() -> str:
    path = shutil.which("wrk")
    if path is None:
        raise BenchmarkError("there is no wrk on PATH. hint: install Debian's package, `apt-get install wrk`, as root")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return said.split()[1] if said else "unknown"


def _wrk(case: Case, target: Target, seconds: int) -> tuple[str, int]:
    """What wrk says, and the CPU time of its process."""
    with tempfile.NamedTemporaryFile() as body, tempfile.TemporaryFile() as output:
        body.write(case.body())
        body.flush()
        url = f"http://127.0.0.1:{target.port}{infer_path(MODEL, '')}"
        command = ["taskset", "--cpu-list", str(target.client_core), "wrk", "--threads", "1"]
        command += ["--connections", str(case.connections), "--duration", str(seconds), "--timeout", "30"]
        command += ["--script", str(SCRIPT), url, "--", body.name, str(len(JSON_PART))]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, wait_status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode:
        raise BenchmarkError(f"wrk ended with {process.returncode}: {text}")
    return text, int((usage.ru_utime + usage.ru_stime) * 1e9)
