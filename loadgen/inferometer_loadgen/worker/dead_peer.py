"""How the two ends of a link notice that the other one's machine is gone: it sends no last word.

Without this a worker whose coordinator's node lost its power would wait for ever, and hold its own.
"""

import socket

IDLE_S = 10
PROBES = 3
BETWEEN_PROBES_S = 5
UNACKNOWLEDGED_MS = 60_000
"""For what was sent and not taken. Generous: a coordinator that merges ten million records reads nothing meanwhile."""


def notice_a_dead_peer(sock: socket.socket) -> None:
    """Lets the kernel end a connection whose other end does not answer it any more."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sock.family in {socket.AF_INET, socket.AF_INET6}:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, BETWEEN_PROBES_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
