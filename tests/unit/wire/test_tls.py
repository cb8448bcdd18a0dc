"""TLS without a socket: our layer against the `ssl` module's server side, over memory."""

import ssl

import pytest
import trustme

from inferometer_loadgen.wire import TlsError
from inferometer_loadgen.wire.tls import TlsLayer

HOST = "triton.example"


class Server:
    """The other end."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.shaken = False

    def exchange(self, data: bytes) -> bytes:
        """Takes what the client sent, gives what goes back to it."""
        self.incoming.write(data)
        if not self.shaken:
            try:
                self.tls.do_handshake()
                self.shaken = True
            except ssl.SSLWantReadError:
                pass
        return self.outgoing.read()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def shake_hands(layer: TlsLayer, server: Server) -> None:
    while not layer.established or not server.shaken:
        sent = layer.take_outbox()
        back = server.exchange(sent)
        if not sent and not back:
            pytest.fail("the handshake stands still")
        layer.receive(back)


@pytest.fixture
def pair(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> tuple[TlsLayer, Server]:
    layer, server = TlsLayer(client_context, HOST), Server(server_context)
    shake_hands(layer, server)
    return layer, server


def test_what_one_side_sends_the_other_side_reads(pair: tuple[TlsLayer, Server]) -> None:
    layer, server = pair
    body = bytes(range(256)) * 1_000
    layer.send([b"POST / HTTP/1.1\r\n", memoryview(body)])
    server.exchange(layer.take_outbox())
    read = b""
    while len(read) < 17 + len(body):
        read += server.tls.read(1_000_000)
    server.tls.write(body)

    assert read == b"POST / HTTP/1.1\r\n" + body
    assert layer.receive(server.exchange(b"")) == body


def test_an_answer_byte_by_byte_is_the_same_answer(pair: tuple[TlsLayer, Server]) -> None:
    layer, server = pair
    server.tls.write(b"HTTP/1.1 200 OK\r\n\r\n")
    sent = server.exchange(b"")

    assert b"".join(layer.receive(sent[at : at + 1]) for at in range(len(sent))) == b"HTTP/1.1 200 OK\r\n\r\n"


def test_an_address_is_verified_like_a_name(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> None:
    layer, server = TlsLayer(client_context, "127.0.0.1"), Server(server_context)
    shake_hands(layer, server)

    assert layer.established


def test_a_server_of_another_name_is_not_trusted(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    layer, server = TlsLayer(client_context, "other.example"), Server(server_context)

    with pytest.raises(TlsError, match=r"certificate of other\.example is not trusted: Hostname mismatch"):
        shake_hands(layer, server)


def test_a_server_of_an_unknown_authority_is_not_trusted(server_context: ssl.SSLContext) -> None:
    layer, server = TlsLayer(ssl.create_default_context(), HOST), Server(server_context)

    with pytest.raises(TlsError, match=r"not trusted: .* Give the CA that signed it"):
        shake_hands(layer, server)


def test_a_client_shows_its_certificate_where_it_is_asked_to(
    authority: trustme.CA, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    server_context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_context)
    authority.issue_cert("worker@inferometer").configure_cert(client_context)
    layer, server = TlsLayer(client_context, HOST), Server(server_context)
    shake_hands(layer, server)

    assert (server.tls.getpeercert() or {})["subjectAltName"] == (("email", "worker@inferometer"),)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def test_http2_is_agreed_on_where_it_must_be(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    server_context.maximum_version = version
    server_context.set_alpn_protocols(["h2"])
    client_context.set_alpn_protocols(["h2"])
    layer, server = TlsLayer(client_context, HOST, alpn="h2"), Server(server_context)
    shake_hands(layer, server)

    assert layer.established


def test_a_server_without_http2_is_told_from_one_with_it(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    client_context.set_alpn_protocols(["h2"])
    layer, server = TlsLayer(client_context, HOST, alpn="h2"), Server(server_context)

    with pytest.raises(TlsError, match=r"does not agree to speak `h2` \(ALPN: none\)"):
        shake_hands(layer, server)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28", bytes(100)],
    ids=["plain", "alert", "0"],
)
def test_a_server_that_speaks_no_tls_is_told_so(client_context: ssl.SSLContext, answer: bytes) -> None:
    layer = TlsLayer(client_context, HOST)

    with pytest.raises(TlsError, match=r"no TLS connection to triton\.example comes about"):
        layer.receive(answer)


def test_what_was_tampered_with_is_not_read(pair: tuple[TlsLayer, Server]) -> None:
    layer, server = pair
    layer.receive(server.exchange(b""))
    server.tls.write(b"HTTP/1.1 200 OK\r\n\r\n")
    sent = bytearray(server.exchange(b""))
    sent[-1] ^= 1

    with pytest.raises(TlsError, match="broke the TLS connection"):
        layer.receive(bytes(sent))


def test_a_goodbye_is_told_from_what_is_cut_off(pair: tuple[TlsLayer, Server]) -> None:
    layer, server = pair
    assert not layer.closed
    with pytest.raises(ssl.SSLWantReadError):
        server.tls.unwrap()

    assert layer.receive(server.exchange(b"")) == b""
    assert layer.closed
