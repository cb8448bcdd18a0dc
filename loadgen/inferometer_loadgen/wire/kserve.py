"""Where KServe v2 puts things in HTTP: paths and the head of an inference request.

The body's bytes are tritonclient's (`datasets.bodies`); the head is made here, once a sample and replica, since it
also names the host.
"""

from collections.abc import Iterable
from urllib.parse import quote

from inferometer_loadgen.wire.fields import Field, checked_field


def metadata_path(model: str, version: str) -> str:
    """Path of a model's metadata; an empty version leaves the choice to the server."""
    suffix = f"/versions/{quote(version, safe='')}" if version else ""
    return f"/v2/models/{quote(model, safe='')}{suffix}"


def infer_path(model: str, version: str) -> str:
    """Path that an inference request is posted to."""
    return f"{metadata_path(model, version)}/infer"


def infer_head(host: str, path: str, json_length: int, body_length: int, fields: Iterable[Field] = ()) -> bytes:
    """The head of a request with binary tensors: its body is JSON of `json_length` bytes, then the tensors.

    `host` is host:port as the URL names it. Inference-Header-Content-Length is KServe's binary tensor extension.
    `fields` are the user's own, sent with every request. Raises FieldError where one cannot be sent.
    """
    more = "".join(f"{name}: {value}\r\n" for name, value in map(checked_field, fields))
    return (
        f"POST {path} HTTP/1.1\r\n"
        f"Host: {host}\r\n"
        f"Content-Type: application/octet-stream\r\n"
        f"Inference-Header-Content-Length: {json_length}\r\n"
        f"Content-Length: {body_length}\r\n"
        f"{more}"
        f"\r\n"
    ).encode("ascii")
