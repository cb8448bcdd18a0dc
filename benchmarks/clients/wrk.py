"""wrk as a contender: the C client that others are measured by.

It gives no CPU time of its own, so its process's is taken (user and system, from wait4), less what the same command
uses against a listener that never answers: exec, the script, the connections and an idle second's timers. What a
request costs wrk is then what is left, as it is for us, whose figure begins after the preparation too.
"""

import re
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Literal

from benchmarks.clients.child import program
from benchmarks.clients.contender import BenchmarkError, Case, Measurement, Target
from benchmarks.model import NAME, VERSION, Model
from inferometer_loadgen.wire import infer_path

SCRIPT = Path(__file__).with_name("wrk_post.lua")
_DONE = re.compile(r"([0-9]+) requests in ([0-9.]+)s")
_FAILED = re.compile(r"(Socket errors|Non-2xx).*")


class Wrk:
    """Debian's wrk, one thread. Raises BenchmarkError where there is none."""

    name = "wrk"
    protocol: Literal["http", "grpc"] = "http"

    def __init__(self) -> None:
        self.version = _version()
        # By case: on a quiet second it is a few milliseconds, the same for each round.
        self._start_up_ns = cache(self._measure_start_up)

    def run(self, case: Case, target: Target) -> Measurement:
        """One run over the case's whole seconds."""
        output, cpu_ns = _wrk(case, target)
        done, failed = _DONE.search(output), _FAILED.search(output)
        if done is None or failed is not None:
            raise BenchmarkError(f"wrk says: {failed[0] if failed else output}")
        return Measurement(
            requests=int(done[1]),
            cpu_ns=cpu_ns - self._start_up_ns(case, target.client_core),
            rate=int(done[1]) / float(done[2]),
        )

    def _measure_start_up(self, case: Case, client_core: int) -> int:
        with socket.create_server(("127.0.0.1", 0), backlog=case.in_flight) as silent:
            _, cpu_ns = _wrk(case, Target(silent.getsockname()[1], client_core))
        return cpu_ns


def _version() -> str:
    path = shutil.which("wrk")
    if path is None:
        raise BenchmarkError("there is no wrk on PATH. hint: install Debian's package, `apt-get install wrk`, as root")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return said.split()[1] if said else "unknown"


def _wrk(case: Case, target: Target) -> tuple[str, int]:
    """What wrk says, and the CPU time of its process."""
    body, json_length = Model(case.input_values).http_request
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        url = f"http://127.0.0.1:{target.port}{infer_path(NAME, VERSION)}"
        seconds = str(max(1, round(case.seconds)))  # It takes whole ones only.
        command = ["wrk", "--threads", "1", "--connections", str(case.in_flight), "--duration", seconds]
        command += ["--timeout", "30", "--script", str(SCRIPT), url, "--", file.name, str(json_length)]
        return program(command, target.client_core, case.limit_s)
