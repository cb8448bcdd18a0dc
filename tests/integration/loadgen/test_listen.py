"""Where the coordinator listens, and that one silent worker does not hold up the reading of the servers."""

import asyncio
import socket
import time
from unittest.mock import patch

import pytest

from inferometer_loadgen.coordinator import link as links
from inferometer_loadgen.coordinator.link import WorkerLink
from inferometer_loadgen.coordinator.main import listen
from inferometer_loadgen.protocol import frames


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_on_all_addresses_it_listens_for_ipv4_and_ipv6(address: str) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with listen("0.0.0.0", 0) as listener, socket.create_connection((address, listener.getsockname()[1]), timeout=5):
        pass


def test_on_one_address_it_listens_there_only() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.family is socket.AF_INET


def test_a_worker_that_leaves_a_ping_unanswered_is_asked_once() -> None:
    async def ask() -> tuple[float, int]:
        ours, theirs = socket.socketpair()
        _, writer = await asyncio.open_connection(sock=ours)
        hello = frames.Hello(index=0, pod_uid="", boot_id="other", time_namespace="", challenge=b"", signature="")
        begun = time.monotonic()
        await WorkerLink(writer, hello).ping(64)
        took = time.monotonic() - begun
        theirs.setblocking(False)
        pings = list(frames.FrameReader().receive(theirs.recv(65_536)))
        writer.close()
        await writer.wait_closed()
        theirs.close()
        return took, len(pings)

    with patch.object(links, "PONG_WITHIN_S", 0.1):
        took, pings = asyncio.run(ask())

    assert pings == 1
    assert took < 5
