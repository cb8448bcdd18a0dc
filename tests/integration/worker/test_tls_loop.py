"""The measured loop over TLS, both protocols: nothing else is different."""

import hashlib
import ssl
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import trustme

from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.connections import ConnectError, Tls
from integration.worker.runs import client_of
from integration.worker.scripted import Conversation, Script, ScriptedServer, body_of, serving
from integration.worker.scripted_grpc import serving_grpc

OK, CONNECTION_LOST = QueryStatus.OK, QueryStatus.CONNECTION_LOST
AUTHORITY, OTHER_AUTHORITY = trustme.CA(), trustme.CA()

type Serving = Callable[[Script], AbstractContextManager[ScriptedServer]]


def server_context(*protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def trusting(authority: trustme.CA, alpn: str | None) -> Tls:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    return Tls(context, alpn)


HTTP = pytest.param(lambda script: serving(script, tls=server_context()), trusting(AUTHORITY, None), id="http")
GRPC = pytest.param(lambda script: serving_grpc(script, server_context("h2")), trusting(AUTHORITY, "h2"), id="grpc")
both_protocols = pytest.mark.parametrize(("serve", "tls"), [HTTP, GRPC])


def answers(conversation: Conversation) -> None:
    for _ in conversation.requests():
        conversation.answer()


@both_protocols
def test_each_query_is_sent_once_and_answered(serve: Serving, tls: Tls) -> None:
    with serve(answers) as server, client_of(server, connections=2, tls=tls) as client:
        outcome = client.run([query * 0.5 for query in range(100)], drain_ms=20_000)

    assert outcome.statuses == [OK] * 100
    assert server.received == dict.fromkeys(range(100), 1)
    assert server.connections == 2


@both_protocols
def test_a_body_that_the_kernel_takes_in_parts_arrives_whole(serve: Serving, tls: Tls) -> None:
    size = 3_000_000

    def reads_slowly(conversation: Conversation) -> None:
        for _ in conversation.requests(read_bytes=100_000):
            time.sleep(0.01)
            conversation.answer()

    with serve(reads_slowly) as server, client_of(server, samples=6, body_bytes=size, tls=tls) as client:
        outcome = client.run([0] * 6, drain_ms=60_000)

    assert outcome.statuses == [OK] * 6
    assert server.digests == {hashlib.sha256(body_of(sample, size)).digest() for sample in range(6)}


@both_protocols
def test_a_connection_that_ends_is_replaced_by_one_that_is_as_private(serve: Serving, tls: Tls) -> None:
    def ends_with_the_first(conversation: Conversation) -> None:
        for sample in conversation.requests():
            if sample == 0:
                conversation.hang_up()
                return
            conversation.answer()

    with serve(ends_with_the_first) as server, client_of(server, tls=tls) as client:
        outcome = client.run([0, 100, 110], drain_ms=20_000)

    assert outcome.statuses == [CONNECTION_LOST, OK, OK]
    assert server.received == {0: 1, 1: 1, 2: 1}
    assert server.connections == 2


@both_protocols
def test_a_server_that_is_not_trusted_is_named_before_anything_is_sent(serve: Serving, tls: Tls) -> None:
    with serve(answers) as server:
        stranger = trusting(OTHER_AUTHORITY, tls.alpn)
        with pytest.raises(ConnectError, match=r"scripted at 127\..* is not trusted"), client_of(server, tls=stranger):
            pass

    assert not server.received
