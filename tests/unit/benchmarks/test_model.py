"""What all clients send, and what the null servers answer: read back by tritonclient, which is right by definition."""

import struct

import numpy as np
from benchmarks.model import IDENTITY_ROOM, Model
from tritonclient.grpc import service_pb2
from tritonclient.http import InferenceServerClient

MODEL = Model(input_values=64)


def answers(packed: bytes) -> dict[bytes, bytes]:
    """The file of answers as the servers read it."""
    blocks, at = [], 0
    while at < len(packed):
        (size,) = struct.unpack_from("<I", packed, at)
        blocks.append(packed[at + 4 : at + 4 + size])
        at += 4 + size
    return dict(zip(blocks[::2], blocks[1::2], strict=True))


def test_the_http_answer_holds_the_output_and_room_for_an_id() -> None:
    head, _, body = answers(MODEL.http_answers())[b"POST "].partition(b"\r\n\r\n")
    fields = dict(line.split(b": ") for line in head.splitlines()[1:])
    json_length = int(fields[b"Inference-Header-Content-Length"])
    result = InferenceServerClient.parse_response_body(body, header_length=json_length)

    assert int(fields[b"Content-Length"]) == len(body)
    assert np.array_equal(result.as_numpy("output"), np.zeros(64, dtype=np.int32))
    assert (b'"id":""' + b" " * IDENTITY_ROOM + b"}") in body


def test_the_grpc_answer_is_to_the_request_that_clients_send() -> None:
    request = service_pb2.ModelInferRequest.FromString(MODEL.grpc_request)
    answer = answers(MODEL.grpc_answers())[b"/inference.GRPCInferenceService/ModelInfer"]
    message = service_pb2.ModelInferResponse.FromString(answer)

    assert (request.model_name, len(request.raw_input_contents[0])) == (message.model_name, 256)
    assert len(message.raw_output_contents[0]) == 256


def test_requests_of_both_protocols_are_less_than_1_kb() -> None:
    assert max(len(MODEL.http_request[0]), len(MODEL.grpc_request)) < 1_000
