"""Requests under a server's windows and frame sizes: h2 is the server, and it refuses what HTTP/2 does not allow."""

from collections import defaultdict
from typing import Any

import hpack
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes, Settings
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from inferometer_loadgen.wire.grpc import INFER_PATH, Answer, BlockCache, Channel, Ending, GrpcRequest, framed
from unit.wire.grpc.server import BLOCK, END, HEAD, MESSAGE, a_channel, answer, sent_frames, settings, window


class Server:
    """h2's own state machine: it raises on a byte too many. What it received, by stream."""

    def __init__(self, **values: int) -> None:
        self.http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        initial = {getattr(SettingCodes, name.upper()): value for name, value in values.items()}
        self.http2.local_settings = Settings(client=False, initial_values=initial)
        self.http2.max_inbound_frame_size = self.http2.local_settings.max_frame_size
        self.http2.initiate_connection()
        self.bodies: dict[int, bytes] = defaultdict(bytes)
        self.frame_sizes: list[int] = []
        self.heads: dict[int, list[Any]] = {}
        self.whole: list[int] = []
        self.resets: list[int] = []

    def take(self, sent: bytes) -> None:
        for event in self.http2.receive_data(sent):
            if isinstance(event, RequestReceived):
                self.heads[event.stream_id] = list(event.headers)
            elif isinstance(event, DataReceived):
                self.bodies[event.stream_id] += event.data
                self.frame_sizes.append(len(event.data))
            elif isinstance(event, StreamEnded):
                self.whole.append(event.stream_id)
            elif isinstance(event, StreamReset):
                self.resets.append(event.stream_id)

    def answer(self, stream: int) -> None:
        self.http2.send_headers(stream, HEAD)
        self.http2.send_data(stream, framed(MESSAGE))
        self.http2.send_headers(stream, END, end_stream=True)

    def widen(self, increment: int) -> None:
        """Opens all windows as far as they still admit nothing."""
        for stream in [None, *(stream for stream in self.heads if stream not in self.whole)]:
            self.http2.increment_flow_control_window(increment, stream)


def exchange(channel: Channel, server: Server) -> list[Answer]:
    """Lets both sides say what they have to say."""
    ended: list[Answer] = []
    while True:
        sent = b"".join(channel.take_outbox())
        back = server.http2.data_to_send()
        if not sent and not back:
            return ended
        server.take(sent)
        ended += channel.receive(back + server.http2.data_to_send())


def connected(**values: int) -> tuple[Channel, Server]:
    channel, server = Channel(BlockCache()), Server(**values)
    exchange(channel, server)
    assert channel.ready
    return channel, server


def body(size: int) -> bytes:
    return framed(bytes(at % 251 for at in range(size)))


@limits(deadline=None, max_examples=50)  # h2 takes its time.
@given(
    sizes=st.lists(st.integers(0, 20_000), min_size=1, max_size=4),
    initial=st.sampled_from([0, 1, 5, 100, 16_384, 65_535, 2**31 - 1]),
    increments=st.lists(st.integers(200, 50_000), min_size=1, max_size=4),
)
def test_every_body_arrives_whole_and_never_a_byte_beyond_a_window(
    sizes: list[int], initial: int, increments: list[int]
) -> None:
    channel, server = connected(initial_window_size=initial)
    bodies = [body(size) for size in sizes]
    for row, sent in enumerate(bodies):
        channel.begin(row, GrpcRequest(BLOCK, memoryview(sent)))
    exchange(channel, server)
    turn = 0
    while len(server.whole) < len(bodies):
        server.widen(increments[turn % len(increments)])
        exchange(channel, server)
        turn += 1
    for stream in sorted(server.bodies):
        server.answer(stream)

    assert [server.bodies[1 + 2 * row] for row in range(len(bodies))] == bodies
    assert sorted(ended.row for ended in exchange(channel, server) if ended.ok) == list(range(len(bodies)))


def test_a_window_of_one_byte_is_filled_byte_by_byte() -> None:
    channel, server = connected(initial_window_size=0)
    sent = body(50)
    channel.begin(0, GrpcRequest(BLOCK, sent))
    exchange(channel, server)
    for _ in range(len(sent)):
        assert not server.whole
        server.http2.increment_flow_control_window(1, 1)
        exchange(channel, server)

    assert server.bodies[1] == sent
    assert server.frame_sizes == [1] * len(sent)
    assert server.whole == [1]


@pytest.mark.parametrize(("frame", "frames"), [(16_384, 5), (65_536, 2)])
def test_no_frame_is_larger_than_the_server_takes(frame: int, frames: int) -> None:
    channel, server = connected(max_frame_size=frame, initial_window_size=10**6)
    server.http2.increment_flow_control_window(10**6)
    sent = body(66_000)
    channel.begin(0, GrpcRequest(BLOCK, sent))
    exchange(channel, server)

    assert server.bodies[1] == sent
    assert len(server.frame_sizes) == frames
    assert max(server.frame_sizes) <= frame


def test_a_large_body_is_sent_without_a_copy() -> None:
    channel = a_channel(initial_window_size=10**6, max_frame_size=2**20)
    channel.receive(window(0, 10**6))
    sent = body(600_000)
    for _ in range(2):  # The first request of a connection takes another way than the others.
        channel.begin(0, GrpcRequest(BLOCK, sent))
        pieces = [piece for piece in channel.take_outbox() if len(piece) > 1_000]
        assert [memoryview(piece).obj for piece in pieces] == [sent]
        channel.receive(window(0, 10**6))


