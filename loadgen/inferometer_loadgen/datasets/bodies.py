"""The bytes of a request, made once for each sample before the run.

tritonclient makes them, so that they are what Triton's own client would send; it carries none of them. Importing
this module imports tritonclient, which takes a third of a second: only those that send import it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from inferometer_loadgen.datasets.library import DataError, Sample
from inferometer_loadgen.datasets.metadata import (
    KSERVE_TYPES,
    ModelMetadata,
    TensorSpec,
    leads_with_batch,
    sample_dtype,
    shape_fits,
)


@dataclass(frozen=True, slots=True)
class HttpBody:
    """A KServe v2 inference request: JSON, then the inputs' bytes (the binary tensor data extension)."""

    data: bytes
    json_length: int
    """Of the JSON at the beginning: the value of the header Inference-Header-Content-Length."""


type Parameters = Mapping[str, int | str]
"""Of a request, for the model's backend."""


def http_batch(
    samples: Sequence[Sample],
    metadata: ModelMetadata,
    parameters: Parameters = MappingProxyType({}),
    sequence_id: int = 0,
) -> HttpBody:
    """The request that asks about several samples as one batch. Raises DataError where they cannot be one.

    With a `sequence_id` it is the whole of that sequence: it starts and ends it.
    """
    inputs = []
    for tensor, array in _batch(samples, metadata):
        infer_input = InferInput(tensor.name, list(array.shape), tensor.datatype)
        infer_input.set_data_from_numpy(array, binary_data=True)
        inputs.append(infer_input)
    outputs = [InferRequestedOutput(tensor.name, binary_data=True) for tensor in metadata.outputs]
    data, json_length = InferenceServerClient.generate_request_body(
        inputs,
        outputs=outputs,
        sequence_id=sequence_id,
        sequence_start=bool(sequence_id),
        sequence_end=bool(sequence_id),
        parameters=parameters,
    )
    # None: the whole body is JSON, as for an input without an element.
    return HttpBody(data=bytes(data), json_length=len(data) if json_length is None else json_length)


def grpc_message(
    samples: Sequence[Sample], metadata: ModelMetadata, version: str, parameters: Parameters = MappingProxyType({})
) -> bytes:
    """The ModelInfer message that asks about these samples as one batch. Raises DataError where they cannot be one."""
    # Imported here: gRPC's own library takes a third of a second more, and only this protocol needs it.
    from tritonclient import grpc
    from tritonclient.grpc import _utils

    inputs = []
    for tensor, array in _batch(samples, metadata):
        infer_input = grpc.InferInput(tensor.name, list(array.shape), tensor.datatype)
        infer_input.set_data_from_numpy(array)
        inputs.append(infer_input)
    request: Any = _utils._get_inference_request(  # noqa: SLF001 - the bytes of Triton's own client; it has no public way
        model_name=metadata.name,
        inputs=inputs,
        model_version=version,
        request_id="",
        outputs=[grpc.InferRequestedOutput(tensor.name) for tensor in metadata.outputs],
        sequence_id=0,
        sequence_start=False,
        sequence_end=False,
        priority=0,
        timeout=None,
        parameters=parameters,
    )
    message: bytes = request.SerializeToString()
    return message


def _batch(samples: Sequence[Sample], metadata: ModelMetadata) -> list[tuple[TensorSpec, NDArray[np.generic]]]:
    for sample in samples:
        _same_inputs(sample, metadata)
    batch = []
    for tensor in metadata.inputs:
        arrays = [_as_declared(tensor, sample[tensor.name]) for sample in samples]
        if len(arrays) > 1 and not (
            leads_with_batch(tensor, samples[0][tensor.name].ndim) and len({array.shape for array in arrays}) == 1
        ):
            raise DataError(
                f"input `{tensor.name}` of model `{metadata.name}` cannot take {len(arrays)} samples in one request",
                "serve a model with a batch dimension and give samples of one shape, or ask for one sample a request",
            )
        whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        # The last bits are rounded to even, as BF16's own arithmetic does.
        batch.append((tensor, whole.astype(ml_dtypes.bfloat16) if tensor.datatype == "BF16" else whole))
    return batch


def _same_inputs(sample: Sample, metadata: ModelMetadata) -> None:
    declared = {tensor.name for tensor in metadata.inputs}
    for name in sorted(declared ^ sample.keys()):
        names = ", ".join(sorted(declared)) or "none"
        if name in declared:
            raise DataError(
                f"input `{name}` of model `{metadata.name}` is missing from the samples",
                f"give an array for each of its inputs: {names}",
            )
        raise DataError(
            f"the samples hold `{name}`, which is no input of model `{metadata.name}`",
            f"leave it out, or name it as one of the model's inputs: {names}",
        )


def _as_declared(tensor: TensorSpec, array: NDArray[np.generic]) -> NDArray[np.generic]:
    dtype = sample_dtype(tensor)
    if array.dtype != dtype:
        got = KSERVE_TYPES.get(array.dtype, "no KServe datatype")
        raise DataError(
            f"input `{tensor.name}`: expected {tensor.datatype} (numpy {dtype}), got {got} (numpy {array.dtype})",
            "give text: of S or U, or of S1 with offsets, in an npz, or in a sample library of the format kserve-json"
            if tensor.datatype == "BYTES"
            else f"convert the samples with array.astype({str(dtype)!r})",
        )
    if leads_with_batch(tensor, array.ndim):
        array = array[np.newaxis]
    if not shape_fits(tensor.shape, array.shape):
        raise DataError(
            f"input `{tensor.name}`: expected shape {list(tensor.shape)} (-1 is any length), got {list(array.shape)}",
            "give each sample the model's shape, without the batch dimension",
        )
    return array
