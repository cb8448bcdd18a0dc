"""What an import will write: arrays whose sizes are known before the first of their bytes is made."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.npz_columns import OFFSETS

RECIPE = 1
"""Raised when an import makes other bytes of the same data: what an older one has begun is then not gone on with."""


class Part(NamedTuple):
    """Some of an array's bytes, made when they are written."""

    size_bytes: int
    samples: int
    """That are done with it, for the progress."""
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Member:
    """One array."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    parts: Callable[[], Iterator[Part]]
    """Anew each time, in their order."""


@dataclass(frozen=True, slots=True)
class Import:
    """A library to be written."""

    samples: int
    members: tuple[Member, ...]
    about: str
    """What it is of, for people."""
    fingerprint: str
    """Equal where the bytes will be."""


def whole(name: str, array: NDArray[np.generic]) -> Member:
    """An array that is there already."""
    array = np.ascontiguousarray(array)
    return Member(name, array.dtype, array.shape, lambda: iter([Part(array.nbytes, 0, array.tobytes)]))


def texts(name: str, values: Sequence[bytes]) -> tuple[Member, Member]:
    """Texts of any length, as `datasets.npz` reads them."""
    joined = b"".join(values)
    offsets = np.cumsum([0, *(len(value) for value in values)], dtype=np.int64)
    return (
        Member(name, np.dtype("S1"), (len(joined),), lambda: iter([Part(len(joined), 0, lambda: joined)])),
        whole(f"{name}{OFFSETS}", offsets),
    )


def fingerprint(**facts: Any) -> str:
    """Of what the bytes follow from."""
    return hashlib.sha256(json.dumps({"recipe": RECIPE, **facts}, sort_keys=True).encode()).hexdigest()


def digest(lines: Iterable[str]) -> str:
    """Of a list of any length."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode() + b"\n")
    return found.hexdigest()
