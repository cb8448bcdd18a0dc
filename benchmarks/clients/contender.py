"""What a contender is: it sends a case's requests to a server and says what that cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol


class BenchmarkError(Exception):
    """The benchmark cannot be run, or its figures would not mean anything; the message says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, each request as soon as an answer has made room (closed loop)."""

    in_flight: int
    input_values: int
    """Of the one input, 4 bytes each."""
    seconds: float = 1.0

    @property
    def limit_s(self) -> float:
        """How long a client may take over a run of it: its start and a busy machine's delays are in it."""
        return 20.0 + 10.0 * self.seconds


@dataclass(frozen=True, slots=True)
class Target:
    """The server to send to, and the core to send from."""

    port: int
    client_core: int
    is_pinned: bool = True
    """Else the client may run on any core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one run cost its client: user and system time of the measured part."""

    requests: int
    """0 where the client does not tell of all: then the server's count stands for it."""
    cpu_ns: int
    rate: float
    """Requests per second."""
    bytes_a_request: int = 0
    """As the server counted them, heads and frames included; 0 where it was not asked."""

    @property
    def cpu_us(self) -> float:
        """CPU time a request."""
        return self.cpu_ns / self.requests / 1_000


class Contender(Protocol):
    """One client, each run of it in a process of its own."""

    name: str
    version: str
    protocol: Literal["http", "grpc"]

    def run(self, case: Case, target: Target) -> Measurement:
        """Sends the case's requests. Raises BenchmarkError where that failed in part or in whole."""


class Absent:
    """Stands in for a client that cannot be had: each run of it says why."""

    version = "none"

    def __init__(self, name: str, protocol: Literal["http", "grpc"], why: str) -> None:
        self.name = name
        self.protocol = protocol
        self._why = why

    def run(self, case: Case, target: Target) -> Measurement:
        """Raises BenchmarkError."""
        raise BenchmarkError(self._why)


def or_absent(name: str, protocol: Literal["http", "grpc"], make: Callable[[], Contender]) -> Contender:
    """The client that `make` gives, or its stand-in where that raises BenchmarkError."""
    try:
        return make()
    except BenchmarkError as error:
        return Absent(name, protocol, str(error))
