"""Samples from an npz file: one array for each input of the model, its first dimension the sample.

Arrays named `label:NAME` are labels: they are the samples' right answers and are never sent.

Text is an array of fixed width (S or U), or, of any length, all texts in one array of S1 with an array `NAME:offsets`:
the bytes of sample i are those from offset i to offset i + 1. Numbers may be laid one after another in the same way, as
samples of one dimension and of any length.

A user's file is not trusted. `npz_facts` reads the arrays' headers and unpacks nothing else, so that a small file
that unpacks to gigabytes costs the operator nothing; `npz_library`, which runs in the load generator's own process,
unpacks. Pickled objects are refused by both.
"""

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError, Sample, SampleLibrary
from inferometer_loadgen.datasets.metadata import KSERVE_TYPES
from inferometer_loadgen.datasets.npz_columns import OFFSETS, Header, columns_of, labels_of, sample_counts
from inferometer_loadgen.spec.resolve import LibraryFacts

LABEL_PREFIX = "label:"
MAX_ARRAYS = 64
"""As many as spec.model.inputs may name."""

MAX_SAMPLES = 50_000_000
"""As many as a run may have queries. Samples without an element cost no byte: the file's size does not bound them."""

_READ_HEADER = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_SAVE_HINT = "save it with numpy.savez(file, INPUT=array, …), one array for each input, its first dimension the sample"


def npz_facts(data: bytes) -> LibraryFacts:
    """What a plan must know of an npz file's bytes. Raises DataError where it is no sample library."""
    try:
        headers = _headers(data)
    except DataError:
        raise
    except Exception as error:  # zipfile and numpy raise a dozen kinds for a bad file, SystemError among them
        raise _unreadable(error) from error
    return LibraryFacts(samples=_samples(headers), sha256=hashlib.sha256(data).hexdigest())


def npz_library(data: bytes) -> SampleLibrary:
    """The samples of an npz file, unpacked into memory. Raises DataError where it is no sample library."""
    samples = npz_facts(data).samples
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            columns = columns_of(file, lambda name: not name.startswith(LABEL_PREFIX))
    except DataError:
        raise
    except Exception as error:  # as above
        raise _unreadable(error) from error

    def make(index: int) -> Sample:
        return {name: column(index) for name, column in columns.items()}

    return SampleLibrary(total=samples, make=make)


def npz_labels(data: bytes) -> dict[str, NDArray[np.generic]]:
    """The labels of an npz file by their names, without the prefix. Raises DataError where it is no sample library."""
    npz_facts(data)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {
                name.removeprefix(LABEL_PREFIX): label
                for name, label in labels_of(file, lambda name: name.startswith(LABEL_PREFIX)).items()
            }
    except DataError:
        raise
    except Exception as error:  # as above
        raise _unreadable(error) from error


def _headers(data: bytes) -> dict[str, Header]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > MAX_ARRAYS:
            raise DataError(f"the npz file holds {len(members)} arrays, and at most {MAX_ARRAYS} are read", _SAVE_HINT)
        headers = {member.filename.removesuffix(".npy"): _header(archive, member) for member in members}
        if len(headers) != len(members):
            raise DataError("the npz file holds two arrays of one name", _SAVE_HINT)
        return headers


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    with archive.open(member) as file:
        read = _READ_HEADER.get(np.lib.format.read_magic(file))
        if read is None:
            raise ValueError(f"`{member.filename}` has a format of its own")
        shape, _, dtype = read(file)
        size = file.tell() + math.prod(shape) * dtype.itemsize
    if not dtype.itemsize:
        raise ValueError(f"`{member.filename}` has the dtype {dtype}, whose elements have no byte")
    if min(shape, default=0) < 0:
        raise ValueError(f"`{member.filename}` has the shape {shape}")
    if size != member.file_size and not dtype.hasobject:
        raise ValueError(f"`{member.filename}` has {member.file_size} bytes, its header speaks of {size}")
    return shape, dtype


def _samples(headers: Mapping[str, Header]) -> int:
    if all(name.startswith(LABEL_PREFIX) for name in headers):
        raise DataError(f"the npz file holds no array{' but labels' if headers else ''}", _SAVE_HINT)
    for name, (shape, dtype) in headers.items():
        if dtype.newbyteorder("=") not in KSERVE_TYPES and dtype.kind not in "SU":
            raise DataError(
                f"array `{name}` of the npz file has dtype {dtype}, which is not supported",
                f"save it as one of {', '.join(str(known) for known in KSERVE_TYPES)} (BF16 as float32), text as S or U"
                " of fixed width, or as S1 with offsets",
            )
        if not shape or (shape[0] == 0 and f"{name}{OFFSETS}" not in headers):
            raise DataError(
                f"array `{name}` of the npz file has shape {list(shape)}, so it holds no sample", _SAVE_HINT
            )
    counts = sample_counts(headers)
    if len(set(counts.values())) > 1:
        found = ", ".join(f"`{name}` has {count}" for name, count in counts.items())
        raise DataError(f"the arrays of the npz file differ in their number of samples: {found}", _SAVE_HINT)
    samples = next(iter(counts.values()))
    if samples > MAX_SAMPLES:
        raise DataError(f"the npz file holds {samples:,} samples, and at most {MAX_SAMPLES:,} are read", "save fewer")
    return samples


def _unreadable(error: Exception) -> DataError:
    return DataError(f"the sample file is no npz file that can be read: {error}", _SAVE_HINT)
