"""The worker's end of the link, the coordinator's end being the other half of a socket pair."""

import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from inferometer_loadgen.protocol.frames import (
    Abort,
    Bye,
    Frame,
    FrameReader,
    FromWorker,
    Measure,
    Ping,
    Pong,
    Progress,
    Stop,
    decode_from_worker,
    encode_frame,
)
from inferometer_loadgen.worker import link as link_module
from inferometer_loadgen.worker.dead_peer import UNACKNOWLEDGED_MS
from inferometer_loadgen.worker.link import MAX_UNSENT_BYTES, AbortedError, CoordinatorLink, LinkLostError
from inferometer_loadgen.worker.loop import Signal

PROGRESS = Progress(sent=3, completed=2, failed=1, all_sent=False, latencies_ns=(7, 8))


@dataclass
class Coordinator:
    """The other end: says what a test wants, and hears what the worker says."""

    sock: socket.socket

    def say(self, *frames: Frame) -> None:
        self.sock.sendall(b"".join(encode_frame(frame) for frame in frames))

    def hear(self, count: int) -> list[FromWorker]:
        reader, heard = FrameReader(), list[FromWorker]()
        while len(heard) < count:
            heard += [decode_from_worker(body) for body in reader.receive(self.sock.recv(65_536))]
        return heard


@pytest.fixture
def ends() -> Iterator[tuple[CoordinatorLink, Coordinator]]:
    own, other = socket.socketpair()
    other.settimeout(10)
    link = CoordinatorLink(own)
    yield link, Coordinator(other)
    link.close()
    other.close()


type Ends = tuple[CoordinatorLink, Coordinator]


def take(link: CoordinatorLink) -> Signal:
    select.select([link], [], [], 10)
    return link.take()


def test_a_ping_is_answered_while_the_worker_waits_and_the_wait_goes_on(ends: Ends) -> None:
    link, coordinator = ends
    coordinator.say(Ping(sequence=7))

    def answer_the_pong() -> None:
        (pong,) = coordinator.hear(1)
        assert isinstance(pong, Pong)
        coordinator.say(Measure(t0_ns=pong.sequence))

    thread = threading.Thread(target=answer_the_pong)
    thread.start()
    waited_for = link.wait()
    thread.join()

    assert waited_for == Measure(t0_ns=7)


def test_a_ping_is_answered_while_the_worker_measures(ends: Ends) -> None:
    link, coordinator = ends
    coordinator.say(Ping(sequence=3))

    assert take(link) is Signal.GO_ON
    (pong,) = coordinator.hear(1)
    assert isinstance(pong, Pong)
    assert pong.sequence == 3


@pytest.mark.parametrize(
    ("frame", "signal"),
    [(Abort(reason="enough"), Signal.ABORT), (Stop(), Signal.STOP), (Bye(), Signal.GO_ON)],
    ids=["an abort ends the run", "a stop ends the sending", "what is for later waits"],
)
def test_what_the_coordinator_wants_of_a_running_loop(ends: Ends, frame: Frame, signal: Signal) -> None:
    link, coordinator = ends
    coordinator.say(frame)

    assert take(link) is signal


def test_a_run_called_off_in_the_same_breath_as_it_was_given_is_called_off(ends: Ends) -> None:
    link, coordinator = ends
    coordinator.say(Measure(t0_ns=1), Abort(reason="enough"))
    assert link.wait() == Measure(t0_ns=1)

    assert link.take() is Signal.ABORT
    with pytest.raises(AbortedError, match="enough"):
        link.wait()


def test_a_stop_that_comes_too_late_is_passed_over(ends: Ends) -> None:
    link, coordinator = ends
    coordinator.say(Stop(), Bye())

    assert link.wait() == Bye()


def test_taking_does_not_wait(ends: Ends) -> None:
    link, _ = ends

    assert link.take() is Signal.GO_ON


def test_a_coordinator_that_hangs_up_ends_the_run_and_the_wait(ends: Ends) -> None:
    link, coordinator = ends
    coordinator.sock.close()

    assert take(link) is Signal.ABORT
    with pytest.raises(LinkLostError, match="hung up"):
        link.wait()


def test_what_is_no_frame_is_a_lost_link(ends: Ends) -> None:
    link, coordinator = ends
    coordinator.sock.sendall(b"\xff\xff\xff\xffHTTP")

    with pytest.raises(LinkLostError, match="no frame"):
        link.wait()


def test_progress_never_blocks_and_what_is_sent_later_arrives_whole(ends: Ends) -> None:
    link, coordinator = ends
    large = Progress(sent=1, completed=1, failed=0, all_sent=False, latencies_ns=tuple(range(2**40, 2**40 + 256)))
    reports = 3 * MAX_UNSENT_BYTES // len(encode_frame(large))
    for _ in range(reports):
        link.report(large, None)

    heard: list[FromWorker] = []
    listener = threading.Thread(target=lambda: heard.extend(hear_until(coordinator, PROGRESS)))
    listener.start()
    link.send(PROGRESS)
    listener.join()

    assert heard[-1] == PROGRESS
    assert set(heard[:-1]) == {large}
    assert len(heard) < reports


def hear_until(coordinator: Coordinator, last: FromWorker) -> list[FromWorker]:
    reader, heard = FrameReader(), list[FromWorker]()
    while not heard or heard[-1] != last:
        heard += [decode_from_worker(body) for body in reader.receive(coordinator.sock.recv(65_536))]
    return heard


def test_what_listens_and_says_nothing_is_no_coordinator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "SIGN_IN_PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(LinkLostError, match="timed out"):
            link_module.dial(address, b"token", 0, "")


def test_a_link_notices_that_the_other_machine_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = link_module._connect(f"127.0.0.1:{listener.getsockname()[1]}")

    with sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNACKNOWLEDGED_MS
