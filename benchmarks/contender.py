"""What a contender is: it sends a case's requests to a server and says what that cost."""

from dataclasses import dataclass
from typing import Protocol

JSON_PART = (
    b'{"inputs":[{"name":"bytes","shape":[1,N],"datatype":"INT32","parameters":{"binary_data_size":S}}],'
    b'"outputs":[{"name":"target_label","parameters":{"binary_data":true}}]}'
)
"""As tritonclient makes it; its length is what Inference-Header-Content-Length says."""
MODEL = "magika"


class BenchmarkError(Exception):
    """The benchmark cannot be run, or its figures would not mean anything; the message says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent: each request as soon as a connection is free (closed loop), or at `rate` a second (open loop)."""

    name: str
    connections: int
    body_bytes: int
    """Of a request, its JSON included and its head not."""
    answer_bytes: int
    """Of an answer's body."""
    seconds: int
    expected_rate: float = 0.0
    """Closed loop: about what one core does. Only a first guess of how many requests fill the time."""
    rate: float | None = None

    def body(self) -> bytes:
        """The one body that all requests carry."""
        return JSON_PART + bytes(self.body_bytes - len(JSON_PART))


@dataclass(frozen=True, slots=True)
class Target:
    """The server to send to, and the core to send from."""

    port: int
    client_core: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one run cost its client: user and system time of the measured part."""

    requests: int
    cpu_ns: int
    elapsed_ns: int
    send_lag_p50_ns: int | None = None
    """Ours only, as the next two."""
    send_lag_p99_ns: int | None = None
    run_delay_ns: int | None = None
    """How long it was ready to run and waited for its core, as the kernel counts it: its neighbours' doing."""

    @property
    def cpu_us(self) -> float:
        """CPU time a request."""
        return self.cpu_ns / self.requests / 1_000

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.elapsed_ns * 1e9


class Contender(Protocol):
    """One client, each run of it in a process of its own."""

    name: str
    version: str

    def run(self, case: Case, target: Target) -> Measurement:
        """Sends the case's requests. Raises BenchmarkError where that failed in part or in whole."""
