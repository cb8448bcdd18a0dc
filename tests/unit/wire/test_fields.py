"""A user's own header fields: in both protocols, and never able to break a request."""

import hpack
import pytest

from inferometer_loadgen.wire import FieldError, bearer, infer_head
from inferometer_loadgen.wire.grpc import INFER_PATH, header_block

PATH = "/v2/models/m/infer"


def test_fields_stand_in_the_head_of_an_http_request() -> None:
    head = infer_head("h:1", PATH, 5, 9, [("X-Route", " blue "), bearer("token\n")])

    assert head.endswith(b"Content-Length: 9\r\nX-Route: blue\r\nAuthorization: Bearer token\r\n\r\n")
    assert head.count(b"\r\n\r\n") == 1


def test_fields_stand_in_the_headers_of_a_grpc_request_and_are_not_to_be_indexed() -> None:
    block = header_block("h:1", INFER_PATH, [("X-Route", " blue "), bearer("token\n")])
    decoded = list(hpack.Decoder().decode(block, raw=True))

    assert decoded[-2:] == [(b"x-route", b"blue"), (b"authorization", b"Bearer token")]
    assert [type(field) for field in decoded[-2:]] == [hpack.NeverIndexedHeaderTuple] * 2


@pytest.mark.parametrize(
    ("field", "message"),
    [
        pytest.param(("X-A", "1\r\nX-B: 2"), "`X-A` holds a line end", id="a line end in a value"),
        pytest.param(("X-A", "größe"), "`X-A` holds .* not ASCII", id="a value that is not ASCII"),
        pytest.param(("X A", "1"), "`X A` is no name", id="a blank in a name"),
        pytest.param(("", "1"), "`` is no name", id="no name"),
        pytest.param((":path", "/"), "`:path` is no name", id="a name of HTTP/2's own"),
        pytest.param(("Content-Length", "1"), "`Content-Length` belongs to the request", id="a length"),
        pytest.param(("host", "x"), "`host` belongs to the request", id="a host"),
    ],
)
def test_a_field_that_would_break_a_request_is_refused_in_both(field: tuple[str, str], message: str) -> None:
    with pytest.raises(FieldError, match=message):
        infer_head("h:1", PATH, 5, 9, [field])
    with pytest.raises(FieldError, match=message):
        header_block("h:1", INFER_PATH, [field])


def test_headers_beyond_what_any_server_must_take_are_refused() -> None:
    with pytest.raises(FieldError, match="the request's headers take 20,"):
        header_block("h:1", INFER_PATH, [bearer("x" * 20_000)])
