"""The outputs in an answer's bytes, read by tritonclient, whose wire format they are."""

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError

type Arrays = dict[str, NDArray[np.generic]]

ALL_JSON = -1


def outputs_of(protocol: Literal["http", "grpc"], data: bytes, json_length: int) -> Arrays:
    """All outputs of an answer by name. Raises DataError where it is none of KServe v2's inference."""
    try:
        return _http(data, json_length) if protocol == "http" else _grpc(data)
    except Exception as error:  # tritonclient, JSON and protobuf each raise their own for a bad answer
        raise DataError(
            f"an answer cannot be read as outputs of KServe v2: {type(error).__name__}: {error}",
            "check that the endpoint serves KServe v2",
        ) from error


def of_sample(arrays: Arrays, position: int, samples: int, *, is_batched: bool) -> Arrays:
    """One sample's outputs of a batch of so many, without the batch dimension. Raises DataError where it has another.

    A model without a batch dimension has the outputs of its one sample.
    """
    if not is_batched:
        return arrays
    for name, array in arrays.items():
        if array.ndim == 0 or array.shape[0] != samples:
            raise DataError(
                f"output `{name}` has shape {list(array.shape)} for a batch of {samples}",
                "score a model whose outputs lead with the batch dimension",
            )
    return {name: array[position] for name, array in arrays.items()}


def fingerprint(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The same for equal outputs: equal names, types, shapes and bits."""
    seen = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        seen.update(repr((name, array.dtype.str, array.shape)).encode())
        seen.update(repr(array.tolist()).encode() if array.dtype == np.object_ else array.tobytes())
    return seen.digest()


def _http(data: bytes, json_length: int) -> Arrays:
    from tritonclient.http import InferResult

    result = InferResult.from_response_body(data, header_length=None if json_length == ALL_JSON else json_length)
    return {output["name"]: result.as_numpy(output["name"]) for output in result.get_response()["outputs"]}


def _grpc(data: bytes) -> Arrays:
    from tritonclient.grpc import InferResult, service_pb2

    result = InferResult(service_pb2.ModelInferResponse.FromString(data))
    return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}
