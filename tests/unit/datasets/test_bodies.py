import json

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from inferometer_loadgen.datasets.bodies import http_body
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import NUMPY_TYPES, ModelMetadata, TensorSpec
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
    body = http_body({"bytes": array}, MAGIKA)

    expected = tritons_own([("bytes", array[np.newaxis], "INT32")], ["target_label"])
    assert (body.data, body.json_length) == expected


def test_the_json_part_ends_where_its_length_says_and_the_bytes_of_the_inputs_follow():
    array = np.arange(2048, dtype=np.int32)
    body = http_body({"bytes": array}, MAGIKA)

    head = json.loads(body.data[: body.json_length])
    assert head["inputs"] == [
        {"name": "bytes", "shape": [1, 2048], "datatype": "INT32", "parameters": {"binary_data_size": 8192}}
    ]
    assert head["outputs"] == [{"name": "target_label", "parameters": {"binary_data": True}}]
    assert body.data[body.json_length :] == array.tobytes()


@pytest.mark.parametrize("datatype", sorted(NUMPY_TYPES))
def test_synthetic_samples_of_every_datatype_become_bodies(datatype):
    model = ModelMetadata(name="m", inputs=(TensorSpec("a", datatype, (-1, 3)), TensorSpec("b", datatype, (2,))))
    sample = synthetic_library(model, {}, samples=1, seed=0).sample(0)

    expected = tritons_own([("a", sample["a"][np.newaxis], datatype), ("b", sample["b"], datatype)], [])
    assert (http_body(sample, model).data, http_body(sample, model).json_length) == expected


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
        http_body(sample, MAGIKA)
