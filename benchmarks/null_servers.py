"""Builds and runs the null servers, which all sides are measured against."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from benchmarks.clients.contender import BenchmarkError
from benchmarks.model import Model

SOURCES = Path(__file__).with_name("servers")

type Protocol = Literal["http", "grpc"]


def build(folder: Path) -> None:
    """Compiles both into `folder`. Raises BenchmarkError."""
    for protocol in ("http", "grpc"):
        program = folder / f"null_{protocol}"
        command = ["cc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program)]
        try:
            done = subprocess.run(
                [*command, str(SOURCES / f"null_{protocol}.c")], capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise BenchmarkError("there is no C compiler. hint: install Debian's gcc, as root") from error
        if done.returncode:
            raise BenchmarkError(f"the server does not compile: {done.stderr}")


class NullServer:
    """One server process for the length of a block, on one core; it ends with us, whatever ends us."""

    def __init__(self, folder: Path, protocol: Protocol, core: int, model: Model, service_us: int = 0) -> None:
        """`service_us`: over HTTP, a queue that answers one request after another, each after this time."""
        answers = folder / f"answers-{protocol}"
        answers.write_bytes(model.http_answers() if protocol == "http" else model.grpc_answers())
        command = [str(folder / f"null_{protocol}"), str(core), str(answers)]
        command += [str(service_us)] if service_us else []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.port = int(self._line())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._process.communicate(timeout=10)

    def counts(self) -> tuple[int, int]:
        """Inference requests, and their bytes, since the last call."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("counts\n")
        except BrokenPipeError as error:
            raise BenchmarkError("the null server has ended") from error
        requests, size = self._line().split()
        return int(requests), int(size)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError("the null server has ended")
        return line
