"""Requests of sequences: the bytes that Triton's own client would send with the same parameters."""

import json
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient import grpc
from tritonclient.grpc import _utils, service_pb2
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

from inferometer_loadgen.datasets.bodies import grpc_message, http_batch
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress, SequencesPlan
from inferometer_loadgen.stream.sequences import turns_of
from inferometer_loadgen.wire import infer_head
from inferometer_loadgen.wire.grpc import framed
from inferometer_loadgen.worker.requests import Encoded, grpc_requests
from inferometer_loadgen.worker.sequenced import TEMPLATE_ID, GrpcInSequence, Numbering, http_in_sequence

PARAMETERS: dict[str, int | str] = {"mode": "sum", "gain": 3}
MODEL = ModelPlan(name="sum", version="2", parameters=PARAMETERS)
REPLICAS = (
    ReplicaAddress(name="one", url="http://198.18.11.4:8000", metrics_url=""),
    ReplicaAddress(name="other", url="http://[fd00::1]:8000", metrics_url=""),
)
SEQUENCES = SequencesPlan(count=2, length=7)
SAMPLES = 5


def metadata(width: int) -> ModelMetadata:
    tensor = TensorSpec("number", "INT64", (-1, width))
    return ModelMetadata(name="sum", inputs=(tensor,), outputs=(tensor,))


def sample(number: int, width: int) -> np.ndarray:
    return np.full(width, number, np.int64)


def theirs(number: int, width: int, sequence_id: int, start: bool, end: bool) -> tuple[bytes, int]:
    tensor = InferInput("number", [1, width], "INT64")
    tensor.set_data_from_numpy(sample(number, width)[np.newaxis], binary_data=True)
    return InferenceServerClient.generate_request_body(
        [tensor],
        outputs=[InferRequestedOutput("number", binary_data=True)],
        sequence_id=sequence_id,
        sequence_start=start,
        sequence_end=end,
        parameters=PARAMETERS,
    )


@pytest.mark.parametrize("width", [1, 4_096], ids=["joined", "in two pieces"])
def test_over_http_they_are_tritonclients_bytes(width: int) -> None:
    def body_of(body: tuple[int, ...]) -> Encoded:
        made = http_batch([{"number": sample(body[0], width)}], metadata(width), PARAMETERS, TEMPLATE_ID)
        return Encoded(made.data, made.json_length)

    by_replica = http_in_sequence(MODEL, REPLICAS, body_of, SAMPLES)

    index = np.arange(300)
    asked = index % SAMPLES
    numbers = Numbering(SEQUENCES, SAMPLES, 0, 1)(asked, 1)
    columns = (column.tolist() for column in turns_of(index, SEQUENCES))
    for number, asked_for, sequence_id, start, end in zip(numbers, asked.tolist(), *columns, strict=True):
        data, json_length = theirs(asked_for, width, sequence_id, start, end)
        for replica, host in zip(by_replica, ("198.18.11.4:8000", "[fd00::1]:8000"), strict=True):
            head = infer_head(host, "/v2/models/sum/versions/2/infer", json_length, len(data))
            sent = replica[number]
            assert (sent if isinstance(sent, bytes) else b"".join(sent)) == head + data


def test_large_tensors_are_not_copied() -> None:
    tensors = bytes(range(256)) * 64
    parameters = {"sequence_id": TEMPLATE_ID, "sequence_start": True, "sequence_end": True}
    document = json.dumps({"parameters": parameters}, separators=(",", ":"))
    whole = memoryview(document.encode() + tensors)
    (replica,) = http_in_sequence(MODEL, REPLICAS[:1], lambda _: Encoded(whole, len(document)), 1)

    sent = replica[Numbering(SEQUENCES, 1, 0, 1)(np.zeros(1, np.int64), 1)[0]]

    assert isinstance(sent, tuple)
    assert isinstance(sent[1], memoryview)
    assert sent[1].obj is whole.obj


def test_a_body_without_the_template_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the parameters"):
        http_in_sequence(MODEL, REPLICAS, lambda _: Encoded(b"{}", 2), 1)


@pytest.mark.parametrize("width", [1, 4_096])
def test_over_grpc_they_are_tritonclients_messages(width: int) -> None:
    calls = grpc_requests(
        REPLICAS,
        lambda body: framed(grpc_message([{"number": sample(body[0], width)}], metadata(width), "2", PARAMETERS)),
    )
    for number in range(SAMPLES):
        calls.add((number,))

    tensor = grpc.InferInput("number", [1, width], "INT64")
    index = np.arange(40)
    numbers = Numbering(SEQUENCES, SAMPLES, 0, 1)(index % SAMPLES, 1)
    columns = (column.tolist() for column in turns_of(index, SEQUENCES))
    for number, query, sequence_id, start, end in zip(numbers, index.tolist(), *columns, strict=True):
        tensor.set_data_from_numpy(sample(query % SAMPLES, width)[np.newaxis])
        expected = _utils._get_inference_request(
            model_name="sum",
            inputs=[tensor],
            model_version="2",
            request_id="",
            outputs=[grpc.InferRequestedOutput("number")],
            sequence_id=sequence_id,
            sequence_start=start,
            sequence_end=end,
            priority=0,
            timeout=None,
            parameters=PARAMETERS,
        )
        for own in calls.by_replica:
            sent = GrpcInSequence(own)[number]
            assert sent.block == own[0].block
            body = bytes(sent.body)
            assert body[:5] == b"\0" + len(body[5:]).to_bytes(4)
            assert service_pb2.ModelInferRequest.FromString(body[5:]) == expected


@given(st.integers(1, 5), st.integers(1, 9), st.lists(st.integers(0, 40), max_size=6))
def test_all_workers_number_their_rows_as_one_would_all_of_them(workers: int, length: int, blocks: list[int]) -> None:
    plan = SequencesPlan(count=workers * 2, length=length)
    whole = Numbering(plan, SAMPLES, 0, 1)(np.arange(sum(blocks) * workers) % SAMPLES, 1)

    for worker in range(workers):
        numbering, done = Numbering(plan, SAMPLES, worker, workers), array("q")
        for rows in blocks:
            index = worker + workers * np.arange(len(done), len(done) + rows)
            done.extend(numbering(index % SAMPLES, 1))
        assert done == whole[worker::workers]
