"""The answers of a round on disk: as they came, each row once, read again one at a time."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.coordinator.merge import MAX_AHEAD
from inferometer_loadgen.plan import AccuracyLog
from inferometer_loadgen.protocol.frames import Outputs
from inferometer_loadgen.stream import LoggedSamples, Stream

DATA, INDEX = "outputs.bin", "outputs.npz"
"""In a folder: the answers one after another, and where each row's is."""
LOGGED = "TEST01"
"""Below the folder of an accuracy round's answers, that of those that were logged while performance was measured."""


class OutputsError(Exception):
    """What was handed over is not the outputs of this run's answers."""


class KeptAnswer(NamedTuple):
    """One sample's part of an answer, as it came."""

    row: int
    """Of the stream: LoadGen's sequence id, where a row is one sample."""
    sample: int
    """LoadGen's qsl_idx."""
    position: int
    """In its row: which of the answer's batch it is."""
    samples: int
    """In its row."""
    json_length: int
    data: bytes
    """The whole answer."""


class OutputsSpool:
    """Where each row's answer is in one file; in memory it costs 24 bytes a row.

    The file is in `folder`, to be found there by `stored` once `store` was called, or has no name. A round that is open
    ended may have more rows than `rows`.
    """

    def __init__(self, rows: int, workers: int, folder: Path | None = None, *, is_open_ended: bool = False) -> None:
        self._workers = workers
        self._is_open_ended = is_open_ended
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            # Of an earlier run in the same folder, it would tell where that one's answers were.
            (folder / INDEX).unlink(missing_ok=True)
        self._file: BinaryIO = (
            tempfile.TemporaryFile() if folder is None else (folder / DATA).open("w+b")  # noqa: SIM115 - see `close`
        )
        self._end = 0
        self._offset = np.full(rows, -1, dtype=np.int64)
        self._size = np.zeros(rows, dtype=np.int64)
        self._json_length = np.zeros(rows, dtype=np.int64)

    @property
    def folder(self) -> Path | None:
        """Where the answers are left; None where they are not."""
        return self._folder

    @classmethod
    def stored(cls, folder: Path) -> Self:
        """The answers that a run has left in a folder. Raises OSError where it has left none."""
        with np.load(folder / INDEX, allow_pickle=False) as index:
            spool = cls(len(index["offset"]), 1)
            spool._offset, spool._size, spool._json_length = (index[name] for name in ("offset", "size", "json_length"))
        spool.close()
        spool._file = (folder / DATA).open("rb")
        return spool

    def store(self) -> None:
        """Leaves in the folder, if there is one, what else is needed to read the answers again."""
        if self._folder is not None:
            self._file.flush()
            np.savez(self._folder / INDEX, offset=self._offset, size=self._size, json_length=self._json_length)

    def close(self) -> None:
        """Gives the disk back."""
        self._file.close()

    def add(self, worker: int, frame: Outputs) -> None:
        """Takes a worker's frame. Raises OutputsError for a row that was there or is none of this worker's."""
        if any(len(column) % 8 for column in (frame.rows, frame.sizes, frame.json_lengths)):
            raise OutputsError("a frame's column ends in the middle of a number")
        rows, sizes, json_lengths = (
            np.frombuffer(column, dtype="<i8") for column in (frame.rows, frame.sizes, frame.json_lengths)
        )
        if not len(rows) == len(sizes) == len(json_lengths) or sizes.min(initial=0) < 0:
            raise OutputsError("a frame's columns do not fit each other")
        if int(sizes.sum()) != len(frame.data):
            raise OutputsError(f"a frame holds {len(frame.data):,} bytes of answers, its sizes say {sizes.sum():,}")
        if self._is_open_ended and len(rows):
            self._grow(int(rows.max()) * self._workers + worker + 1)
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(range(worker, len(self._offset), self._workers)):
            raise OutputsError(f"rows {rows.min()} to {rows.max()} are not all its own")
        index = worker + rows * self._workers
        if (self._offset[index] >= 0).any() or len(np.unique(rows)) != len(rows):
            raise OutputsError("an answer came twice")
        self._file.seek(self._end)
        self._file.write(frame.data)
        self._offset[index] = self._end + np.cumsum(sizes) - sizes
        self._size[index], self._json_length[index] = sizes, json_lengths
        self._end += len(frame.data)

    def _grow(self, rows: int) -> None:
        missing = min(rows, len(self._offset) + MAX_AHEAD) - len(self._offset)
        if missing > 0:
            self._offset = np.append(self._offset, np.full(missing, -1, dtype=np.int64))
            self._size = np.append(self._size, np.zeros(missing, dtype=np.int64))
            self._json_length = np.append(self._json_length, np.zeros(missing, dtype=np.int64))

    def logged(self, stream: Stream, log: AccuracyLog) -> Iterator[KeptAnswer]:
        """Each logged sample of the stream, in the order in which it was asked for; one of the library may come again.

        Raises OutputsError where one is missing.
        """
        places = np.flatnonzero(LoggedSamples(log).take(stream.sample.size))
        rows = places // stream.samples_per_row
        there = np.zeros(len(rows), dtype=np.bool)
        known = rows < len(self._offset)
        there[known] = self._offset[rows[known]] >= 0
        if not there.all():
            raise OutputsError(f"{np.count_nonzero(~there):,} of {len(there):,} logged answers were not handed over")
        yield from self._at(stream, places.tolist())

    def answers_to(self, stream: Stream, samples: NDArray[np.int64]) -> Iterator[KeptAnswer]:
        """Of some samples of the library the first answer each, in their order. Raises OutputsError for one without."""
        asked, first = np.unique(stream.sample, return_index=True)
        found = np.searchsorted(asked, samples)
        if (found >= len(asked)).any() or (asked[np.minimum(found, len(asked) - 1)] != samples).any():
            raise OutputsError("a logged sample was not asked for in the accuracy round")
        yield from self._at(stream, first[found].tolist())

    def missing(self) -> int:
        """Rows without an answer."""
        return int(np.count_nonzero(self._offset < 0))

    def answers(self, stream: Stream) -> Iterator[KeptAnswer]:
        """Each sample of the stream once, in the order of samples. Raises OutputsError where an answer is missing.

        MultiStream fills its last query up with samples that were asked before: the first answer counts.
        """
        if self.missing():
            raise OutputsError(f"{self.missing():,} of {len(self._offset):,} answers were not handed over")
        _, first = np.unique(stream.sample, return_index=True)
        yield from self._at(stream, first.tolist())

    def _at(self, stream: Stream, places: Iterable[int]) -> Iterator[KeptAnswer]:
        """The answers to the samples at these places of the stream."""
        per_row = stream.samples_per_row
        for place in places:
            row, position = divmod(place, per_row)
            self._file.seek(int(self._offset[row]))
            yield KeptAnswer(
                row=row,
                sample=int(stream.sample[place]),
                position=position,
                samples=min(per_row, stream.sample.size - row * per_row),
                json_length=int(self._json_length[row]),
                data=self._file.read(int(self._size[row])),
            )
