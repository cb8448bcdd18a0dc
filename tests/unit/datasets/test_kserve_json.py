"""Samples from JSON: perf_analyzer's data, and KServe v2's requests."""

import base64
import contextlib
import json
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.datasets.bodies import http_batch
from inferometer_loadgen.datasets.kserve_json import json_facts, json_library
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import NUMPY_TYPES, ModelMetadata, TensorSpec

MODEL = ModelMetadata(
    name="m",
    inputs=(TensorSpec("text", "BYTES", (-1, 1)), TensorSpec("ids", "INT32", (-1, -1)), TensorSpec("x", "FP32", (2,))),
)


def read(document, model=MODEL, index=0):
    return json_library(json.dumps(document).encode(), model).sample(index)


def one(value, datatype="INT32", shape=(-1, 2)):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", datatype, shape),))
    return read({"data": [{"a": value}]}, model)["a"]


def request(data, shape, datatype="INT32"):
    return {"inputs": [{"name": "a", "shape": shape, "datatype": datatype, "data": data}]}


def one_requested(data, shape, datatype="INT32", declared=(-1, 2)):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", "INT32", declared),))
    return read([request(data, shape, datatype)], model)["a"]


def test_a_library_of_several_inputs_has_samples_of_different_shapes():
    document = {
        "data": [
            {"text": ["hé"], "ids": {"content": [1, 2, 3], "shape": [3]}, "x": [1, 0.5]},
            {"text": ["b"], "ids": {"content": [4], "shape": [1]}, "x": {"content": [[1], [2]], "shape": [2]}},
        ]
    }

    assert json_facts(json.dumps(document).encode()).samples == 2
    first, second = read(document), read(document, index=1)
    assert first["text"].tolist() == ["hé".encode()]
    assert (first["ids"].tolist(), second["ids"].tolist()) == ([1, 2, 3], [4])
    assert (first["x"].tolist(), first["x"].dtype) == ([1.0, 0.5], np.float32)
    assert second["x"].tolist() == [1.0, 2.0]
    assert b"h\xc3\xa9" in http_batch([first], MODEL).data


@pytest.mark.parametrize("datatype", sorted(NUMPY_TYPES))
def test_base64_is_the_bytes_of_the_tensor(datatype):
    values = np.array([[0, 1], [1, 1]], NUMPY_TYPES[datatype])

    read_back = one({"b64": base64.b64encode(values.tobytes()).decode(), "shape": [2, 2]}, datatype, (-1, -1, 2))

    assert read_back.dtype == values.dtype
    assert read_back.tolist() == values.tolist()


def test_base64_of_texts_has_each_ones_length_before_it_and_that_of_bf16_two_bytes_a_value():
    texts = struct.pack("<I", 2) + b"\xff\x00" + struct.pack("<I", 0)
    halves = np.array([1.5, -2], ml_dtypes.bfloat16)

    assert one({"b64": base64.b64encode(texts).decode()}, "BYTES").tolist() == [b"\xff\x00", b""]
    assert one({"b64": base64.b64encode(halves.tobytes()).decode()}, "BF16").tolist() == [1.5, -2]


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        pytest.param([1, 2], [1, 2], id="a batch of one, flat"),
        pytest.param([[1, 2]], [1, 2], id="a batch of one, nested"),
        pytest.param([1, 2], [2], id="no batch"),
    ],
)
def test_a_request_is_one_sample_whether_its_shape_has_the_batch_or_not(data, shape):
    assert one_requested(data, shape).tolist() == [1, 2]


