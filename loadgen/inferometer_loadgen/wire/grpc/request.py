"""A unary request, made before the run: all its bytes but the number of its stream."""

from inferometer_loadgen.wire.grpc.frames import DATA, END_HEADERS, END_STREAM, HEADERS, lead

INFER_PATH = "/inference.GRPCInferenceService/ModelInfer"


def framed(message: bytes) -> bytes:
    """A message as gRPC sends it: not compressed, and its length before it."""
    return b"\x00" + len(message).to_bytes(4) + message


class GrpcRequest:
    """One request: `block` is its headers, `body` the framed message, which is never copied when it is large.

    `before` and `between` are what stands around the first stream number when the body goes out as one frame.
    """

    __slots__ = ("before", "between", "block", "body", "size")

    def __init__(self, block: bytes, body: bytes | memoryview) -> None:
        self.block = block
        self.body = body
        self.size = len(body)
        self.before = lead(len(block), HEADERS, END_HEADERS)
        # A frame of 2^24 bytes does not exist: a body so large never goes out as one.
        self.between = block + lead(self.size % 2**24, DATA, END_STREAM)