def test_a_window_that_settings_make_negative_holds_back_until_it_is_positive_again() -> None:
    channel = a_channel(initial_window_size=100)
    channel.begin(0, GrpcRequest(BLOCK, body(495)))
    channel.take_outbox()
    channel.receive(settings(initial_window_size=30))  # 100 sent: the window is 30 - 100 = -70.
    channel.receive(window(1, 70))
    assert [type(frame).__name__ for frame in sent_frames(channel)] == ["SettingsFrame"]
    channel.receive(window(1, 1))
    assert [len(frame.data) for frame in sent_frames(channel)] == [1]
    channel.receive(settings(initial_window_size=429))

    assert [len(frame.data) for frame in sent_frames(channel) if frame.stream_id] == [399]


def test_the_oldest_request_goes_first_when_the_connections_window_opens() -> None:
    channel = a_channel(initial_window_size=10**6)
    for row in range(3):
        channel.begin(row, GrpcRequest(BLOCK, body(40_000)))
    channel.take_outbox()
    channel.receive(window(0, 40_000))

    assert [frame.stream_id for frame in sent_frames(channel)] == [3, 5, 5]


def test_a_request_whose_own_window_is_shut_does_not_keep_the_others_back() -> None:
    channel = a_channel(initial_window_size=10)
    channel.begin(0, GrpcRequest(BLOCK, body(95)))
    channel.receive(settings(initial_window_size=10))
    channel.begin(1, GrpcRequest(BLOCK, body(5)))
    channel.take_outbox()
    channel.receive(window(3, 1))

    assert channel.free() > 0
    assert channel.receive(answer(3))[0].ok


def test_an_answer_to_what_was_not_wholly_asked_is_no_good_one_and_the_rest_is_not_sent() -> None:
    channel, server = connected(initial_window_size=10)
    channel.begin(0, GrpcRequest(BLOCK, body(100)))
    exchange(channel, server)
    server.answer(1)
    (ended,) = exchange(channel, server)

    assert ended == Answer(0, Ending.BAD_ANSWER, -1, "the server answered what was not wholly asked", b"")
    assert server.resets == [1]
    assert channel.receive(window(0, 1_000)) == []
    assert channel.take_outbox() == []


def test_a_refusal_of_what_was_not_wholly_asked_keeps_the_servers_words() -> None:
    channel, server = connected(initial_window_size=10)
    channel.begin(0, GrpcRequest(BLOCK, body(100)))
    exchange(channel, server)
    server.http2.send_headers(1, [*HEAD, ("grpc-status", "8"), ("grpc-message", "too large")], end_stream=True)
    (ended,) = exchange(channel, server)

    assert ended == Answer(0, Ending.ERROR_STATUS, 8, "gRPC status 8 (RESOURCE_EXHAUSTED): too large", b"")


def test_the_headers_are_what_grpc_asks_for() -> None:
    channel, server = connected()
    for row in range(2):
        channel.begin(row, GrpcRequest(BLOCK, body(3)))
    exchange(channel, server)

    assert server.heads[1] == [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", INFER_PATH),
        (":authority", "198.18.11.4:8001"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]
    assert server.heads[3] == server.heads[1]


def test_a_server_that_allows_no_table_is_obeyed_from_the_first_block() -> None:
    channel = a_channel(header_table_size=0)
    channel.begin(0, GrpcRequest(BLOCK, body(3)))
    first = sent_frames(channel)[0]
    decoder = hpack.Decoder()
    decoder.max_allowed_table_size = 0  # It refuses a block that does not say so.

    assert [bytes(name) for name, _ in decoder.decode(first.data, raw=True)][:2] == [b":method", b":scheme"]


def test_small_bodies_stay_within_the_connections_window_too() -> None:
    channel, server = connected()
    bodies = [body(16_000 + row) for row in range(8)]
    for row, sent in enumerate(bodies):
        channel.begin(row, GrpcRequest(BLOCK, sent))
    exchange(channel, server)
    assert sum(map(len, server.bodies.values())) == 65_535
    server.http2.increment_flow_control_window(100_000)
    exchange(channel, server)

    assert list(server.bodies.values()) == bodies


def test_an_answer_that_looks_like_the_last_is_no_good_one_while_its_request_waits() -> None:
    channel = a_channel(initial_window_size=20)
    for row in range(3):
        channel.begin(row, GrpcRequest(BLOCK, body(3 if row < 2 else 100)))

    ended = channel.receive(answer(1) + answer(3) + answer(5))
    assert [call.ending for call in ended] == [Ending.OK, Ending.OK, Ending.BAD_ANSWER]


@limits(deadline=None, max_examples=50)
@given(
    storm=st.lists(
        st.tuples(
            st.sampled_from(["initial_window_size", "max_frame_size", "header_table_size"]), st.integers(0, 70_000)
        ),
        max_size=20,
    )
)
def test_a_storm_of_settings_loses_no_byte(storm: list[tuple[str, int]]) -> None:
    channel, server = connected(initial_window_size=50)
    sent = body(30_000)
    for row in range(3):
        channel.begin(row, GrpcRequest(BLOCK, sent))
    for name, value in [*storm, ("initial_window_size", 65_535)]:
        value = max(value, 16_384) if name == "max_frame_size" else value
        server.http2.update_settings({getattr(SettingCodes, name.upper()): value})
        exchange(channel, server)
    server.http2.increment_flow_control_window(100_000)
    exchange(channel, server)

    assert dict(server.bodies) == {1: sent, 3: sent, 5: sent}
