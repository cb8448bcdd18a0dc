"""Unary gRPC over HTTP/2 as a state machine: requests made before the run, bytes in, answers out."""

from inferometer_loadgen.wire.grpc.answer import NO_STATUS, Answer, Ending
from inferometer_loadgen.wire.grpc.channel import Channel
from inferometer_loadgen.wire.grpc.headers import BlockCache, header_block
from inferometer_loadgen.wire.grpc.request import INFER_PATH, GrpcRequest, framed

__all__ = [
    "INFER_PATH",
    "NO_STATUS",
    "Answer",
    "BlockCache",
    "Channel",
    "Ending",
    "GrpcRequest",
    "framed",
    "header_block",
]
