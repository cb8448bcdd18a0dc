"""Frames of the link between a worker and its coordinator.

A frame is four bytes of length (big-endian) and a MessagePack map with its kind. The worker dials. Order of a run:

    coordinator -> worker    Challenge
    worker -> coordinator    Hello                       (both prove the token)
    coordinator -> worker    Welcome, Pings
    worker -> coordinator    Ready                       samples are held
    coordinator -> worker    Prepare                     the start was accepted: bodies, connections
    worker -> coordinator    Prepared
    coordinator -> worker    WarmUp
    worker -> coordinator    Warmed                      all of its answers are in
    coordinator -> worker    Measure
    worker -> coordinator    Progress, Records, and again; at the end Finished
                             (Outputs as well in an accuracy run)
    coordinator -> worker    Draw                        of a run of several rounds: the next one's stream
    worker -> coordinator    Drawn                       and on with WarmUp
    coordinator -> worker    Bye

At any time: Pings and Pongs, Stop (while it measures) and Abort to a worker, Failed from it. Times named `*_ns` are
on the worker's monotonic clock unless they say otherwise.
"""

import struct
from collections.abc import Iterator

import msgspec

from inferometer_loadgen.plan import Assignment, StreamPlan
from inferometer_loadgen.protocol.api import RunFailure

MAX_FRAME_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One message on the link."""


class Challenge(Frame, frozen=True, kw_only=True, tag=True):
    """What a worker must sign to be let in."""

    challenge: bytes


class Hello(Frame, frozen=True, kw_only=True, tag=True):
    """Who a worker is, proved by the token."""

    index: int
    pod_uid: str
    boot_id: str
    time_namespace: str
    """With the same boot id and time namespace, worker and coordinator read one clock."""
    challenge: bytes
    """What the coordinator must sign in turn."""
    signature: str


class Welcome(Frame, frozen=True, kw_only=True, tag=True):
    """The coordinator is who it says, and has bound the index to this worker."""

    signature: str


class Refused(Frame, frozen=True, kw_only=True, tag=True):
    """The worker is not let in."""

    message: str


class Ping(Frame, frozen=True, kw_only=True, tag=True):
    """Asks for the worker's clock."""

    sequence: int


class Pong(Frame, frozen=True, kw_only=True, tag=True):
    """The worker's clock when it read the ping."""

    sequence: int
    worker_ns: int


class Ready(Frame, frozen=True, kw_only=True, tag=True):
    """The samples are held; `samples` and the plan's digest show that they are the plan's."""

    samples: int
    plan_hash: str


class Prepare(Frame, frozen=True, kw_only=True, tag=True):
    """The start was accepted: make the bodies and open the connections."""

    assignment: Assignment


class Prepared(Frame, frozen=True, kw_only=True, tag=True):
    """Bodies are made and connections open."""

    server_version: str
    is_batched: bool = False
    """Whether the model has a batch dimension, which its outputs have too."""


class WarmUp(Frame, frozen=True, kw_only=True, tag=True):
    """Send the warm-up, time 0 being at `t0_ns`."""

    t0_ns: int


class Warmed(Frame, frozen=True, kw_only=True, tag=True):
    """The warm-up's answers are in."""

    answered: int
    failed: int
    first_error: str


class Measure(Frame, frozen=True, kw_only=True, tag=True):
    """Send the measured run, time 0 being at `t0_ns`."""

    t0_ns: int


class Draw(Frame, frozen=True, kw_only=True, tag=True):
    """Another round follows: lay out its stream."""

    round_number: int
    """From 0; the first needs no Draw."""
    stream: StreamPlan
    in_flight: int | None = None
    """Requests that may be open at a time, over all workers; None: as many as the plan says."""


class Drawn(Frame, frozen=True, kw_only=True, tag=True):
    """The round's stream is laid out."""

    round_number: int


class Progress(Frame, frozen=True, kw_only=True, tag=True):
    """How far the measured run is. `latencies_ns` are those completed since the last one, at most a few hundred."""

    sent: int
    completed: int
    failed: int
    all_sent: bool
    latencies_ns: tuple[int, ...]


class Records(Frame, frozen=True, kw_only=True, tag=True):
    """Records of queries that have ended, each handed over once: columns of little-endian int64, int8 for the status.

    Times are relative to the round's time 0. Row j of worker k is query k + j * W.
    """

    round_number: int = 0
    rows: bytes
    sent_ns: bytes
    done_ns: bytes
    status: bytes
    replica: bytes = b""
    """Which replica each went to, little-endian int16; empty where the query's index says so."""


