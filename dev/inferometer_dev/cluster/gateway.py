"""A way from this machine's loopback to one address in the cluster's network, where nothing is routed to.

The process that connects the two is in the process namespace of the control plane, so that it ends with the cluster by
the same kill. Like members, gateways are found by looking at what runs.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

from inferometer_dev.errors import Missing

from .addresses import Member
from .members import command_line, init_pid
from .network import namespace_path
from .state import GATEWAY

_SOURCE = Path(__file__).parent / "gateway_serve.py"
_LOOPBACK = "127.0.0.1"


def open_gateway(target: tuple[str, int], wanted_port: int) -> str:
    """The address on this machine, as host:port. Another free port where `wanted_port` is taken."""
    found = _running_gateway(target)
    if found is not None:
        return f"{_LOOPBACK}:{found}"
    control_plane = init_pid(Member(0).name)
    if control_plane is None:
        raise Missing("a running cluster", "dev/cluster up")
    # A copy: the clone may change or vanish while the cluster runs.
    shutil.copyfile(_SOURCE, GATEWAY)
    with _listener(wanted_port) as listener:
        listener.set_inheritable(True)
        port = int(listener.getsockname()[1])
        enter = ["nsenter", f"--net={namespace_path(Member(0))}", f"--pid=/proc/{control_plane}/ns/pid", "--"]
        # The last word is for those who look for it.
        serve = [sys.executable, "-I", str(GATEWAY), str(listener.fileno()), target[0], str(target[1]), str(port)]
        # Its own session and no child of ours: neither Ctrl-C at the caller nor its end may end the gateway.
        subprocess.run(
            ["setsid", "--fork", *enter, *serve],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
            cwd="/",
            check=True,
        )
    return f"{_LOOPBACK}:{port}"


def port_of(words: list[str], target: tuple[str, int]) -> int | None:
    """The machine's port of a gateway to `target`, by the process's command line; None of another process. Pure."""
    if str(GATEWAY) not in words or Path(words[0]).name == "setsid":
        return None
    rest = words[words.index(str(GATEWAY)) + 1 :]
    return int(rest[3]) if len(rest) == 4 and rest[1:3] == [target[0], str(target[1])] else None


def _running_gateway(target: tuple[str, int]) -> int | None:
    lines = (command_line(process) for process in Path("/proc").glob("[0-9]*"))
    return next((port for words in lines if words and (port := port_of(words, target)) is not None), None)


def _listener(wanted_port: int) -> socket.socket:
    for port in (wanted_port, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
            # Whoever calls before the process serves is kept waiting, not refused.
            listener.listen()
        except OSError:
            listener.close()
        else:
            return listener
    raise Missing(f"a free port on {_LOOPBACK}", "end what holds them all")
