"""What the answers of a round hold, handed over as it comes, unread.

Sending waits for the coordinator. That holds the load up, which no accuracy round is judged by: in such a one a worker
never holds more than a chunk and an answer. A round whose performance is judged hands over at its end, unless what is
logged grows beyond what a worker should hold.
"""

from array import array
from collections.abc import Callable
from typing import Protocol

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.protocol.frames import MAX_FRAME_BYTES, Frame, Outputs
from inferometer_loadgen.worker.asking import PrepareError

CHUNK_BYTES = 1_000_000
CHUNK_ROWS = 10_000
MAX_ANSWER_BYTES = MAX_FRAME_BYTES - 2 * CHUNK_BYTES
"""What is left of a frame beside a chunk that is nearly full, and its columns."""
CHUNK_SPAN = 400_000
"""Rows from the first to the last of a chunk of logged answers. In a closed loop nobody knows how many there will be,
and a coordinator takes no row that is a million beyond those that it has heard of."""
HELD_BYTES = 256_000_000
"""Of logged answers, at most."""


class Sink(Protocol):
    """The way to the coordinator."""

    def send(self, frame: Frame) -> None:
        """Sends a frame, waiting as long as it takes."""


class OutputsSender:
    """Gathers answers into chunks and sends each when it is full. Takes nothing before `begin`."""

    def __init__(self, link: Sink) -> None:
        self._link = link
        self._is_open = False
        self._is_wanted: Callable[[int], bool] | None = None
        self._chunks: list[Outputs] = []
        self._held = 0
        self._empty()

    def begin(self, is_wanted: Callable[[int], bool] | None = None) -> None:
        """From now on answers are kept: all of them, each sent soon, or those of wanted rows, to be sent at the end."""
        self._is_open, self._is_wanted = True, is_wanted

    def keep(self, row: int, json_length: int, data: bytes) -> None:
        """Takes one answer. Raises PrepareError where it is longer than a frame can be."""
        if not self._is_open or (self._is_wanted is not None and not self._is_wanted(row)):
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
        is_long = row - self._rows[0] >= CHUNK_SPAN
        if is_long or len(self._data) >= CHUNK_BYTES or len(self._rows) >= CHUNK_ROWS:
            self._close_chunk()
            if self._is_wanted is None or self._held > HELD_BYTES:
                self.flush()

    def end(self) -> None:
        """Sends what is left, and takes nothing until it begins again."""
        self._is_open = False
        self.flush()

    def flush(self) -> None:
        """Sends what was gathered."""
        self._close_chunk()
        for chunk in self._chunks:
            self._link.send(chunk)
        self._chunks.clear()
        self._held = 0

    def _close_chunk(self) -> None:
        if self._rows:
            self._held += len(self._data)
            self._chunks.append(
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
