"""tritonclient's asyncio client over gRPC as a contender: what a Python program does that was not written for this."""

from importlib.metadata import version
from typing import Literal

import msgspec

from benchmarks.clients.child import python_module
from benchmarks.clients.contender import Case, Measurement, Target


class GrpcAio:
    """Runs `benchmarks.clients.grpc_aio_process`."""

    name = "tritonclient grpc.aio"
    protocol: Literal["http", "grpc"] = "grpc"

    def __init__(self) -> None:
        self.version = version("tritonclient")

    def run(self, case: Case, target: Target) -> Measurement:
        """One run; its CPU time is `time.process_time` around the requests."""
        said = python_module("benchmarks.clients.grpc_aio_process", msgspec.json.encode((case, target)), case.limit_s)
        return msgspec.json.decode(said, type=Measurement)
