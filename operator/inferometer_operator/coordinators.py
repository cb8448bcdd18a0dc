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
    counters: dict[str, Counter] = field(default_factory=dict)
    """One for each run's uid, which outlives the clients: these are made for each call. None is shared: how far a run
    has counted is said by whoever holds its token, and must not matter to another run."""

    def at(self, address: str, run_uid: str) -> CoordinatorClient:
        """The coordinator of a run at its pod's address."""
        host = f"[{address}]" if ":" in address else address
        url = f"http://{host}:{self.port}"
        counter = self.counters.setdefault(run_uid, Counter())
        return CoordinatorClient(self.session, url, self.token(run_uid).encode(), counter)

    def forget(self, run_uid: str) -> None:
        """The run has ended or is gone. Who asks its coordinator all the same counts from the clock again."""
        self.counters.pop(run_uid, None)

    def token(self, run_uid: str) -> str:
        """What a run's load pods hold."""
        return run_token(self.key, run_uid)
