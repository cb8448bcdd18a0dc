"""Which replica a row is sent to."""

from typing import Protocol

from inferometer_loadgen.worker.carrier import Carrier
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Work


class Balance(Protocol):
    """A choice of a replica for each row, made when the row goes."""

    is_by_index: bool
    """Whether the row's index alone decides, so that anybody can tell afterwards where it went."""

    def replica_of(self, row: int) -> int:
        """Where this row goes now."""


class RoundRobin:
    """Row by row in turn, by the global index: the target does not depend on the number of workers."""

    is_by_index = True

    def __init__(self, work: Work, replicas: int) -> None:
        self._first, self._step, self._replicas = work.first, work.step, replicas

    def replica_of(self, row: int) -> int:
        """By the row's index in the whole stream."""
        return (self._first + row * self._step) % self._replicas


class LeastOutstanding:
    """The replica with the fewest queries open, the next one in turn among equals; written into the records.

    It is this worker's knowledge only: with other workers about, their queries are not seen.
    """

    is_by_index = False

    def __init__(self, carrier: Carrier, records: Records, replicas: int) -> None:
        if records.replica is None:
            raise ValueError("records without a column for the replica do not say where a query went")
        self._outstanding, self._column = carrier.outstanding, records.replica
        self._replicas = replicas
        self._last = replicas - 1

    def replica_of(self, row: int) -> int:
        """Looks round from the one after the last, so that equals take turns."""
        in_turn = [(self._last + ahead) % self._replicas for ahead in range(1, self._replicas + 1)]
        self._last = self._column[row] = min(in_turn, key=self._outstanding)
        return self._last
