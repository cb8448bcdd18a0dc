"""What a model says of itself: KServe v2's answer to GET /v2/models/NAME[/versions/V].

The answer does not say whether a leading open dimension is the batch or belongs to the sample; `leads_with_batch`
says how that is read here.
"""

from types import MappingProxyType

import msgspec
import numpy as np

from inferometer_loadgen.datasets.library import DataError

NUMPY_TYPES = MappingProxyType(
    {
        "BOOL": np.dtype(np.bool_),
        "UINT8": np.dtype(np.uint8),
        "UINT16": np.dtype(np.uint16),
        "UINT32": np.dtype(np.uint32),
        "UINT64": np.dtype(np.uint64),
        "INT8": np.dtype(np.int8),
        "INT16": np.dtype(np.int16),
        "INT32": np.dtype(np.int32),
        "INT64": np.dtype(np.int64),
        "FP16": np.dtype(np.float16),
        "FP32": np.dtype(np.float32),
        "FP64": np.dtype(np.float64),
    }
)
"""KServe v2's datatypes of fixed size that numpy has too."""

SAMPLE_TYPES = MappingProxyType({**NUMPY_TYPES, "BF16": np.dtype(np.float32), "BYTES": np.dtype(np.object_)})
"""What a sample's array is of, for each datatype. BF16 is FP32 until it is sent; BYTES are objects, of bytes."""

KSERVE_TYPES = MappingProxyType({dtype: name for name, dtype in NUMPY_TYPES.items()})


class TensorSpec(msgspec.Struct, frozen=True):
    """One input or output as the model declares it; -1 is an open dimension."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class ModelMetadata(msgspec.Struct, frozen=True):
    """A model as its server describes it."""

    name: str
    versions: tuple[str, ...] = ()
    platform: str = ""
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()


def parse_metadata(data: bytes) -> ModelMetadata:
    """The metadata behind a server's answer. Raises DataError where it is none."""
    try:
        return msgspec.json.decode(data, type=ModelMetadata)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"the server's metadata of the model cannot be read: {error}",
            "check that the endpoint speaks KServe v2 over HTTP",
        ) from error


def sample_dtype(tensor: TensorSpec) -> np.dtype[np.generic]:
    """The numpy dtype of a sample's array. Raises DataError for a datatype that KServe v2 does not know."""
    dtype = SAMPLE_TYPES.get(tensor.datatype)
    if dtype is None:
        raise DataError(
            f"input `{tensor.name}` has datatype {tensor.datatype}, which is none of KServe v2's",
            f"serve a model whose inputs are of {', '.join(SAMPLE_TYPES)}",
        )
    return dtype


def leads_with_batch(tensor: TensorSpec, sample_rank: int) -> bool:
    """Whether a sample of that rank goes without the tensor's first dimension, which then is the batch."""
    return len(tensor.shape) == sample_rank + 1 and tensor.shape[0] == -1


def shape_fits(declared: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a shape is what the model declares, an open dimension taking any length."""
    return len(declared) == len(shape) and all(want in (-1, got) for want, got in zip(declared, shape, strict=True))
