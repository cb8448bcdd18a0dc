"""The official LoadGen (mlcommons-loadgen) with a system under test that answers at once: how late does it issue?

Its own trace says of each query how many nanoseconds after it was due it was issued. It is not pinned to a
core, since its log is written by a thread of its own that would be in the way there.
"""

import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec

from benchmarks.clients.child import python_module


@dataclass(frozen=True, slots=True)
class LoadGenOrder:
    """What its process is to do; its logs go to `folder`."""

    rate: float
    seconds: int
    folder: str


@dataclass(frozen=True, slots=True)
class IssueDelay:
    """How late its queries were."""

    queries: int
    p50_ns: int
    p99_ns: int


class OfficialLoadGen:
    """Runs `benchmarks.clients.loadgen_process`."""

    name = "LoadGen"

    def __init__(self) -> None:
        self.version = version("mlcommons-loadgen")

    def run(self, rate: float, seconds: int) -> IssueDelay:
        """One Server run of that length."""
        with tempfile.TemporaryDirectory() as folder:
            order = LoadGenOrder(rate, seconds, str(Path(folder)))
            said = python_module("benchmarks.clients.loadgen_process", msgspec.json.encode(order), 30 + 2 * seconds)
        return msgspec.json.decode(said, type=IssueDelay)
