"""What request bodies may take of a machine's memory, reckoned for all worker processes that share it.

A body of a single sample is there once for all of them; one so small that it is joined to its head is there again in
each process, over HTTP for each replica. A body of several samples is each process's own: others are taken to make as
many.
"""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.requests import JOIN_BYTES


class Budget:
    """The bytes of request bodies that may still be made, of a share of the memory. Raises PrepareError beyond it."""

    def __init__(self, memory_bytes: int, share: float, processes: int = 1) -> None:
        self._memory_bytes, self._share, self._processes = memory_bytes, share, processes
        self._limit_bytes = int(memory_bytes * share)
        self.left = self._limit_bytes

    def expect(self, bodies: int, size: int, *, shared: bool, copies: int) -> None:
        """Refuses what will not fit before it is made: so many bodies of so many bytes.

        `shared`: one of each is there for all processes. `copies`: so many of each in every process.
        """
        need = bodies * self._need(size, shared=shared, copies=copies)
        if need > self.left:
            who = "this worker has" if self._processes == 1 else f"{self._processes} workers on this machine have"
            raise PrepareError(
                RunFailure.SAMPLES_EXCEED_MEMORY,
                f"{bodies:,} request bodies of {size:,} bytes need {need / 2**20:,.0f} MiB; {who} "
                f"{self._limit_bytes / 2**20:,.0f} MiB for them ({self._share:.0%} of "
                f"{self._memory_bytes / 2**20:,.0f} MiB). Raise the memory of spec.load.resources, or use fewer "
                "samples",
            )

    def take(self, size: int, *, shared: bool, copies: int) -> None:
        """Counts a body that was made."""
        self.expect(1, size, shared=shared, copies=copies)
        self.left -= self._need(size, shared=shared, copies=copies)

    def give_back(self) -> None:
        """All bodies are gone."""
        self.left = self._limit_bytes

    def _need(self, size: int, *, shared: bool, copies: int) -> int:
        return size * (shared + copies * self._processes)


def copies_of(plan: Plan, size: int) -> int:
    """How often a process holds a body of its own that is there for all: small ones, joined to each replica's head."""
    if size > JOIN_BYTES:
        return 0
    return 1 if plan.protocol == "grpc" else plan.replicas
