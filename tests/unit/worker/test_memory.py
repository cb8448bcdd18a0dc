"""What a worker may use is what its container may use."""

from pathlib import Path

import pytest

from inferometer_loadgen.worker.memory import available_bytes

GIB = 1024**3


def a_machine(root: Path, available_kib: int, **files: str) -> Path:
    (root / "proc").mkdir()
    (root / "proc/meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable:   {available_kib} kB\n")
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, 4 * GIB, id="without a cgroup the machine counts"),
        pytest.param({"memory_dot_max": "536870912\n"}, 536870912, id="version 2 with a limit"),
        pytest.param({"memory_dot_max": "max\n"}, 4 * GIB, id="version 2 without a limit"),
        pytest.param({"memory__memory_dot_limit_in_bytes": "1073741824\n"}, GIB, id="version 1 with a limit"),
        pytest.param(
            {"memory__memory_dot_limit_in_bytes": "9223372036854771712\n"}, 4 * GIB, id="version 1 without a limit"
        ),
        pytest.param({"memory_dot_max": str(8 * GIB)}, 4 * GIB, id="a limit above what the machine has left"),
    ],
)
def test_the_tightest_limit_counts(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    assert available_bytes(a_machine(tmp_path, 4 * 1024 * 1024, **files)) == expected
