"""The arrays of an npz file as columns of samples: of one shape, or one after another with offsets between them."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError

OFFSETS = ":offsets"
ONE_BYTE = np.dtype("S1")

type Header = tuple[tuple[int, ...], np.dtype[np.generic]]
"""An array's shape and type."""
type Column = Callable[[int], NDArray[np.generic]]
"""From a sample's index to its array."""


class Arrays(Protocol):
    """What numpy's NpzFile is here."""

    @property
    def files(self) -> list[str]:
        """The arrays' names."""

    def __getitem__(self, name: str, /) -> NDArray[np.generic]:
        """Unpacks one of them."""


def sample_counts(headers: Mapping[str, Header]) -> dict[str, int]:
    """How many samples each array holds. Raises DataError where offsets are none, or stand alone."""
    counts = {}
    for name, (shape, dtype) in headers.items():
        if name.endswith(OFFSETS):
            _check_offsets(name, shape, dtype, headers)
        elif f"{name}{OFFSETS}" in headers:
            if len(shape) != 1:
                raise DataError(
                    f"array `{name}` of the npz file has shape {list(shape)}, and offsets are into one dimension",
                    "lay its samples one after another, array.reshape(-1)",
                )
            if dtype.kind in "SU" and dtype != ONE_BYTE:
                raise DataError(
                    f"array `{name}` of the npz file has dtype {dtype} and offsets, which count bytes",
                    "save it as numpy.frombuffer(all_bytes, 'S1')",
                )
            counts[name] = headers[f"{name}{OFFSETS}"][0][0] - 1
        else:
            counts[name] = shape[0]
    return counts


def columns_of(arrays: Arrays, chosen: Callable[[str], bool]) -> dict[str, Column]:
    """The chosen arrays' samples, read-only and little-endian as KServe's tensors are; text as objects, of bytes.

    Raises DataError where offsets do not divide an array.
    """
    return {
        name: _laid_out(name, arrays[name], arrays[f"{name}{OFFSETS}"])
        if f"{name}{OFFSETS}" in arrays.files
        else _of_one_shape(arrays[name])
        for name in arrays.files
        if chosen(name) and not name.endswith(OFFSETS)
    }


def labels_of(arrays: Arrays, chosen: Callable[[str], bool]) -> dict[str, NDArray[np.generic]]:
    """The chosen arrays, the sample first; those with offsets as objects. Raises DataError as `columns_of` does."""
    return {
        name: _objects(_laid_out(name, arrays[name], offsets), len(offsets) - 1)
        if (offsets := arrays[f"{name}{OFFSETS}"] if f"{name}{OFFSETS}" in arrays.files else None) is not None
        else arrays[name]
        for name in arrays.files
        if chosen(name) and not name.endswith(OFFSETS)
    }


def _check_offsets(
    name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic], headers: Mapping[str, Header]
) -> None:
    of = name.removesuffix(OFFSETS)
    if of not in headers:
        raise DataError(
            f"array `{name}` of the npz file is the offsets of an array `{of}`, which is missing", f"save `{of}` too"
        )
    if len(shape) != 1 or shape[0] < 2 or dtype.kind not in "iu":
        raise DataError(
            f"array `{name}` of the npz file has shape {list(shape)} and dtype {dtype}, and is to be offsets",
            "save as int64 where each sample begins, and where the last one ends",
        )


def _of_one_shape(array: NDArray[np.generic]) -> Column:
    if array.dtype.kind in "SU":
        texts = np.empty(array.shape, dtype=np.object_)
        texts.reshape(-1)[:] = [_bytes(text) for text in array.reshape(-1).tolist()]
        array = texts
    else:
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    array.setflags(write=False)
    return lambda index: array[index, ...]


def _laid_out(name: str, array: NDArray[np.generic], offsets: NDArray[np.generic]) -> Column:
    ends = offsets.astype(np.int64)
    if ends[0] != 0 or ends[-1] != len(array) or (np.diff(ends) < 0).any():
        raise DataError(
            f"array `{name}{OFFSETS}` of the npz file does not divide the {len(array):,} elements of `{name}`",
            "save 0, then the end of each sample; the last is the array's length",
        )
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<")))
    array.setflags(write=False)

    def part(index: int) -> NDArray[np.generic]:
        return array[ends[index] : ends[index + 1]]

    def text(index: int) -> NDArray[np.generic]:
        # A text is one element, so that it suits a model's dims [1]. Its zero bytes stay, unlike those of fixed width.
        found = np.empty(1, dtype=np.object_)
        found[0] = part(index).tobytes()
        return found

    return text if array.dtype == ONE_BYTE else part


def _objects(column: Column, samples: int) -> NDArray[np.generic]:
    found = np.empty(samples, dtype=np.object_)
    for index in range(samples):
        value = column(index)
        found[index] = value.item() if value.dtype == np.object_ else value
    return found


def _bytes(text: object) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()
