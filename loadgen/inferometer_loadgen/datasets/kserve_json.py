"""Samples from JSON: perf_analyzer's input data, or inference requests of KServe v2.

`{"data": [{INPUT: [values…]}, {INPUT: {"content": [values…], "shape": […]}}, {INPUT: {"b64": "…", "shape": […]}}]}`
is perf_analyzer's, its shapes without the batch. A request is `{"inputs": [{name, shape, datatype, data}]}`, a list of
them in `{"requests": […]}` or by itself; it asks about one sample, which its shape may say by a leading 1. Samples may
differ in shape, and texts are written as such. Values have no type in JSON: the model's metadata gives it, so a sample
is read when it is first asked for.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import msgspec
import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.json_values import array_of, shape_of
from inferometer_loadgen.datasets.library import DataError, Sample, SampleLibrary
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.spec.resolve import LibraryFacts

FORMS_HINT = (
    'write {"data": [{INPUT: {"content": […], "shape": […]}}, …]}, or {"requests": [{"inputs": [{"name": INPUT, '
    '"shape": […], "datatype": …, "data": […]}]}, …]}, one element for each sample'
)

type _Tensors = dict[str, tuple[str, Any]]
"""The value of each input, and where it stands."""


def json_facts(data: bytes) -> LibraryFacts:
    """What a plan must know of a library's bytes. Raises DataError where they are none."""
    return LibraryFacts(samples=len(_samples(data)), sha256=hashlib.sha256(data).hexdigest())


def json_library(data: bytes, metadata: ModelMetadata) -> SampleLibrary:
    """The samples, as the model's inputs. Raises DataError where there are none; `sample` where one does not fit."""
    samples = _samples(data)
    inputs = {tensor.name: tensor for tensor in metadata.inputs}

    def make(index: int) -> Sample:
        path, value = samples[index]
        tensors = _request_tensors(path, value, inputs) if "inputs" in value else _plain_tensors(path, value)
        for name in tensors.keys() - inputs.keys():
            raise DataError(
                f"{tensors[name][0]}: `{name}` is no input of model `{metadata.name}`",
                f"its inputs are {', '.join(sorted(inputs)) or 'none'}",
            )
        return {name: _array(place, inputs[name], tensor) for name, (place, tensor) in tensors.items()}

    return SampleLibrary(total=len(samples), make=make)


def _samples(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"the sample file is no JSON that can be read: {error}", FORMS_HINT) from error
    field, values = "", document
    if isinstance(document, dict):
        field = next((key for key in ("data", "requests") if key in document), "")
        values = document[field] if field else [document]
        if not field and "inputs" not in document:
            raise DataError("the sample file has neither `data`, `requests` nor `inputs`", FORMS_HINT)
    if not isinstance(values, list) or not values:
        raise DataError(f"the sample file's {field or 'list'} holds no sample", FORMS_HINT)
    samples = []
    for index, value in enumerate(values):
        path = f"{field}[{index}]"
        if isinstance(value, list):
            raise DataError(
                f"{path}: is a list, as perf_analyzer's streams of a stateful model are",
                "write its samples one after another into `data`",
            )
        if not isinstance(value, dict) or not value:
            raise DataError(f"{path}: is no object with the model's inputs", FORMS_HINT)
        samples.append((path, value))
    return samples


def _plain_tensors(path: str, sample: Mapping[str, Any]) -> _Tensors:
    return {name: (f"{path}.{name}", value) for name, value in sample.items()}


def _request_tensors(path: str, request: Mapping[str, Any], inputs: Mapping[str, TensorSpec]) -> _Tensors:
    if "parameters" in request:
        _refuse(f"{path}.parameters", "are those of one request, and a run's are the same for all", "leave them out")
    if not isinstance(request["inputs"], list):
        _refuse(f"{path}.inputs", "is no list", FORMS_HINT)
    tensors: _Tensors = {}
    for index, tensor in enumerate(request["inputs"]):
        place = f"{path}.inputs[{index}]"
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            _refuse(place, "has no name", FORMS_HINT)
        if tensor["name"] in tensors:
            _refuse(place, f"names `{tensor['name']}` a second time", "name each input once")
        for field in ("shape", "datatype", "data"):
            if field not in tensor:
                _refuse(place, f"has no {field}", FORMS_HINT)
        tensors[tensor["name"]] = place, _as_plain(place, tensor, inputs.get(tensor["name"]))
    return tensors


def _as_plain(place: str, tensor: Mapping[str, Any], declared: TensorSpec | None) -> dict[str, Any]:
    """A request's tensor as perf_analyzer would write it: without the batch of one."""
    shape = shape_of(f"{place}.shape", tensor["shape"])
    if declared is not None:
        if tensor["datatype"] != declared.datatype:
            _refuse(
                f"{place}.datatype",
                f"is {tensor['datatype']}, and the model declares {declared.datatype}",
                f"write {declared.datatype}, and values of it",
            )
        if len(shape) == len(declared.shape) and declared.shape[:1] == (-1,) and shape[:1] == (1,):
            shape = shape[1:]
    return {"content": tensor["data"], "shape": list(shape)}


def _array(place: str, tensor: TensorSpec, value: Any) -> NDArray[np.generic]:
    fields: Mapping[str, Any] = value if isinstance(value, dict) else {"content": value}
    if ("content" in fields) == ("b64" in fields):
        _refuse(place, "has not exactly one of content and b64", FORMS_HINT)
    if unknown := sorted(fields.keys() - {"content", "b64", "shape"}):
        _refuse(f"{place}.{unknown[0]}", "is no field of an input", FORMS_HINT)
    shape = _shape(place, tensor, fields)
    field: Literal["content", "b64"] = "content" if "content" in fields else "b64"
    return array_of(f"{place}.{field}" if isinstance(value, dict) else place, tensor, fields[field], shape, field)


def _shape(place: str, tensor: TensorSpec, fields: Mapping[str, Any]) -> tuple[int, ...]:
    if "shape" in fields:
        return shape_of(f"{place}.shape", fields["shape"])
    shape = tensor.shape[1:] if tensor.shape[:1] == (-1,) else tensor.shape
    if -1 in shape:
        _refuse(
            f"{place}.shape",
            f"is missing, and the model leaves a dimension open ({list(tensor.shape)})",
            'write {"content": […], "shape": […]}, the shape without the batch',
        )
    return shape


def _refuse(place: str, message: str, hint: str) -> NoReturn:
    raise DataError(f"{place}: {message}", hint)
