"""KServe v2 over HTTP/1.1 and gRPC as state machines: bytes in, events out, no socket and no clock."""

from inferometer_loadgen.wire.errors import PeerError, TlsError
from inferometer_loadgen.wire.fields import Field, FieldError, bearer, checked_field
from inferometer_loadgen.wire.http1 import Answer, AnswerReader
from inferometer_loadgen.wire.kserve import infer_head, infer_path, metadata_path

__all__ = [
    "Answer",
    "AnswerReader",
    "Field",
    "FieldError",
    "PeerError",
    "TlsError",
    "bearer",
    "checked_field",
    "infer_head",
    "infer_path",
    "metadata_path",
]