class Outputs(Frame, frozen=True, kw_only=True, tag=True):
    """Whole good answers of an accuracy run, as they came, each handed over once.

    `data` holds one after another; the columns are of little-endian int64. Row j of worker k is query k + j * W.
    """

    rows: bytes
    sizes: bytes
    json_lengths: bytes
    """Over HTTP, of the JSON before binary tensors; -1 where all is JSON, and over gRPC."""
    data: bytes


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker's machine did to it within the measured window; None is what the machine does not tell.

    `verdict.vitals` says what each is.
    """

    run_delay_ns: int | None
    throttled_ns: int | None
    stolen: float | None
    full_collections: int
    major_faults: int
    segments: int | None
    retransmitted: int | None
    round_trip_ns: int | None


class OfficialRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a test of the official LoadGen has left, its files unchanged, and how it went between it and the worker."""

    version: str
    """Of the package."""
    summary: str
    detail: str
    accuracy: str
    issue_delay_p50_ns: int | None
    """From when a query was due to when LoadGen issued it; None where no schedule says."""
    issue_delay_p99_ns: int | None
    hand_over_p50_ns: int | None
    """From there to its sending; None where nothing was sent."""
    hand_over_p99_ns: int | None


class Finished(Frame, frozen=True, kw_only=True, tag=True):
    """All records were sent; what the loop says of itself."""

    rows: int
    backlogged: int
    skipped_ticks: int = 0
    """Of an interval load: ticks that found the query before still open."""
    cpu_ns: int
    busy_ns: int
    elapsed_ns: int
    first_error: str
    """Of the first query that failed, in the server's own words; empty when none did."""
    stalls: bytes = b""
    """Begin and end of each time in which the loop read nothing, as little-endian int64 relative to time 0."""
    vitals: Vitals | None = None
    """None where nobody looked."""
    connections: int | None = None
    """Opened before the start, to all replicas that it asks; None where nobody counted."""
    official: OfficialRun | None = None
    """None of our own engine, and where LoadGen did not come to its end."""


class Failed(Frame, frozen=True, kw_only=True, tag=True):
    """The worker cannot go on."""

    type: RunFailure
    message: str


class Stop(Frame, frozen=True, kw_only=True, tag=True):
    """Send nothing more, wait for what is open, and hand over what there is."""


class Abort(Frame, frozen=True, kw_only=True, tag=True):
    """The run is of no use any more."""

    reason: str


class Bye(Frame, frozen=True, kw_only=True, tag=True):
    """The records were merged; the worker may leave."""


FromCoordinator = Challenge | Welcome | Refused | Ping | Prepare | WarmUp | Measure | Draw | Stop | Abort | Bye
FromWorker = Hello | Pong | Ready | Prepared | Warmed | Progress | Records | Outputs | Finished | Drawn | Failed

_encoder = msgspec.msgpack.Encoder()
_from_coordinator: msgspec.msgpack.Decoder[FromCoordinator] = msgspec.msgpack.Decoder(FromCoordinator)
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


class FrameError(Exception):
    """The other side sent what is no frame."""


def encode_frame(frame: Frame) -> bytes:
    """The frame's bytes, its length in front."""
    body = _encoder.encode(frame)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts bytes into frames' bodies."""

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._buffer = bytearray()
        self._max_bytes = max_bytes

    def receive(self, data: bytes) -> Iterator[bytes]:
        """The bodies that `data` completes. Raises FrameError for a frame that is too long."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > self._max_bytes:
                raise FrameError(f"a frame of {length:,} bytes is longer than {self._max_bytes:,}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(memoryview(self._buffer)[_LENGTH.size : end])
            del self._buffer[:end]
            yield body


def decode_from_coordinator(body: bytes) -> FromCoordinator:
    """A frame that a worker got. Raises FrameError."""
    try:
        return _from_coordinator.decode(body)
    except msgspec.MsgspecError as error:
        raise FrameError(str(error)) from error


def decode_from_worker(body: bytes) -> FromWorker:
    """A frame that the coordinator got. Raises FrameError."""
    try:
        return _from_worker.decode(body)
    except msgspec.MsgspecError as error:
        raise FrameError(str(error)) from error
