"""A parallel corpus: two texts, line by line a sentence and its translation.

For gnmt the source goes as it is: the words that subword-nmt has cut are what the reference's model takes. Of its
references the cuts are taken out again, as MLPerf's script does before it scores (MLCommons inference,
v0.5/translation/gnmt/tensorflow/process_accuracy.py).
"""

import hashlib
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inferometer_loadgen.datasets.importers.plan import Import, Member, Part, digest, fingerprint, whole
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.npz_columns import OFFSETS

LINES_AT_ONCE = 4096
CUT = b"@@ "
"""What subword-nmt writes between the parts of a word."""
CUT_AT_THE_END = b"@@"


class _Block(NamedTuple):
    """Some lines of a file."""

    at: int
    lines: int
    size_bytes: int
    """Of what is kept of them."""


class _Text(NamedTuple):
    path: Path
    clean: Callable[[bytes], bytes]
    blocks: list[_Block]
    ends: "array[int]"
    """Of each line in what is kept."""
    digest: str
    """Of what is kept."""


def parallel_text(source: Path, reference: Path, *, input_name: str, limit: int | None, is_cut: bool) -> Import:
    """What an import of the two files writes; `is_cut` of references cut by subword-nmt. Raises DataError."""
    asked, expected = _read(source, _as_it_is, limit), _read(reference, _joined if is_cut else _as_it_is, limit)
    lines = len(asked.ends)
    if lines != len(expected.ends):
        raise DataError(
            f"{source} has {lines:,} lines, and {reference} has {len(expected.ends):,}",
            "give two files whose lines belong together",
        )
    if not lines:
        raise DataError(f"{source}: has no line", "give a text, one sentence a line")
    return Import(
        samples=lines,
        members=(*_members(input_name, asked, lines), *_members("label:text", expected, 0)),
        about="a parallel corpus" + (", for gnmt" if is_cut else ""),
        fingerprint=fingerprint(
            input=input_name,
            cut=is_cut,
            texts=[text.digest for text in (asked, expected)],
            lines=[digest(str(end) for end in text.ends) for text in (asked, expected)],
        ),
    )


def _read(path: Path, clean: Callable[[bytes], bytes], limit: int | None) -> _Text:
    """Where its lines are. They are read again when they are written."""
    blocks: list[_Block] = []
    ends = array("q")
    seen = hashlib.sha256()
    total = at = 0
    try:
        with path.open("rb") as file:
            lines = islice(file, limit)
            while block := list(islice(lines, LINES_AT_ONCE)):
                before = total
                for line in block:
                    _check(path, len(ends) + 1, line)
                    kept = clean(line)
                    seen.update(kept)
                    total += len(kept)
                    ends.append(total)
                blocks.append(_Block(at, len(block), total - before))
                at += sum(map(len, block))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", "give a text, one sentence a line") from error
    return _Text(path, clean, blocks, ends, seen.hexdigest())


def _check(path: Path, number: int, line: bytes) -> None:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}:{number}: is no UTF-8 at byte {error.start}", "save the text as UTF-8") from error


def _members(name: str, text: _Text, samples: int) -> tuple[Member, Member]:
    """The text in one array and its offsets; the progress counts the lines of the first text only."""

    def parts() -> Iterator[Part]:
        for block in text.blocks:
            yield Part(block.size_bytes, block.lines if samples else 0, partial(_kept, text, block))

    size = text.ends[-1] if text.ends else 0
    offsets = np.concatenate([[0], np.frombuffer(text.ends, dtype=np.int64)]).astype(np.int64)
    return Member(name, np.dtype("S1"), (size,), parts), whole(f"{name}{OFFSETS}", offsets)


def _kept(text: _Text, block: _Block) -> bytes:
    with text.path.open("rb") as file:
        file.seek(block.at)
        return b"".join(text.clean(line) for line in islice(file, block.lines))


def _as_it_is(line: bytes) -> bytes:
    return line.rstrip(b"\r\n")


def _joined(line: bytes) -> bytes:
    return _as_it_is(line).replace(CUT, b"").removesuffix(CUT_AT_THE_END)
