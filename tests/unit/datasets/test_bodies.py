import io
import json
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from tritonclient.grpc import service_pb2
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from inferometer_loadgen.datasets.bodies import grpc_message, http_batch
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import NUMPY_TYPES, SAMPLE_TYPES, ModelMetadata, TensorSpec
from inferometer_loadgen.datasets.npz import npz_library
from inferometer_loadgen.datasets.synthetic import synthetic_library

MAGIKA = ModelMetadata(
    name="magika",
    inputs=(TensorSpec("bytes", "INT32", (-1, 2048)),),
    outputs=(TensorSpec("target_label", "FP32", (-1, 214)),),
)


def tritons_own(inputs, outputs):
    made = []
    for name, array, datatype in inputs:
        item = InferInput(name, array.shape, datatype)
        item.set_data_from_numpy(array)
        made.append(item)
    return InferenceServerClient.generate_request_body(
        made, outputs=[InferRequestedOutput(name, binary_data=True) for name in outputs]
    )


def test_a_body_is_what_tritons_own_client_sends_for_a_batch_of_one():
    array = np.arange(2048, dtype=np.int32)
    body = http_batch([{"bytes": array}], MAGIKA)

    expected = tritons_own([("bytes", array[np.newaxis], "INT32")], ["target_label"])
    assert (body.data, body.json_length) == expected


def test_the_json_part_ends_where_its_length_says_and_the_bytes_of_the_inputs_follow():
    array = np.arange(2048, dtype=np.int32)
    body = http_batch([{"bytes": array}], MAGIKA)

    head = json.loads(body.data[: body.json_length])
    assert head["inputs"] == [
        {"name": "bytes", "shape": [1, 2048], "datatype": "INT32", "parameters": {"binary_data_size": 8192}}
    ]
    assert head["outputs"] == [{"name": "target_label", "parameters": {"binary_data": True}}]
    assert body.data[body.json_length :] == array.tobytes()


@pytest.mark.parametrize("datatype", sorted(NUMPY_TYPES | {"BYTES": None}))
def test_synthetic_samples_of_every_datatype_become_bodies(datatype):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", datatype, (-1, 3)), TensorSpec("b", datatype, (2,))))
    sample = synthetic_library(model, {}, samples=1, seed=0).sample(0)

    expected = tritons_own([("a", sample["a"][np.newaxis], datatype), ("b", sample["b"], datatype)], [])
    assert (http_batch([sample], model).data, http_batch([sample], model).json_length) == expected


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        pytest.param({}, "input `bytes` of model `magika` is missing from the samples", id="a missing input"),
        pytest.param(
            {"bytes": np.zeros(2048, np.int32), "extra": np.zeros(1)},
            "hold `extra`, which is no input of model `magika`. hint: .*bytes",
            id="an array too many",
        ),
        pytest.param(
            {"bytes": np.zeros(2048, np.int64)},
            r"input `bytes`: expected INT32 \(numpy int32\), got INT64 \(numpy int64\). hint: .*astype\('int32'\)",
            id="another datatype",
        ),
        pytest.param(
            {"bytes": np.zeros(2047, np.int32)},
            r"input `bytes`: expected shape \[-1, 2048\] \(-1 is any length\), got \[1, 2047\]",
            id="another length",
        ),
        pytest.param({"bytes": np.zeros((1, 1, 2048), np.int32)}, r"got \[1, 1, 2048\]", id="too many dimensions"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused_with_what_was_expected_and_what_came(sample, message):
    with pytest.raises(DataError, match=message):
        http_batch([sample], MAGIKA)


def test_numbers_of_bf16_are_rounded_to_it():
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", "BF16", (-1, 2)),))
    # The second lies just above the middle of two: cut off, it would be 1.
    sample = {"a": np.array([-2.5, 1 + 2**-8 + 2**-20], np.float32)}

    expected = tritons_own([("a", sample["a"].astype(ml_dtypes.bfloat16)[np.newaxis], "BF16")], [])
    assert (http_batch([sample], model).data, http_batch([sample], model).json_length) == expected
    assert np.frombuffer(expected[0][-2:], ml_dtypes.bfloat16) == 1 + 2**-7


def message_of(samples, model):
    return service_pb2.ModelInferRequest.FromString(grpc_message(samples, model, "3"))


@pytest.mark.parametrize("datatype", sorted(SAMPLE_TYPES))
def test_a_message_of_several_samples_is_one_batch_of_their_raw_bytes(datatype):
    model = ModelMetadata(
        name="m",
        inputs=(TensorSpec("b", datatype, (-1, 3)), TensorSpec("a", "INT32", (-1, 1))),
        outputs=(TensorSpec("y", "FP32", (-1, 1)), TensorSpec("z", "FP32", (-1, 1))),
    )
    library = synthetic_library(model, {}, samples=2, seed=0)
    samples = [library.sample(0), library.sample(1)]

    message = message_of(samples, model)

    whole = http_batch(samples, model)
    assert (message.model_name, message.model_version) == ("m", "3")
    assert [(tensor.name, tensor.datatype, list(tensor.shape)) for tensor in message.inputs] == [
        ("b", datatype, [2, 3]),
        ("a", "INT32", [2, 1]),
    ]
    assert [output.name for output in message.outputs] == ["y", "z"]
    assert b"".join(message.raw_input_contents) == whole.data[whole.json_length :]


def test_samples_that_cannot_be_one_batch_are_refused():
    fixed = ModelMetadata(name="m", inputs=(TensorSpec("a", "INT32", (2,)),))
    open_ = ModelMetadata(name="m", inputs=(TensorSpec("a", "INT32", (-1, -1)),))
    short, long = {"a": np.zeros(2, np.int32)}, {"a": np.zeros(3, np.int32)}

    for samples, model in (([short, short], fixed), ([short, long], open_)):
        for make in (http_batch, lambda samples, model: grpc_message(samples, model, "")):
            with pytest.raises(DataError, match="input `a` of model `m` cannot take 2 samples in one request"):
                make(samples, model)
    assert http_batch([long], open_).data


def test_parameters_go_with_a_request_over_either_protocol():
    sample = {"bytes": np.arange(2048, dtype=np.int32)}
    given: dict[str, int | str] = {"mode": "fast", "beams": 4}

    body = http_batch([sample], MAGIKA, given)
    message = service_pb2.ModelInferRequest.FromString(grpc_message([sample], MAGIKA, "", given))

    assert json.loads(body.data[: body.json_length])["parameters"] == given
    assert message.parameters["mode"].string_param == "fast"
    assert message.parameters["beams"].int64_param == 4


def test_texts_of_an_npz_go_over_either_protocol_each_with_its_length():
    model = ModelMetadata(
        name="translator",
        inputs=(TensorSpec("text", "BYTES", (-1, 1)),),
        outputs=(TensorSpec("out", "BYTES", (-1, 1)),),
    )
    file = io.BytesIO()
    arrays: dict[str, Any] = {"text": np.frombuffer("grünja".encode(), "S1"), "text:offsets": np.array([0, 5, 7])}
    np.savez(file, allow_pickle=False, **arrays)
    library = npz_library(file.getvalue())

    samples = [library.sample(0), library.sample(1)]

    as_triton_packs_them = b"\x05\0\0\0" + "grün".encode() + b"\x02\0\0\0ja"
    body = http_batch(samples, model)
    assert body.data[body.json_length :] == as_triton_packs_them
    assert message_of(samples, model).raw_input_contents == [as_triton_packs_them]
