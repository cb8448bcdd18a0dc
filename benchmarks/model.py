"""The model that all clients ask, its one request, and what the null servers answer to all that a client asks.

All clients send the same tensor: tritonclient makes the bytes for ours, wrk and grpc.aio; perf_analyzer makes its own
from the model's metadata, which adds an id and a few words of JSON.
"""

import json
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import starmap

import numpy as np
from tritonclient.grpc import InferInput as GrpcInput
from tritonclient.grpc import InferRequestedOutput as GrpcOutput
from tritonclient.grpc import model_config_pb2, service_pb2
from tritonclient.grpc._utils import _get_inference_request
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

NAME = "null"
VERSION = "1"
IDENTITY_ROOM = 24
"""Blanks in an HTTP answer that null_http.c writes an id into."""
SERVICE = "/inference.GRPCInferenceService"


@dataclass(frozen=True)
class Model:
    """One input and one output of 32-bit integers."""

    input_values: int
    output_values: int = 64

    @cached_property
    def http_request(self) -> tuple[bytes, int]:
        """A request's body and the length of its JSON."""
        tensor = InferInput("input", [self.input_values], "INT32")
        tensor.set_data_from_numpy(np.zeros(self.input_values, dtype=np.int32), binary_data=True)
        body, json_length = InferenceServerClient.generate_request_body(
            [tensor], outputs=[InferRequestedOutput("output", binary_data=True)]
        )
        return body, json_length

    @cached_property
    def grpc_request(self) -> bytes:
        """A request's message."""
        tensor = GrpcInput("input", [self.input_values], "INT32")
        tensor.set_data_from_numpy(np.zeros(self.input_values, dtype=np.int32))
        request = _get_inference_request(
            model_name=NAME, inputs=[tensor], model_version=VERSION, request_id="", outputs=[GrpcOutput("output")],
            sequence_id=0, sequence_start=False, sequence_end=False, priority=0, timeout=None, parameters=None,
        )  # fmt: skip
        message: bytes = request.SerializeToString()
        return message

    def http_answers(self) -> bytes:
        """What null_http.c reads: first the answer to an inference, then by the beginning of the request's head."""
        facts = {"model_name": NAME, "model_version": VERSION, "outputs": [self._http_output()], "id": ""}
        text = json.dumps(facts, separators=(",", ":"))
        inference = f'{text[:-2]}"{" " * IDENTITY_ROOM}}}'.encode()
        tensor = bytes(4 * self.output_values)
        path = f"/v2/models/{NAME}/versions/{VERSION}"
        pages = {
            path: self._metadata(),
            f"{path}/config": self._config(),
            f"{path}/stats": {"model_stats": [{"name": NAME, "version": VERSION}]},
            f"/v2/models/{NAME}": self._metadata(),
            "/v2": {"name": "triton", "version": "2.51.0", "extensions": ["statistics"]},
        }
        answers = {
            b"POST ": _http_answer(
                inference + tensor, "application/octet-stream", f"Inference-Header-Content-Length: {len(inference)}\r\n"
            )
        }
        for target, page in pages.items():
            answers[f"GET {target} ".encode()] = _http_answer(json.dumps(page).encode(), "application/json")
        return _packed(answers)

    def grpc_answers(self) -> bytes:
        """What null_grpc.c reads: messages by path, the inference first."""
        output = service_pb2.ModelInferResponse.InferOutputTensor(
            name="output", datatype="INT32", shape=[self.output_values]
        )
        messages = {
            "ModelInfer": service_pb2.ModelInferResponse(
                model_name=NAME,
                model_version=VERSION,
                outputs=[output],
                raw_output_contents=[bytes(4 * self.output_values)],
            ),
            "ModelMetadata": self._metadata_message(),
            "ModelConfig": self._config_message(),
            "ModelStatistics": service_pb2.ModelStatisticsResponse(
                model_stats=[service_pb2.ModelStatistics(name=NAME, version=VERSION)]
            ),
            "ServerMetadata": service_pb2.ServerMetadataResponse(
                name="triton", version="2.51.0", extensions=["statistics"]
            ),
        }
        return _packed(
            {f"{SERVICE}/{method}".encode(): message.SerializeToString() for method, message in messages.items()}
        )

    def _http_output(self) -> dict[str, object]:
        size = {"binary_data_size": 4 * self.output_values}
        return {"name": "output", "datatype": "INT32", "shape": [self.output_values], "parameters": size}

    def _metadata(self) -> dict[str, object]:
        return {
            "name": NAME,
            "versions": [VERSION],
            "platform": "null",
            "inputs": [{"name": "input", "datatype": "INT32", "shape": [self.input_values]}],
            "outputs": [{"name": "output", "datatype": "INT32", "shape": [self.output_values]}],
        }

    def _config(self) -> dict[str, object]:
        return {
            "name": NAME,
            "platform": "null",
            "max_batch_size": 0,
            "input": [{"name": "input", "data_type": "TYPE_INT32", "dims": [self.input_values]}],
            "output": [{"name": "output", "data_type": "TYPE_INT32", "dims": [self.output_values]}],
        }

    def _metadata_message(self) -> service_pb2.ModelMetadataResponse:
        tensor = service_pb2.ModelMetadataResponse.TensorMetadata
        return service_pb2.ModelMetadataResponse(
            name=NAME,
            versions=[VERSION],
            platform="null",
            inputs=[tensor(name="input", datatype="INT32", shape=[self.input_values])],
            outputs=[tensor(name="output", datatype="INT32", shape=[self.output_values])],
        )

    def _config_message(self) -> service_pb2.ModelConfigResponse:
        integers = model_config_pb2.TYPE_INT32
        return service_pb2.ModelConfigResponse(
            config=model_config_pb2.ModelConfig(
                name=NAME,
                platform="null",
                input=[model_config_pb2.ModelInput(name="input", data_type=integers, dims=[self.input_values])],
                output=[model_config_pb2.ModelOutput(name="output", data_type=integers, dims=[self.output_values])],
            )
        )


def _http_answer(body: bytes, content_type: str, fields: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _packed(answers: dict[bytes, bytes]) -> bytes:
    return b"".join(starmap(_one_packed, answers.items()))


def _one_packed(key: bytes, answer: bytes) -> bytes:
    return struct.pack("<I", len(key)) + key + struct.pack("<I", len(answer)) + answer
