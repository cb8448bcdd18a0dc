"""What a worker reads of its machine: recorded files of both versions of cgroups, and this machine's own."""

import gc
import socket
from pathlib import Path

import pytest

from inferometer_loadgen.worker.vitals import (
    VitalSigns,
    read_vital_signs,
    run_delay_ns,
    stolen_ticks,
    throttled_ns,
    traffic_of,
)

QUIET = VitalSigns(
    run_delay_ns=10, throttled_ns=20, stolen=(5, 1_000), full_collections=3, major_faults=2, traffic={7: (100, 1, 50)}
)

V1_STAT = "nr_periods 89\nnr_throttled 29\nthrottled_time 733000000\n"
V2_STAT = "usage_usec 9\nnr_periods 89\nnr_throttled 29\nthrottled_usec 733000\n"

CGROUPS = {
    "version 2": ("0::/kubepods/pod1\n", {"kubepods/pod1/cpu.stat": V2_STAT}, 733_000_000),
    "version 2, seen from within": ("0::/\n", {"cpu.stat": V2_STAT}, 733_000_000),
    "version 1": ("4:memory:/a\n3:cpu,cpuacct:/a\n", {"cpu,cpuacct/a/cpu.stat": V1_STAT}, 733_000_000),
    "version 1, the path being the host's": ("3:cpu,cpuacct:/not/here\n", {"cpu/cpu.stat": V1_STAT}, 733_000_000),
    "both, the quota being above": (
        "1:cpu:/pod/one\n0::/\n",
        {
            "cpu/pod/one/cpu.stat": V1_STAT.replace("733", "0"),
            "cpu/pod/cpu.stat": V1_STAT,
            "unified/cpu.stat": "usage_usec 9\n",
        },
        733_000_000,
    ),
    "a root without limits": ("0::/\n", {"cpu.stat": "usage_usec 9\n"}, None),
    "no cgroups": ("", {}, None),
}


@pytest.mark.parametrize(("own", "stats", "throttled"), CGROUPS.values(), ids=CGROUPS.keys())
def test_throttled_time_is_read_from_the_group_that_has_a_quota(
    tmp_path: Path, own: str, stats: dict[str, str], throttled: int | None
) -> None:
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(own)
    for path, text in stats.items():
        (cgroup / path).parent.mkdir(parents=True, exist_ok=True)
        (cgroup / path).write_text(text)

    assert throttled_ns(proc, cgroup) == throttled


def test_run_delay_and_stolen_ticks_are_the_kernel_s_own_words(tmp_path: Path) -> None:
    (tmp_path / "thread-self").mkdir()
    (tmp_path / "thread-self/schedstat").write_text("820000000 770000000 12000\n")
    (tmp_path / "stat").write_text("cpu  100 20 30 800 10 0 5 35 7 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n")

    assert run_delay_ns(tmp_path) == 770_000_000
    assert stolen_ticks(tmp_path) == (35, 1_000)


def test_what_the_kernel_does_not_tell_is_absent(tmp_path: Path) -> None:
    nothing = VitalSigns(None, None, None, 0, 0, {})

    assert (run_delay_ns(tmp_path), stolen_ticks(tmp_path), throttled_ns(tmp_path, tmp_path)) == (None, None, None)
    vitals = nothing.until(nothing)
    assert (vitals.run_delay_ns, vitals.throttled_ns, vitals.stolen, vitals.segments) == (None, None, None, None)


def test_vitals_are_what_grew() -> None:
    later = VitalSigns(
        run_delay_ns=110,
        throttled_ns=20,
        stolen=(15, 2_000),
        full_collections=4,
        major_faults=2,
        traffic={7: (350, 2, 70), 8: (9, 9, 9)},
    )

    vitals = QUIET.until(later)

    assert (vitals.run_delay_ns, vitals.throttled_ns, vitals.stolen) == (100, 0, 0.01)
    assert (vitals.full_collections, vitals.major_faults) == (1, 0)
    assert (vitals.segments, vitals.retransmitted, vitals.round_trip_ns) == (250, 1, 70_000)


def test_a_connection_that_another_has_replaced_is_left_out() -> None:
    later = VitalSigns(10, 20, (5, 1_000), 3, 2, {7: (12, 0, 60)})

    assert QUIET.until(later).segments is None


def test_a_connection_s_segments_and_round_trip_are_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as one:
        other, _ = listener.accept()
        with other:
            before = traffic_of(one.fileno())
            for _ in range(3):
                one.sendall(b"ping")
                other.recv(4)
                other.sendall(b"pong")
                one.recv(4)
            after = traffic_of(one.fileno())

    assert before is not None
    assert after is not None
    assert after[0] - before[0] >= 3
    assert after[1] == 0
    assert 0 < after[2] < 1_000_000


def test_a_full_collection_is_counted() -> None:
    before = read_vital_signs({})
    gc.collect()

    assert before.until(read_vital_signs({})).full_collections == 1
