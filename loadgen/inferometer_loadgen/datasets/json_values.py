"""JSON values as the array of one input: lists of numbers, booleans or texts, or base64 of the tensor's bytes."""

import base64
import binascii
import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import TensorSpec, sample_dtype

MAX_DEPTH = 32
"""As many as numpy's arrays had dimensions."""
LENGTH_BYTES = 4
"""Before each text of a tensor of BYTES stands its length, little-endian."""


def shape_of(place: str, value: object) -> tuple[int, ...]:
    """A shape. Raises DataError where the value is none."""
    if not isinstance(value, list) or not all(type(length) is int and length >= 0 for length in value):
        raise DataError(f"{place}: {value!r} is no shape", "write a list of lengths, such as [224, 224, 3]")
    return tuple(value)


def array_of(
    place: str, tensor: TensorSpec, value: object, shape: tuple[int, ...], form: Literal["content", "b64"]
) -> NDArray[np.generic]:
    """The array of that shape. Raises DataError where the values are not of the input's datatype, or not so many."""
    flat = _from_base64(place, tensor, value) if form == "b64" else _from_list(place, tensor, value)
    if flat.size != math.prod(shape):
        raise DataError(
            f"{place}: has {flat.size} values, and the shape {list(shape)} has {math.prod(shape)}",
            "give as many values as the shape has, row by row",
        )
    return flat.reshape(shape)


def _from_list(place: str, tensor: TensorSpec, value: object) -> NDArray[np.generic]:
    dtype = sample_dtype(tensor)
    values = list(_flat(place, value))
    if tensor.datatype == "BYTES":
        texts = np.empty(len(values), dtype=np.object_)
        texts[:] = [_of_type(place, tensor, item, str).encode() for item in values]
        return texts
    if dtype.kind == "b":
        return np.array([_of_type(place, tensor, item, bool) for item in values], dtype=dtype)
    if dtype.kind == "f":
        values = [_of_type(place, tensor, item, int, float) for item in values]
    else:
        values = [_of_type(place, tensor, item, int) for item in values]
    try:
        with np.errstate(over="raise"):
            return np.array(values, dtype=np.float64).astype(dtype) if dtype.kind == "f" else np.array(values, dtype)
    except (OverflowError, FloatingPointError) as error:
        raise DataError(
            f"{place}: has a number beyond what {tensor.datatype} holds", "give numbers in its range"
        ) from error


def _flat(place: str, value: object, depth: int = 0) -> Iterator[Any]:
    if depth > MAX_DEPTH:
        raise DataError(f"{place}: has more than {MAX_DEPTH} lists, one in the other", "write its values in one list")
    if isinstance(value, list):
        for item in value:
            yield from _flat(place, item, depth + 1)
    else:
        yield value


def _of_type(place: str, tensor: TensorSpec, item: Any, *types: type) -> Any:
    if type(item) not in types:  # not isinstance: a boolean is an int there
        raise DataError(
            f"{place}: {item!r} is no value of {tensor.datatype}, which the model declares",
            f"write {_WORDS[types[-1]]}",
        )
    return item


_WORDS = {str: 'texts in quotes, such as "hello"', bool: "true or false", float: "numbers", int: "whole numbers"}


def _from_base64(place: str, tensor: TensorSpec, value: object) -> NDArray[np.generic]:
    if not isinstance(value, str):
        raise DataError(f"{place}: is no text", "give the tensor's bytes in base64")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"{place}: is no base64: {error}", "make it with `base64 -w0 FILE`") from error
    if tensor.datatype == "BYTES":
        return _texts(place, data)
    # BF16 is the upper half of FP32.
    width = np.dtype(np.uint16) if tensor.datatype == "BF16" else sample_dtype(tensor)
    if len(data) % width.itemsize:
        raise DataError(
            f"{place}: holds {len(data)} bytes, and a value of {tensor.datatype} has {width.itemsize}",
            "give the tensor's whole bytes, little-endian",
        )
    if tensor.datatype == "BF16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(data, width)


def _texts(place: str, data: bytes) -> NDArray[np.generic]:
    texts: list[bytes] = []
    position = 0
    while position < len(data):
        begin = position + LENGTH_BYTES
        position = begin + int.from_bytes(data[position:begin], "little")
        if begin > len(data) or position > len(data):
            raise DataError(
                f"{place}: ends inside of text {len(texts)}", "give each text's length, in 4 bytes, before its bytes"
            )
        texts.append(data[begin:position])
    array = np.empty(len(texts), dtype=np.object_)
    array[:] = texts
    return array
