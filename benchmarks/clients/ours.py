"""Our client: the measured loop of a worker with its carrier, in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from benchmarks.clients.child import python_module
from benchmarks.clients.contender import BenchmarkError, Case, Measurement, Target
from inferometer_loadgen import __version__

MODULE = "benchmarks.clients.our_process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What our process is to do: a closed loop, or its share of a Poisson stream of `rate` queries a second."""

    protocol: Literal["http", "grpc"]
    case: Case
    target: Target
    rate: float = 0.0
    worker: int = 0
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What it says."""

    requests: int
    cpu_ns: int
    elapsed_ns: int
    send_lag_p50_ns: int
    send_lag_p99_ns: int
    run_delay_ns: int
    """How long it was ready to run and waited for its core, as the kernel counts it: its neighbours' doing."""

    @property
    def cpu_us(self) -> float:
        """CPU time a request."""
        return self.cpu_ns / self.requests / 1_000


class Ours:
    """Runs `benchmarks.clients.our_process`."""

    version = __version__

    def __init__(self, protocol: Literal["http", "grpc"]) -> None:
        self.name = f"inferometer {protocol}"
        self.protocol = protocol

    def run(self, case: Case, target: Target) -> Measurement:
        """One run; its CPU time is `time.process_time` around `MeasuredLoop.run`."""
        outcome = self.obey(Order(protocol=self.protocol, case=case, target=target))
        return Measurement(
            requests=outcome.requests,
            cpu_ns=outcome.cpu_ns,
            rate=outcome.requests / outcome.elapsed_ns * 1e9,
        )

    def obey(self, order: Order) -> Outcome:
        """One process with one order."""
        return msgspec.json.decode(python_module(MODULE, msgspec.json.encode(order), order.case.limit_s), type=Outcome)


def side_by_side(orders: Sequence[Order]) -> list[Outcome]:
    """As many processes at the same time. Raises BenchmarkError when one fails."""
    command = [sys.executable, "-m", MODULE]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in orders
    ]
    for process, order in zip(processes, orders, strict=True):
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(order))
        process.stdin.flush()
        process.stdin.close()
        process.stdin = None
    try:
        return [_outcome(process, order.case.limit_s) for process, order in zip(processes, orders, strict=True)]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _outcome(process: "subprocess.Popen[bytes]", limit_s: float) -> Outcome:
    try:
        said, complained = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"our client did not end within {limit_s:g} s") from error
    if process.returncode:
        raise BenchmarkError(f"our client failed: {complained.decode()[-1000:]}")
    return msgspec.json.decode(said, type=Outcome)
