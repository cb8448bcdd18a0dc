"""The channel against a real Triton, beside Triton's own client."""

from collections.abc import Iterator

import numpy as np
import pytest
from tritonclient import grpc as tritonclient
from tritonclient.grpc import service_pb2

from inferometer_dev.images.models import magika_repository
from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.datasets.bodies import grpc_message
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.wire.grpc import Ending
from integration.wire.driver import Driver

MAGIKA = ModelMetadata(
    name="magika",
    inputs=(TensorSpec("bytes", "INT32", (-1, 2048)),),
    outputs=(TensorSpec("target_label", "FP32", (-1, 214)),),
)
SAMPLES = [np.full(2048, number, np.int32) for number in range(20)]


@pytest.fixture(scope="module")
def triton() -> Iterator[TritonProcess]:
    with TritonProcess(magika_repository()) as process:
        yield process


def test_answers_are_those_that_tritons_own_client_gets(triton: TritonProcess) -> None:
    messages = [grpc_message([{"bytes": sample}], MAGIKA, "") for sample in SAMPLES]
    answers = Driver(triton.grpc_address).call(messages)

    with tritonclient.InferenceServerClient(triton.grpc_address) as client:
        for sample, answer in zip(SAMPLES, answers, strict=True):
            tensor = tritonclient.InferInput("bytes", [1, 2048], "INT32")
            tensor.set_data_from_numpy(sample[np.newaxis])
            expected = client.infer("magika", [tensor], outputs=[tritonclient.InferRequestedOutput("target_label")])
            assert answer.ok
            assert service_pb2.ModelInferResponse.FromString(answer.message) == expected.get_response()


def test_tritons_answers_come_in_few_different_blocks(triton: TritonProcess) -> None:
    driver = Driver(triton.grpc_address, keep_messages=False)
    answers = driver.call([grpc_message([{"bytes": SAMPLES[0]}], MAGIKA, "")] * 500)

    assert {answer.ending for answer in answers} == {Ending.OK}
    # The first block of a connection, the later ones, the trailers.
    assert len(driver.blocks.known) <= 4


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        pytest.param({"model_name": "magikka"}, 5, "unknown model: 'magikka'", id="another model"),
        pytest.param({"raw_input_contents": [b"\0" * 5]}, 3, "byte size", id="half a tensor"),
    ],
)
def test_an_error_is_one_with_tritons_words(
    triton: TritonProcess, change: dict[str, object], status: int, words: str
) -> None:
    request = service_pb2.ModelInferRequest.FromString(grpc_message([{"bytes": SAMPLES[0]}], MAGIKA, ""))
    for name in change:
        request.ClearField(name)
    request.MergeFrom(service_pb2.ModelInferRequest(**change))
    driver = Driver(triton.grpc_address)
    wrong, right = driver.call([request.SerializeToString(), grpc_message([{"bytes": SAMPLES[0]}], MAGIKA, "")])

    assert (wrong.ending, wrong.status) == (Ending.ERROR_STATUS, status)
    assert words in wrong.text
    assert right.ok


def test_a_body_of_many_megabytes_arrives_whole(triton: TritonProcess) -> None:
    # 8 MB: beyond Triton's first windows, so that it sends settings anew while the body is on its way.
    batch = [{"bytes": sample} for sample in SAMPLES] * 50
    (answer,) = Driver(triton.grpc_address).call([grpc_message(batch, MAGIKA, "")])

    # The model takes less in one batch, and says so: that it does, is an answer to the whole request.
    assert answer.ok or "batch" in answer.text
