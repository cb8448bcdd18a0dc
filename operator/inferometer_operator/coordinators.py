"""The coordinators of all runs: where each is reached, and with which token."""

from dataclasses import dataclass

import aiohttp

from inferometer_loadgen.client import CoordinatorClient
from inferometer_loadgen.protocol.api import API_PORT
from inferometer_loadgen.protocol.signing import run_token


@dataclass(frozen=True, slots=True)
class Coordinators:
    """A run's token is a function of the operator's key, so that no Secret need be read."""

    session: aiohttp.ClientSession
    key: bytes
    port: int = API_PORT

    def at(self, address: str, run_uid: str) -> CoordinatorClient:
        """The coordinator of a run at its pod's address."""
        host = f"[{address}]" if ":" in address else address
        return CoordinatorClient(self.session, f"http://{host}:{self.port}", self.token(run_uid).encode())

    def token(self, run_uid: str) -> str:
        """What a run's load pods hold."""
        return run_token(self.key, run_uid)
