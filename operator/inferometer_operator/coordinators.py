"""The coordinators of all runs: where each is reached, and with which token."""

from dataclasses import dataclass, field

import aiohttp

from inferometer_loadgen.client import CoordinatorClient, Counter
from inferometer_loadgen.protocol.api import API_PORT
from inferometer_loadgen.protocol.signing import run_token


@dataclass(frozen=True, slots=True)
class Coordinators:
    """A run's token is a function of the operator's key, so that no Secret need be read."""

    session: aiohttp.ClientSession
    key: bytes
    port: int = API_PORT
    counter: Counter = field(default_factory=Counter)
    """One for all: it outlives the clients, which are made for each call."""

    def at(self, address: str, run_uid: str) -> CoordinatorClient:
        """The coordinator of a run at its pod's address."""
        host = f"[{address}]" if ":" in address else address
        url = f"http://{host}:{self.port}"
        return CoordinatorClient(self.session, url, self.token(run_uid).encode(), self.counter)

    def token(self, run_uid: str) -> str:
        """What a run's load pods hold."""
        return run_token(self.key, run_uid)
