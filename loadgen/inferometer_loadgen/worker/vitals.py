"""What this worker's machine did to it: read before and after the measured window, and told as the difference.

Nothing is read in between. What a kernel does not tell is None, never zero.
"""

import gc
import resource
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inferometer_loadgen.protocol.frames import Vitals

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")

TCP_INFO_BYTES = 232
_RTT_US = struct.Struct("68x I")
_TOTAL_RETRANS = struct.Struct("100x I")
_SEGS_OUT = struct.Struct("136x I")
"""Offsets of tcpi_rtt, tcpi_total_retrans and tcpi_segs_out in the kernel's struct tcp_info, which only ever grows."""

type Traffic = dict[int, tuple[int, int, int]]
"""Of each connection: segments sent, of them sent again, smoothed round trip in microseconds."""


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """The counters at one moment."""

    run_delay_ns: int | None
    throttled_ns: int | None
    stolen: tuple[int, int] | None
    """Ticks stolen, and all ticks."""
    full_collections: int
    major_faults: int
    traffic: Traffic

    def until(self, later: "VitalSigns") -> Vitals:
        """What happened from this moment to a later one."""
        kept = [
            (before, later.traffic[key]) for key, before in self.traffic.items() if _is_same(before, later.traffic, key)
        ]
        return Vitals(
            run_delay_ns=_grown(self.run_delay_ns, later.run_delay_ns),
            throttled_ns=_grown(self.throttled_ns, later.throttled_ns),
            stolen=_share(self.stolen, later.stolen),
            full_collections=later.full_collections - self.full_collections,
            major_faults=later.major_faults - self.major_faults,
            segments=sum(after[0] - before[0] for before, after in kept) if kept else None,
            retransmitted=sum(after[1] - before[1] for before, after in kept) if kept else None,
            round_trip_ns=sum(after[2] for _, after in kept) * 1000 // len(kept) if kept else None,
        )


def read_vital_signs(connections: Mapping[int, Any], proc: Path = PROC, cgroup: Path = CGROUP) -> VitalSigns:
    """The counters now, of the calling thread and of these connections, by file descriptor."""
    return VitalSigns(
        run_delay_ns=run_delay_ns(proc),
        throttled_ns=throttled_ns(proc, cgroup),
        stolen=stolen_ticks(proc),
        full_collections=gc.get_stats()[2]["collections"],
        major_faults=resource.getrusage(resource.RUSAGE_SELF).ru_majflt,
        traffic={fd: traffic for fd in connections if (traffic := traffic_of(fd)) is not None},
    )


def run_delay_ns(proc: Path = PROC) -> int | None:
    """How long the calling thread has waited for a CPU. A neighbour shows here and not as throttling."""
    fields = _words(proc / "thread-self/schedstat")
    return int(fields[1]) if len(fields) > 1 else None


def throttled_ns(proc: Path = PROC, cgroup: Path = CGROUP) -> int | None:
    """How long this process's cgroup, or one above it, was throttled: whichever was for longest."""
    found = [
        value for stat in _cpu_stats(proc, cgroup) if stat.is_file() and (value := _throttled_in(stat)) is not None
    ]
    return max(found, default=None)


def stolen_ticks(proc: Path = PROC) -> tuple[int, int] | None:
    """Ticks that the hypervisor gave to somebody else, and all of them."""
    # cpu user nice system idle iowait irq softirq steal; guest time is in user time already.
    fields = _words(proc / "stat")[1:9]
    return (int(fields[7]), sum(map(int, fields))) if len(fields) == 8 else None


def traffic_of(fd: int) -> tuple[int, int, int] | None:
    """What TCP says of a connection; None where it is none, or the kernel is too old."""
    with socket.socket(fileno=fd) as sock:
        try:
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
        except OSError:
            return None
        finally:
            sock.detach()
    if len(info) < _SEGS_OUT.size:
        return None
    return _SEGS_OUT.unpack_from(info)[0], _TOTAL_RETRANS.unpack_from(info)[0], _RTT_US.unpack_from(info)[0]


def _cpu_stats(proc: Path, cgroup: Path) -> Iterator[Path]:
    """Where the statistics of this process's cgroup and of those above it may be, in both versions of cgroups.

    Inside a container its own group is often mounted at the root, whatever the path says.
    """
    for line in _lines(proc / "self/cgroup"):
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        roots = (cgroup / controllers, cgroup / "cpu") if controllers else (cgroup, cgroup / "unified")
        inner = Path(path.lstrip("/"))
        for root in roots:
            for group in (inner, *inner.parents):
                yield root / group / "cpu.stat"


def _throttled_in(stat: Path) -> int | None:
    for line in _lines(stat):
        name, _, value = line.partition(" ")
        if name == "throttled_time":
            return int(value)
        if name == "throttled_usec":
            return int(value) * 1000
    return None


def _is_same(before: tuple[int, int, int], later: Traffic, fd: int) -> bool:
    """A descriptor may belong to another connection by now: its counters began anew, or it is gone."""
    return fd in later and later[fd][0] >= before[0] and later[fd][1] >= before[1]


def _grown(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _share(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
    if before is None or after is None or after[1] == before[1]:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _words(path: Path) -> list[str]:
    lines = _lines(path)
    return lines[0].split() if lines else []
