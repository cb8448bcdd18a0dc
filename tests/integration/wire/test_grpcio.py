"""The channel against gRPC's own server, in the moods that servers have."""

import contextlib
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent import futures
from typing import Any

import grpc
import pytest
import trustme

from inferometer_loadgen.wire import TlsError, bearer
from inferometer_loadgen.wire.grpc import INFER_PATH, Ending
from integration.wire.driver import Driver

MESSAGES = [bytes([number]) * (100 + number) for number in range(200)]
LARGE = bytes(range(256)) * 4_000


class Echo(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio has no types
    """Answers with what it was asked, after a while; `refuse` is answered with an error."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.received: list[bytes] = []
        self.metadata: list[dict[str, str]] = []

    def service(self, details: Any) -> Any:
        if details.method != INFER_PATH:
            return None
        return grpc.unary_unary_rpc_method_handler(self.answer)

    def answer(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        self.received.append(message)
        self.metadata.append(dict(context.invocation_metadata()))
        if message == b"refuse":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "größe 100%\nzwei")
        if self.delay_s:
            time.sleep(self.delay_s)  # A model that computes: what the server's limits are about.
        return message


@contextlib.contextmanager
def a_server(
    echo: Echo,
    *options: tuple[str, int],
    compression: grpc.Compression | None = None,
    credentials: grpc.ServerCredentials | None = None,
) -> Iterator[str]:
    """Its address, while it runs."""
    pool = futures.ThreadPoolExecutor(8)
    server = grpc.server(pool, handlers=(echo,), options=options, compression=compression)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()
        pool.shutdown()


def assert_echoed(answers: Sequence[Any], messages: Sequence[bytes]) -> None:
    assert [(answer.row, answer.ending, answer.text) for answer in answers] == [
        (row, Ending.OK, "") for row in range(len(messages))
    ]
    assert [answer.message for answer in answers] == list(messages)


def test_every_message_arrives_once_and_comes_back() -> None:
    echo = Echo()
    with a_server(echo) as address:
        driver = Driver(address)
        assert_echoed(driver.call(MESSAGES), MESSAGES)

    assert sorted(echo.received) == sorted(MESSAGES)
    assert driver.connections == 1
    assert len(driver.blocks.known) <= 4


def test_messages_larger_than_windows_and_frames_arrive_whole() -> None:
    messages = [LARGE * 4, b"", LARGE, LARGE * 8]
    limit = ("grpc.max_receive_message_length", -1)
    with a_server(Echo(), limit, ("grpc.max_send_message_length", -1)) as address:
        assert_echoed(Driver(address).call(messages), messages)


def test_a_message_beyond_the_servers_limit_is_an_error_with_its_words() -> None:
    with a_server(Echo(), ("grpc.max_receive_message_length", 1_000)) as address:
        small, large = Driver(address).call([b"x", LARGE])

    assert small.ok
    assert (large.ending, large.status) == (Ending.ERROR_STATUS, 8)
    assert "larger" in large.text


def test_an_error_is_one_with_the_servers_words() -> None:
    with a_server(Echo()) as address:
        good, refused = Driver(address).call([b"x", b"refuse"])

    assert good.ok
    assert (refused.ending, refused.status) == (Ending.ERROR_STATUS, 3)
    assert refused.text == "gRPC status 3 (INVALID_ARGUMENT): größe 100%\nzwei"


def test_a_method_that_is_not_there_is_an_error() -> None:
    with a_server(Echo()) as address:
        (answer,) = Driver(address).call([b"x"], path="/inference.GRPCInferenceService/Infer")

    assert (answer.ending, answer.status) == (Ending.ERROR_STATUS, 12)


def test_no_more_calls_are_open_than_the_server_allows() -> None:
    echo = Echo(delay_s=0.002)
    with a_server(echo, ("grpc.max_concurrent_streams", 3)) as address:
        driver = Driver(address)
        answers = driver.call(MESSAGES)

    assert driver.most_open == 3
    assert driver.connections == 1
    assert_refused_at_worst(answers)


def assert_refused_at_worst(answers: Sequence[Any]) -> None:
    """One answer a call. gRPC counts a call for a moment after its end, and may refuse the next for it; no more."""
    assert [answer.row for answer in answers] == list(range(len(MESSAGES)))
    assert sum(answer.ok for answer in answers) > len(MESSAGES) // 2
    assert {answer.text for answer in answers} <= {"", "the server reset the stream: REFUSED_STREAM"}


def test_a_server_that_ends_old_connections_loses_no_call_and_gets_none_twice() -> None:
    echo = Echo(delay_s=0.02)
    ages = ("grpc.max_connection_age_ms", 150), ("grpc.max_connection_age_grace_ms", 10_000)
    with a_server(echo, *ages, ("grpc.max_concurrent_streams", 8)) as address:
        driver = Driver(address)
        answers = driver.call(MESSAGES)

    assert driver.connections > 1
    assert sorted(driver.begun) == list(range(len(MESSAGES)))
    assert len(echo.received) == len(set(echo.received))
    assert_refused_at_worst(answers)


def test_a_server_that_wants_its_pings_answered_keeps_the_connection() -> None:
    echo = Echo(delay_s=1.0)
    with a_server(echo, ("grpc.keepalive_time_ms", 100), ("grpc.keepalive_timeout_ms", 100)) as address:
        driver = Driver(address)
        assert_echoed(driver.call([b"slow"]), [b"slow"])

    assert driver.connections == 1


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "counted"])
def test_compressed_answers_are_good_ones(*, keep: bool) -> None:
    messages = [LARGE, b"x" * 5_000]
    with a_server(Echo(), compression=grpc.Compression.Gzip) as address:
        driver = Driver(address, keep_messages=keep)
        answers = driver.call(messages, [("grpc-accept-encoding", "gzip")])

    assert any(fields.encoding == b"gzip" for fields in driver.blocks.known.values())
    assert [answer.ending for answer in answers] == [Ending.OK, Ending.OK]
    assert [answer.message for answer in answers] == (messages if keep else [b"", b""])


def test_fields_of_the_users_own_reach_the_server() -> None:
    echo = Echo()
    with a_server(echo) as address:
        Driver(address).call([b"x"], [bearer("secret"), ("X-Route", "blue")])

    assert echo.metadata[0]["authorization"] == "Bearer secret"
    assert echo.metadata[0]["x-route"] == "blue"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def secured(authority: trustme.CA) -> grpc.ServerCredentials:
    identity = authority.issue_cert("127.0.0.1")
    chain = b"".join(pem.bytes() for pem in identity.cert_chain_pems)
    pair = [(identity.private_key_pem.bytes(), chain)]
    return grpc.ssl_server_credentials(pair, authority.cert_pem.bytes(), require_client_auth=True)


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    authority.issue_cert("worker@inferometer").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    return context


def test_over_tls_both_sides_show_certificates_of_their_own_authority(authority: trustme.CA) -> None:
    messages = [*MESSAGES[:20], LARGE]
    with a_server(Echo(), credentials=secured(authority)) as address:
        assert_echoed(Driver(address, context=trusting(authority)).call(messages), messages)


def test_over_tls_a_server_of_another_authority_gets_no_query(authority: trustme.CA) -> None:
    echo = Echo()
    with (
        a_server(echo, credentials=secured(authority)) as address,
        pytest.raises(TlsError, match=r"certificate of 127\.0\.0\.1 is not trusted"),
    ):
        Driver(address, context=trusting(trustme.CA())).call([b"x"])

    assert echo.received == []
