"""Paths and heads of KServe v2, against what other clients send."""

import http.client
import io
from collections.abc import Iterator
from email.parser import BytesParser

import pytest
from tritonclient.http import InferenceServerClient, InferInput

from inferometer_loadgen.wire import infer_head, infer_path, metadata_path


def fields_of(head: bytes) -> tuple[str, dict[str, str]]:
    """The request line, and the fields by their names in small letters."""
    line, _, rest = head.partition(b"\r\n")
    return line.decode(), {name.lower(): value for name, value in BytesParser().parsebytes(rest).items()}


class _Recorder:
    """A socket as http.client writes to it."""

    def __init__(self) -> None:
        self.written = io.BytesIO()

    def sendall(self, data: bytes) -> None:
        self.written.write(data)


def head_by_http_client(host: str, path: str, json_length: int, body: bytes) -> bytes:
    recorder = _Recorder()
    connection = http.client.HTTPConnection(host)
    connection.sock = recorder
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(json_length)}
    connection.request("POST", path, body, headers)
    head, _, _ = recorder.written.getvalue().partition(b"\r\n\r\n")
    return head + b"\r\n\r\n"


@pytest.mark.parametrize("host", ["198.18.11.4:8000", "[fd00::1]:8000", "triton.bench.svc", "localhost:8000"])
def test_the_head_says_what_http_client_would_say(host: str) -> None:
    path = infer_path("magika", "3")
    ours_line, ours = fields_of(infer_head(host, path, 5, 9))
    its_line, its = fields_of(head_by_http_client(host, path, 5, b"{...}data"))

    assert ours_line == its_line
    # Python's own client asks for no compression; without the field no answer is compressed either.
    assert ours == {name: value for name, value in its.items() if name != "accept-encoding"}


def test_the_head_ends_with_one_empty_line_and_the_body_follows() -> None:
    head = infer_head("h:1", "/v2/models/m/infer", 1, 2)

    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r\n\r\n") == 1


@pytest.fixture
def tritonclient() -> Iterator[InferenceServerClient]:
    client = InferenceServerClient("localhost:1")
    yield client
    client.close()


@pytest.mark.parametrize("model", ["resnet50", "a model", "größe", "50%"])
@pytest.mark.parametrize("version", ["", "7"])
def test_the_path_is_the_one_that_tritonclient_posts_to(
    tritonclient: InferenceServerClient, monkeypatch: pytest.MonkeyPatch, model: str, version: str
) -> None:
    posted: list[str] = []

    class PostedError(Exception):
        """Ends the call before a connection is made."""

    def post(request_uri: str, **_: object) -> None:
        posted.append(f"/{request_uri}")
        raise PostedError

    monkeypatch.setattr(tritonclient, "_post", post)
    with pytest.raises(PostedError):
        tritonclient.infer(model, [InferInput("x", [1], "FP32")], model_version=version)

    assert posted == [infer_path(model, version)]


def test_an_empty_version_leaves_the_choice_to_the_server() -> None:
    assert metadata_path("m", "") == "/v2/models/m"
    assert metadata_path("m", "2") == "/v2/models/m/versions/2"
