"""Builds and runs null_server.c, the server that both sides are measured against."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.contender import BenchmarkError

SOURCE = Path(__file__).with_name("null_server.c")


def build(folder: Path) -> Path:
    """The server's program, compiled anew into `folder`. Raises BenchmarkError."""
    program = folder / "null_server"
    command = ["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(SOURCE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BenchmarkError("there is no C compiler. hint: install Debian's gcc, as root") from error
    if done.returncode:
        raise BenchmarkError(f"the server does not compile: {done.stderr}")
    return program


class NullServer:
    """One server process for the length of a block; it ends with us, whatever ends us."""

    def __init__(self, program: Path, core: int, answer_bytes: int) -> None:
        command = [str(program), str(core), str(answer_bytes)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.port = int(self._line())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._process.communicate(timeout=10)

    def counts(self) -> tuple[int, int]:
        """Requests answered and bytes received since the last call."""
        assert self._process.stdin is not None
        self._process.stdin.write("counts\n")
        requests, size = self._line().split()
        return int(requests), int(size)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError("the null server has ended")
        return line
