"""What an answer's bytes hold, and which part of a batch is a sample's."""

import json

import numpy as np
import pytest
from tritonclient.grpc import service_pb2

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.outputs import of_sample, outputs_of

SCORES = np.array([[0.1, 0.9], [0.8, 0.2]], dtype=np.float32)
WORDS = b"\x02\x00\x00\x00hi\x00\x00\x00\x00"


def over_http() -> tuple[bytes, int]:
    outputs = [
        {"name": "scores", "datatype": "FP32", "shape": [2, 2], "parameters": {"binary_data_size": 16}},
        {"name": "words", "datatype": "BYTES", "shape": [2, 1], "parameters": {"binary_data_size": 10}},
    ]
    head = json.dumps({"model_name": "m", "model_version": "1", "outputs": outputs}).encode()
    return head + SCORES.tobytes() + WORDS, len(head)


def over_grpc() -> tuple[bytes, int]:
    answer = service_pb2.ModelInferResponse(model_name="m", raw_output_contents=[SCORES.tobytes(), WORDS])
    answer.outputs.add(name="scores", datatype="FP32", shape=[2, 2])
    answer.outputs.add(name="words", datatype="BYTES", shape=[2, 1])
    message: bytes = answer.SerializeToString()
    return message, -1


@pytest.mark.parametrize(("protocol", "answer"), [("http", over_http()), ("grpc", over_grpc())])
def test_outputs_are_the_same_over_both_protocols(protocol, answer):
    outputs = outputs_of(protocol, *answer)

    assert np.array_equal(outputs["scores"], SCORES)
    assert outputs["words"].tolist() == [[b"hi"], [b""]]
    assert len(outputs) == 2


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_what_is_no_answer_is_refused_in_words(protocol):
    with pytest.raises(DataError, match="cannot be read as outputs"):
        outputs_of(protocol, b"\xff\xffno answer", -1)


def test_a_sample_has_its_own_part_of_a_batch():
    assert of_sample({"scores": SCORES}, 1, 2, is_batched=True)["scores"].tolist() == SCORES[1].tolist()


def test_a_model_without_a_batch_dimension_has_the_whole_output():
    assert of_sample({"boxes": SCORES}, 0, 1, is_batched=False)["boxes"] is SCORES


def test_an_output_of_another_batch_is_refused():
    with pytest.raises(DataError, match=r"output `scores` has shape \[2, 2\] for a batch of 3"):
        of_sample({"scores": SCORES}, 0, 3, is_batched=True)
