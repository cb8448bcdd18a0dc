"""The recording server of `recorder`, over gRPC, by gRPC's own library."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import numpy as np
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from integration.loadgen.recorder import MODEL, Received, Recorder, turn_in

type Act = Callable[[grpc.ServicerContext], object]
"""What a server does before it answers an inference."""


@dataclass(frozen=True)
class Identity:
    """A server's key and certificate, and the authority of its `clients`; all PEM."""

    key: bytes
    certificate: bytes
    clients: bytes


class _Demands(grpc.ServerInterceptor):  # type: ignore[misc]  # without types
    """Refuses calls without the metadata that is required."""

    def __init__(self, required: Mapping[str, str]) -> None:
        self._required = {(name.lower(), value) for name, value in required.items()}

    def intercept_service(self, continuation, details):
        if self._required <= set(details.invocation_metadata):
            return continuation(details)

        def refuse(_request, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"shown: {details.invocation_metadata}")

        return grpc.unary_unary_rpc_method_handler(refuse)


class _Servicer(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]  # generated, without types
    def __init__(self, recorder: Recorder, act: Act, width: int) -> None:
        self._recorder = recorder
        self._act = act
        self._width = width

    def ServerMetadata(self, _request, _context):  # noqa: N802 - the service's own names
        return pb.ServerMetadataResponse(name="recorder", version="0")

    def ModelMetadata(self, _request, _context):  # noqa: N802
        tensor = pb.ModelMetadataResponse.TensorMetadata(name="number", datatype="INT64", shape=[-1, self._width])
        return pb.ModelMetadataResponse(name=MODEL, versions=["1"], platform="test", inputs=[tensor], outputs=[tensor])

    def ModelInfer(self, request, context):  # noqa: N802
        numbers = np.frombuffer(request.raw_input_contents[0], "<i8")[:: self._width].tolist()
        parameters = {
            name: getattr(value, value.WhichOneof("parameter_choice")) for name, value in request.parameters.items()
        }
        port = int(context.peer().rpartition(":")[2])
        with self._recorder.lock:
            self._recorder.received.append(
                Received(numbers[0], port, time.monotonic_ns(), tuple(numbers), turn_in(parameters))
            )
        self._act(context)
        return pb.ModelInferResponse(model_name=MODEL, model_version="1")


@contextmanager
def recording_grpc_server(
    act: Act = lambda _: None,
    identity: Identity | None = None,
    required: Mapping[str, str] | None = None,
    width: int = 1,
) -> Iterator[Recorder]:
    """A server on loopback. It has one thread, so that the calls of a connection are noted in their order."""
    server = grpc.server(ThreadPoolExecutor(1), interceptors=[_Demands(required or {})])
    if identity is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pairs = [(identity.key, identity.certificate)]
        port = server.add_secure_port(
            "127.0.0.1:0", grpc.ssl_server_credentials(pairs, identity.clients, require_client_auth=True)
        )
    recorder = Recorder(url=f"{'grpc' if identity is None else 'grpcs'}://127.0.0.1:{port}")
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_Servicer(recorder, act, width), server)
    server.start()
    try:
        yield recorder
    finally:
        server.stop(None).wait()
