"""What the answers of an accuracy round hold, handed over as it comes, unread.

Sending waits for the coordinator. It holds the load up, which no accuracy run is judged by, and so a worker never holds
more than one chunk and one answer.
"""

from array import array
from typing import Protocol

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.protocol.frames import MAX_FRAME_BYTES, Frame, Outputs
from inferometer_loadgen.worker.asking import PrepareError

CHUNK_BYTES = 1_000_000
CHUNK_ROWS = 10_000
MAX_ANSWER_BYTES = MAX_FRAME_BYTES - 2 * CHUNK_BYTES
"""What is left of a frame beside a chunk that is nearly full, and its columns."""


class Sink(Protocol):
    """The way to the coordinator."""

    def send(self, frame: Frame) -> None:
        """Sends a frame, waiting as long as it takes."""


class OutputsSender:
    """Gathers answers into chunks and sends each when it is full. Takes nothing before `begin`."""

    def __init__(self, link: Sink) -> None:
        self._link = link
        self._is_open = False
        self._empty()

    def begin(self) -> None:
        """From now on answers are kept."""
        self._is_open = True

    def keep(self, row: int, json_length: int, data: bytes) -> None:
        """Takes one answer. Raises PrepareError where it is longer than a frame can be."""
        if not self._is_open:
            return
        if len(data) > MAX_ANSWER_BYTES:
            raise PrepareError(
                RunFailure.OUTPUTS_LOST,
                f"an answer holds {len(data):,} bytes, and at most {MAX_ANSWER_BYTES:,} can be handed over. Ask for "
                "fewer samples a request",
            )
        self._rows.append(row)
        self._sizes.append(len(data))
        self._json_lengths.append(json_length)
        self._data += data
        if len(self._data) >= CHUNK_BYTES or len(self._rows) >= CHUNK_ROWS:
            self.flush()

    def end(self) -> None:
        """Sends what is left, and takes nothing until it begins again."""
        self._is_open = False
        self.flush()

    def flush(self) -> None:
        """Sends what was gathered."""
        if self._rows:
            self._link.send(
                Outputs(
                    rows=self._rows.tobytes(),
                    sizes=self._sizes.tobytes(),
                    json_lengths=self._json_lengths.tobytes(),
                    data=bytes(self._data),
                )
            )
            self._empty()

    def _empty(self) -> None:
        self._rows, self._sizes, self._json_lengths = array("q"), array("q"), array("q")
        self._data = bytearray()
