"""Samples drawn by a seeded generator from what the model says of its inputs.

A sample depends on the seed and its index alone, so that each worker makes only those it sends, and all agree.
Random values exercise shapes and types; they say nothing about how good the answers are.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError, Sample, SampleLibrary
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec, leads_with_batch, sample_dtype, shape_fits

INTEGERS_BELOW = 128
"""Fits INT8, and stays inside of the smallest vocabularies and embedding tables."""

LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz ", np.uint8)
"""Of which text is drawn."""
TEXT_BYTES = 16
"""How long a text is, where the spec does not say."""


@dataclass(frozen=True, slots=True)
class Values:
    """What the spec says of the values that are drawn for one input; None where it leaves them to us."""

    minimum: float | None = None
    maximum: float | None = None
    """Included, for integers."""
    text_bytes: int | None = None
    """The length of each element of an input of BYTES."""


@dataclass(frozen=True, slots=True)
class _Input:
    name: str
    shape: tuple[int, ...]
    datatype: str
    dtype: np.dtype[np.generic]
    values: Values


def synthetic_library(
    metadata: ModelMetadata,
    fixed_shapes: Mapping[str, tuple[int, ...]],
    samples: int,
    seed: int,
    values: Mapping[str, Values] = MappingProxyType({}),
) -> SampleLibrary:
    """Random samples that fit the model: integers in 0..127, floats in [0, 1), booleans, texts of 16 letters.

    `fixed_shapes` are the spec's: one sample's shape for each input that the model leaves open; `values` are other
    ranges and lengths. Raises DataError where one is missing, does not fit, or names an input that the model lacks.
    """
    known = {tensor.name for tensor in metadata.inputs}
    for name in (*fixed_shapes, *values):
        if name not in known:
            raise DataError(
                f"spec.model.inputs.{name}: model `{metadata.name}` has no such input",
                f"its inputs are {', '.join(sorted(known)) or 'none'}",
            )
    # Sorted, since another server may list the same inputs in another order.
    inputs = tuple(
        _Input(
            tensor.name,
            _sample_shape(tensor, fixed_shapes.get(tensor.name)),
            tensor.datatype,
            sample_dtype(tensor),
            _fitting(tensor, values.get(tensor.name, Values())),
        )
        for tensor in sorted(metadata.inputs, key=lambda tensor: tensor.name)
    )

    def make(index: int) -> Sample:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, index))))
        return {item.name: _draw(rng, item) for item in inputs}

    return SampleLibrary(total=samples, make=make)


def _sample_shape(tensor: TensorSpec, fixed: tuple[int, ...] | None) -> tuple[int, ...]:
    path = f"spec.model.inputs.{tensor.name}.shape"
    if fixed is None:
        shape = tensor.shape[1:] if tensor.shape[:1] == (-1,) else tensor.shape
        if -1 in shape:
            example = [1 if length == -1 else length for length in shape]
            raise DataError(
                f"{path}: the model leaves a dimension of `{tensor.name}` open ({list(tensor.shape)}), so a sample's "
                "shape must be given",
                f"write one sample's shape without the batch, such as {path}: {example}",
            )
        return shape
    declared = tensor.shape[1:] if leads_with_batch(tensor, len(fixed)) else tensor.shape
    if not shape_fits(declared, fixed):
        raise DataError(
            f"{path}: {list(fixed)} does not fit what the model declares, {list(tensor.shape)}",
            "write one sample's shape: the model's without the batch, each -1 replaced by a length",
        )
    return fixed


def _fitting(tensor: TensorSpec, values: Values) -> Values:
    path = f"spec.model.inputs.{tensor.name}"
    ranged = values.minimum is not None or values.maximum is not None
    if values.text_bytes is not None and tensor.datatype != "BYTES":
        raise DataError(f"{path}.textBytes: `{tensor.name}` is {tensor.datatype}, which has no length", "leave it out")
    if not ranged:
        return values
    if tensor.datatype in {"BOOL", "BYTES"}:
        raise DataError(f"{path}: `{tensor.name}` is {tensor.datatype}, which has no range", "leave min and max out")
    least, most = _range(tensor.datatype, values)
    if tensor.datatype in FLOAT_LIMITS:
        low, high = -FLOAT_LIMITS[tensor.datatype], FLOAT_LIMITS[tensor.datatype]
    else:
        info = np.iinfo(tensor.datatype.lower())
        low, high = float(info.min), float(info.max)
        if not (least.is_integer() and most.is_integer()):
            raise DataError(
                f"{path}: the range {least:g} to {most:g} is not one of whole numbers, and `{tensor.name}` is "
                f"{tensor.datatype}",
                "give whole numbers as min and max",
            )
    if not low <= least <= most <= high:
        raise DataError(
            f"{path}: the range {least:g} to {most:g} is none of {tensor.datatype}",
            f"give min and max with {low:g} <= min <= max <= {high:g}",
        )
    return values


FLOAT_LIMITS = MappingProxyType(
    {
        "FP16": float(np.finfo(np.float16).max),
        "BF16": 3.3895313892515355e38,
        "FP32": float(np.finfo(np.float32).max),
        # So that the difference of two values is one, too.
        "FP64": float(np.finfo(np.float64).max) / 2,
    }
)


def _range(datatype: str, values: Values) -> tuple[float, float]:
    least = 0.0 if values.minimum is None else float(values.minimum)
    ordinary = 1.0 if datatype in FLOAT_LIMITS else INTEGERS_BELOW - 1.0
    return least, ordinary if values.maximum is None else float(values.maximum)


def _draw(rng: np.random.Generator, item: _Input) -> NDArray[np.generic]:
    if item.datatype == "BYTES":
        return _texts(rng, item.shape, TEXT_BYTES if item.values.text_bytes is None else item.values.text_bytes)
    if item.values.minimum is not None or item.values.maximum is not None:
        return _draw_between(rng, item)
    if item.datatype == "BF16":
        # The eight bits that it holds below 1, as for half precision.
        return (rng.integers(0, 1 << 8, item.shape) / (1 << 8)).astype(np.float32)
    if item.dtype == np.float16:
        # Eleven bits are all that half precision holds below 1; a longer fraction would be rounded up to it.
        return (rng.integers(0, 1 << 11, item.shape) / (1 << 11)).astype(np.float16)
    if item.dtype == np.float32:
        return rng.random(item.shape, dtype=np.float32)
    if item.dtype == np.float64:
        return rng.random(item.shape)
    if item.dtype.kind == "b":
        return rng.integers(0, 2, item.shape).astype(np.bool_)
    return rng.integers(0, INTEGERS_BELOW, item.shape).astype(item.dtype)


def _draw_between(rng: np.random.Generator, item: _Input) -> NDArray[np.generic]:
    least, most = _range(item.datatype, item.values)
    if item.datatype in FLOAT_LIMITS:
        return np.clip(least + (most - least) * rng.random(item.shape), least, most).astype(item.dtype)
    whole_type = np.uint64 if item.dtype == np.uint64 else np.int64
    return rng.integers(int(least), min(int(most), int(np.iinfo(whole_type).max)), item.shape, whole_type, True).astype(
        item.dtype
    )


def _texts(rng: np.random.Generator, shape: tuple[int, ...], length: int) -> NDArray[np.generic]:
    count = math.prod(shape)
    letters = LETTERS[rng.integers(0, LETTERS.size, (count, length))]
    texts = np.empty(count, dtype=np.object_)
    texts[:] = [row.tobytes() for row in letters]
    return texts.reshape(shape)
