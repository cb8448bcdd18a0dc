"""Starting, finding and ending members: each is one `unshare` whose death ends everything in it.

Members are found by looking at what runs, not by pid files: a record written after a start could miss a member when
`up` is killed between the two, and an old one could name somebody else's process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.errors import StepFailed
from inferometer_dev.process import children_of

from .network import namespace_path
from .state import BIN, INIT, PREPARE, PRIVATE_RUN

if TYPE_CHECKING:
    from .addresses import Member

_GONE_WITHIN_S = 10.0


def start_member(member: Member, folder: Path) -> None:
    """Starts a member that is not running and returns at once; what it runs was written by `daemons`."""
    enter = ["nsenter", f"--net={namespace_path(member)}"]
    isolate = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
    init = ["sh", str(INIT), member.name, str(folder)]
    if member.index:
        init = ["sh", str(PRIVATE_RUN), str(folder), *init, str(PREPARE)]
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    env = {
        "PATH": f"{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/",
        "LANG": "C.UTF-8",
    }
    with (folder / "logs" / "init.log").open("ab") as log:
        # Its own session and no child of ours: neither Ctrl-C at `up` nor its end may end the cluster.
        subprocess.run(
            ["setsid", "--fork", *enter, *isolate, *init],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=env,
            cwd="/",
            check=True,
        )


def running_members() -> dict[str, int]:
    """Name -> id of the `unshare` of each member that runs on this machine, whoever started it."""
    found: dict[str, int] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            name = _member_name(process)
            if name is not None:
                found[name] = int(process.name)
    return found


def stop_members(names: set[str] | None = None) -> None:
    """Kills members (all when no names are given) and waits until their last process is gone."""
    wanted = {name: pid for name, pid in running_members().items() if names is None or name in names}
    inits = [child for pid in wanted.values() for child in children_of(pid)]
    for pid in wanted.values():
        _kill(pid)
    waiting = [*wanted.values(), *inits]
    deadline_s = time.monotonic() + _GONE_WITHIN_S
    while any(_alive(pid) for pid in waiting):
        if time.monotonic() > deadline_s:
            left = ", ".join(str(pid) for pid in waiting if _alive(pid))
            raise StepFailed("stop the members", f"still there: {left}", "a process hangs in the kernel; see dmesg")
        time.sleep(0.02)


def init_pid(name: str) -> int | None:
    """The id of the member's pid 1 on this machine, to enter its namespaces."""
    pid = running_members().get(name)
    return next(iter(children_of(pid)), None) if pid is not None else None


def command_line(process: Path) -> list[str]:
    """The words that a process was started with, by its folder in /proc; none when it has ended."""
    try:
        return [os.fsdecode(word) for word in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []


def _member_name(process: Path) -> str | None:
    words = command_line(process)
    # nsenter becomes unshare by exec: the same process, seen a moment earlier.
    if not words or Path(words[0]).name not in ("nsenter", "unshare") or str(INIT) not in words:
        return None
    return words[words.index(str(INIT)) + 1]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _alive(pid: int) -> bool:
    """A zombie counts as gone: it holds no mounts, and its parent may be a test that never waits for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