def test_requests_may_stand_in_an_object_in_a_list_or_alone_and_become_one_batch():
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", "INT32", (-1, 2)),))
    requests = [request([1, 2], [1, 2]), request([3, 4], [1, 2])]
    for document in ({"requests": requests}, requests):
        samples = [read(document, model, index) for index in range(2)]
        assert http_batch(samples, model).data.endswith(np.array([1, 2, 3, 4], np.int32).tobytes())
    assert json_facts(json.dumps(requests[0]).encode()).samples == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param({"dat": []}, "neither `data`, `requests` nor `inputs`", id="another object"),
        pytest.param({"data": []}, "data holds no sample", id="no sample"),
        pytest.param({"data": [[{"a": [1]}]]}, r"data\[0\]: is a list, as perf_analyzer's streams", id="streams"),
        pytest.param({"data": [{}]}, r"data\[0\]: is no object with the model's inputs", id="an empty sample"),
        pytest.param(7, "holds no sample", id="a number"),
    ],
)
def test_a_file_of_another_form_is_refused_before_a_model_is_known(document, message):
    with pytest.raises(DataError, match=message + ".*hint: write"):
        json_facts(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("value", "datatype", "message"),
    [
        pytest.param([1, 2.5], "INT32", r"data\[0\].a: 2.5 is no value of INT32.*whole numbers", id="a fraction"),
        pytest.param([1, True], "INT32", "True is no value of INT32", id="a boolean for a number"),
        pytest.param([1, 0], "BOOL", "1 is no value of BOOL.*true or false", id="a number for a boolean"),
        pytest.param(["1", "2"], "FP32", "'1' is no value of FP32.*write numbers", id="a text for a number"),
        pytest.param([1, 2], "BYTES", "1 is no value of BYTES.*texts in quotes", id="a number for a text"),
        pytest.param([1, 300], "UINT8", "a number beyond what UINT8 holds", id="too large"),
        pytest.param([1, -1], "UINT8", "a number beyond what UINT8 holds", id="below zero"),
        pytest.param([1, 1e6], "FP16", "a number beyond what FP16 holds", id="too large for half precision"),
        pytest.param([1], "INT32", r"has 1 values, and the shape \[2\] has 2", id="too few"),
        pytest.param({"content": [1, 2], "shape": "2"}, "INT32", "a.shape: '2' is no shape", id="a shape in quotes"),
        pytest.param({"content": [1, 2], "shape": [-1]}, "INT32", "is no shape", id="an open shape"),
        pytest.param({"shape": [2]}, "INT32", "not exactly one of content and b64", id="no values"),
        pytest.param({"content": [1, 2], "dtype": 1}, "INT32", "a.dtype: is no field", id="an unknown field"),
        pytest.param({"b64": "%"}, "INT32", "a.b64: is no base64", id="no base64"),
        pytest.param({"b64": "AAAA"}, "INT32", "a.b64: holds 3 bytes, and a value of INT32 has 4", id="half a value"),
        pytest.param({"b64": "AQAAAA=="}, "BYTES", "a.b64: ends inside of text 0", id="a text cut short"),
    ],
)
def test_values_that_do_not_fit_are_refused_with_their_place_and_a_remedy(value, datatype, message):
    with pytest.raises(DataError, match=message):
        one(value, datatype)


def test_an_open_dimension_needs_a_shape():
    with pytest.raises(DataError, match=r"data\[0\].a.shape: is missing, and the model leaves a dimension open"):
        one([1, 2], "INT32", (-1, -1))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([request([1, 2], [2], "INT64")], "datatype: is INT64, and the model declares INT32", id="type"),
        pytest.param([{"inputs": [{"name": "a", "shape": [2], "datatype": "INT32"}]}], "has no data", id="no data"),
        pytest.param([{"inputs": [{"shape": [2]}]}], r"\[0\].inputs\[0\]: has no name", id="no name"),
        pytest.param([{"inputs": {}}], "inputs: is no list", id="no list"),
        pytest.param(
            [request([1, 2], [2]) | {"parameters": {"k": 1}}], "parameters: are those of one", id="parameters"
        ),
        pytest.param({"data": [{"b": [1]}]}, "`b` is no input of model `m`. hint: its inputs are a", id="a stranger"),
        pytest.param([{"inputs": request(1, [])["inputs"] * 2}], "names `a` a second time", id="a name twice"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_with_its_place(document, message):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", "INT32", (-1, 2)),))
    with pytest.raises(DataError, match=message):
        read(document, model)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "inputs", "a", "content", "b64", "shape", "name", "datatype"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(document=JSON, datatype=st.sampled_from(["INT32", "FP16", "BYTES", "BOOL", "BF16"]))
@settings(deadline=None, max_examples=300)
def test_any_json_is_read_or_refused_and_nothing_else(document, datatype):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", datatype, (-1, 2)),))
    with contextlib.suppress(DataError):
        library = json_library(json.dumps(document).encode(), model)
        for index in range(library.total):
            library.sample(index)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 100_000, b'{"data":[{"a":' + b"[" * 50 + b"1" + b"]" * 50 + b"}]}"]
)
def test_what_is_no_json_and_lists_without_end_are_refused(data):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", "INT32", (-1, 1)),))
    with pytest.raises(DataError):
        json_library(data, model).sample(0)
