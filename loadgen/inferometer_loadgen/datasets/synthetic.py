"""Samples drawn by a seeded generator from what the model says of its inputs.

A sample depends on the seed and its index alone, so that each worker makes only those it sends, and all agree.
Random values exercise shapes and types; they say nothing about how good the answers are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError, Sample, SampleLibrary
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec, leads_with_batch, numpy_dtype, shape_fits

INTEGERS_BELOW = 128
"""Fits INT8, and stays inside of the smallest vocabularies and embedding tables."""


@dataclass(frozen=True, slots=True)
class _Input:
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


def synthetic_library(
    metadata: ModelMetadata, fixed_shapes: Mapping[str, tuple[int, ...]], samples: int, seed: int
) -> SampleLibrary:
    """Random samples that fit the model: integers in 0..127, floats in [0, 1), booleans.

    `fixed_shapes` are the spec's: one sample's shape for each input that the model leaves open. Raises DataError
    where one is missing, does not fit, or names an input that the model does not have.
    """
    known = {tensor.name for tensor in metadata.inputs}
    for name in fixed_shapes:
        if name not in known:
            raise DataError(
                f"spec.model.inputs.{name}: model `{metadata.name}` has no such input",
                f"its inputs are {', '.join(sorted(known)) or 'none'}",
            )
    # Sorted, since another server may list the same inputs in another order.
    inputs = tuple(
        _Input(tensor.name, _sample_shape(tensor, fixed_shapes.get(tensor.name)), numpy_dtype(tensor))
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


def _draw(rng: np.random.Generator, item: _Input) -> NDArray[np.generic]:
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
