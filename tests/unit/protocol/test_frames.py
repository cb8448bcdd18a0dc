"""Frames of the link: each survives the way there, in whatever pieces it comes."""

import struct
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.plan import Assignment, ReplicaAddress, Seeds, StreamPlan
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.protocol.frames import (
    Frame,
    FrameError,
    FrameReader,
    decode_from_coordinator,
    decode_from_worker,
    encode_frame,
)

REPLICA = ReplicaAddress(name="r-server-0", url="http://198.18.11.4:8000", metrics_url="", uid="7e", node="n1")

FROM_COORDINATOR: tuple[Frame, ...] = (
    frames.Challenge(challenge=b"\x00\xff" * 16),
    frames.Welcome(signature="5e"),
    frames.Refused(message="index 3 is taken"),
    frames.Ping(sequence=2**63 - 1),
    frames.Prepare(assignment=Assignment(replicas=(REPLICA,), worker_uids=("a", "b"))),
    frames.WarmUp(t0_ns=1),
    frames.Measure(t0_ns=2),
    frames.Draw(
        round_number=1,
        stream=StreamPlan(
            seeds=Seeds(), target_qps=10, min_duration_ns=1, min_queries=1, total_samples=4, performance_samples=4
        ),
    ),
    frames.Stop(),
    frames.Abort(reason="größer"),
    frames.Bye(),
)
FROM_WORKER: tuple[Frame, ...] = (
    frames.Hello(index=0, pod_uid="", boot_id="b", time_namespace="time:[1]", challenge=b"c", signature="5e"),
    frames.Pong(sequence=1, worker_ns=2),
    frames.Ready(samples=64, plan_hash="0" * 64),
    frames.Prepared(server_version="triton 2.51.0"),
    frames.Warmed(answered=9, failed=1, first_error="HTTP 503: busy"),
    frames.Progress(sent=3, completed=2, failed=1, all_sent=False, latencies_ns=(1, 2**62)),
    frames.Drawn(round_number=1),
    frames.Records(rows=bytes(8), sent_ns=bytes(range(256)), done_ns=b"", status=b"\x05"),
    frames.Outputs(rows=bytes(8), sizes=bytes(8), json_lengths=b"\xff" * 8, data=b""),
    frames.Finished(rows=1, backlogged=0, cpu_ns=2, busy_ns=3, elapsed_ns=4, first_error=""),
    frames.Failed(type=RunFailure.SERVER_UNREACHABLE, message="r-server-0 refuses connections"),
)


def name_of(frame: Frame) -> str:
    return type(frame).__name__


def test_every_kind_of_frame_has_an_example_here() -> None:
    assert {type(frame) for frame in FROM_COORDINATOR} == set(get_args(frames.FromCoordinator))
    assert {type(frame) for frame in FROM_WORKER} == set(get_args(frames.FromWorker))


@pytest.mark.parametrize("frame", FROM_COORDINATOR, ids=name_of)
def test_a_frame_of_the_coordinator_arrives_as_it_was(frame: Frame) -> None:
    (body,) = FrameReader().receive(encode_frame(frame))

    assert decode_from_coordinator(body) == frame


@pytest.mark.parametrize("frame", FROM_WORKER, ids=name_of)
def test_a_frame_of_a_worker_arrives_as_it_was(frame: Frame) -> None:
    (body,) = FrameReader().receive(encode_frame(frame))

    assert decode_from_worker(body) == frame


@pytest.mark.parametrize("frame", FROM_WORKER, ids=name_of)
def test_a_worker_takes_no_frame_of_another_worker(frame: Frame) -> None:
    (body,) = FrameReader().receive(encode_frame(frame))

    with pytest.raises(FrameError):
        decode_from_coordinator(body)


@given(sizes=st.lists(st.integers(1, 40)))
def test_how_the_bytes_are_cut_makes_no_difference(sizes: list[int]) -> None:
    data = b"".join(encode_frame(frame) for frame in FROM_WORKER)
    reader, bodies = FrameReader(), list[bytes]()
    for size in sizes:
        piece, data = data[:size], data[size:]
        bodies += reader.receive(piece)
    bodies += reader.receive(data)

    assert tuple(decode_from_worker(body) for body in bodies) == FROM_WORKER


def test_a_frame_is_complete_with_its_last_byte_and_not_before() -> None:
    data = encode_frame(frames.Bye())
    reader = FrameReader()

    assert list(reader.receive(data[:-1])) == []
    assert len(list(reader.receive(data[-1:]))) == 1


@pytest.mark.parametrize(("length", "fits"), [(100, True), (101, False)])
def test_a_frame_that_is_too_long_is_refused_before_its_bytes_are_kept(length: int, *, fits: bool) -> None:
    reader = FrameReader(max_bytes=100)
    announced = struct.pack(">I", length)

    if fits:
        assert list(reader.receive(announced)) == []
        assert list(reader.receive(bytes(length))) == [bytes(length)]
    else:
        with pytest.raises(FrameError, match="a frame of 101 bytes is longer than 100"):
            list(reader.receive(announced))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"GET / HTTP/1.1",
        msgspec.msgpack.encode({"kind": "Nonsense"}),
        msgspec.msgpack.encode({"kind": "Ping", "sequence": "one"}),
        msgspec.msgpack.encode({"sequence": 1}),
    ],
    ids=["empty", "another protocol", "an unknown kind", "a field of another type", "no kind"],
)
def test_what_is_no_frame_is_an_error_of_its_own(body: bytes) -> None:
    with pytest.raises(FrameError):
        decode_from_coordinator(body)
    with pytest.raises(FrameError):
        decode_from_worker(body)


@given(body=st.binary(max_size=60))
def test_noise_ends_in_a_frame_or_in_the_error(body: bytes) -> None:
    try:
        frame = decode_from_coordinator(body)
    except FrameError:
        return
    assert isinstance(frame, Frame)
