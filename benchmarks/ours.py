"""Our client as a contender: the measured loop of a worker, with a worker's preparation, in a process of its own."""

import subprocess
import sys

import msgspec

from benchmarks.contender import BenchmarkError, Case, Measurement, Target
from inferometer_loadgen import __version__

PATIENCE_S = 60


class Ours:
    """Runs `benchmarks.our_process`."""

    name = "inferometer"
    version = __version__

    def run(self, case: Case, target: Target) -> Measurement:
        """One run; its CPU time is `time.process_time` around `MeasuredLoop.run`."""
        command = [sys.executable, "-m", "benchmarks.our_process"]
        order = msgspec.json.encode((case, target))
        done = subprocess.run(command, input=order, capture_output=True, timeout=PATIENCE_S, check=False)
        if done.returncode:
            raise BenchmarkError(f"our client failed: {done.stderr.decode()[-1000:]}")
        return msgspec.json.decode(done.stdout, type=Measurement)
