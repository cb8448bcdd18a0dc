"""The recording server of `recorder`, over gRPC, by gRPC's own library."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import numpy as np
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from integration.loadgen.recorder import MODEL, Received, Recorder

type Act = Callable[[grpc.ServicerContext], object]
"""What a server does before it answers an inference."""


class _Servicer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]  # generated, without types
    def __init__(self, recorder: Recorder, act: Act) -> None:
        self._recorder = recorder
        self._act = act

    def ServerMetadata(self, _request, _context):  # noqa: N802 - the service's own names
        return pb.ServerMetadataResponse(name="recorder", version="0")

    def ModelMetadata(self, _request, _context):  # noqa: N802
        tensor = pb.ModelMetadataResponse.TensorMetadata(name="number", datatype="INT64", shape=[-1, 1])
        return pb.ModelMetadataResponse(name=MODEL, versions=["1"], platform="test", inputs=[tensor], outputs=[tensor])

    def ModelInfer(self, request, context):  # noqa: N802
        numbers = np.frombuffer(request.raw_input_contents[0], "<i8").tolist()
        port = int(context.peer().rpartition(":")[2])
        with self._recorder.lock:
            self._recorder.received.append(Received(numbers[0], port, time.monotonic_ns(), tuple(numbers)))
        self._act(context)
        return pb.ModelInferResponse(model_name=MODEL, model_version="1")


@contextmanager
def recording_grpc_server(act: Act = lambda _: None) -> Iterator[Recorder]:
    """A server on loopback. It has one thread, so that the calls of a connection are noted in their order."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    recorder = Recorder(url=f"grpc://127.0.0.1:{port}")
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_Servicer(recorder, act), server)
    server.start()
    try:
        yield recorder
    finally:
        server.stop(None).wait()
