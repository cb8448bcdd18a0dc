"""A real Triton on loopback without a cluster: the image's own root file system in namespaces of its own.

    with TritonProcess(magika_repository()) as triton:
        urlopen(f"{triton.url}/v2/models/magika")

Nothing depends on the host's libraries. It runs as root inside its chroot, unlike in a pod, since a test's model folder
is often readable to its owner only.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.commands import require_root
from inferometer_dev.errors import StepFailed
from inferometer_dev.images.models import magika_repository
from inferometer_dev.images.triton import triton_root
from inferometer_dev.process import Process, answers, children_of, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_SCRIPT = Path(__file__).with_name("triton-root.sh")


class TritonProcess:
    """Ready when every model of the repository (or of `models`) is ready. Ports that are not given are free ones."""

    def __init__(
        self,
        model_repository: Path,
        http_port: int | None = None,
        grpc_port: int | None = None,
        metrics_port: int | None = None,
        *,
        models: Sequence[str] | None = None,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
        log: Path | None = None,
        start_within_s: float = 90.0,
    ) -> None:
        require_root("Triton on its own root file system")
        repository = model_repository.resolve()
        self.models = tuple(models) if models is not None else _models_in(repository)
        self.http_port = http_port or free_port()
        self.grpc_port = grpc_port or free_port()
        self.metrics_port = metrics_port or free_port()
        self.url = f"http://{address}:{self.http_port}"
        self.grpc_address = f"{address}:{self.grpc_port}"
        self.metrics_url = f"http://{address}:{self.metrics_port}/metrics"
        self._folder = tempfile.TemporaryDirectory(prefix="inferometer-triton-")
        isolate = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation", "private"]
        ports = [
            f"--http-port={self.http_port}",
            f"--grpc-port={self.grpc_port}",
            f"--metrics-port={self.metrics_port}",
        ]
        addresses = [f"--{kind}-address={address}" for kind in ("http", "grpc", "metrics")]
        self._process = Process(
            "triton",
            [*isolate, "sh", _SCRIPT, triton_root(), repository, *ports, *addresses, *args],
            self.is_ready,
            log or Path(self._folder.name) / "triton.log",
            env=env,
            start_within_s=start_within_s,
            wrapped=True,
        )

    def start(self) -> TritonProcess:
        """Returns when the models are ready; raises StepFailed with Triton's own words when they will not be."""
        try:
            self._process.start_or_raise("correct the model or the options that Triton names above")
        except StepFailed as failed:
            # Its last words are only "failed to load all models"; the cause stands above a long table of options.
            causes = causes_in(self._process.log.read_text(errors="replace"))
            raise StepFailed(failed.step, causes or failed.log_tail, failed.hint) from failed
        return self

    def stop(self) -> None:
        """Ends Triton (3 s at most for requests in flight) and waits for it; stopping twice is fine."""
        self._process.stop()
        self._folder.cleanup()

    def is_ready(self) -> bool:
        """Whether the server and each of the models say that they are ready."""
        names = [f"{self.url}/v2/models/{name}/ready" for name in self.models]
        return all(answers(url) for url in (*names, f"{self.url}/v2/health/ready"))

    @property
    def pid(self) -> int:
        """The id of the server itself on this machine, for tests that kill or stop (SIGSTOP) it."""
        return next(iter(children_of(self._process.pid)), self._process.pid)

    @property
    def running(self) -> bool:
        """Whether Triton was started and has not ended."""
        return self._process.running

    def log_tail(self) -> str:
        """The end of Triton's log."""
        return self._process.log_tail()

    @property
    def log(self) -> Path:
        """Triton's log; it goes with `stop` unless the caller named its place."""
        return self._process.log

    def __enter__(self) -> TritonProcess:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def causes_in(log: str) -> str:
    """The lines of Triton's log that say why a model or an option was refused, each once. Pure."""
    marks = ("failed to load", "Poll failed", "error: ", "Error parsing", "unrecognized option", "Failed to start")
    lines = [line.strip() for line in log.splitlines() if any(mark in line for mark in marks)]
    return "\n".join(dict.fromkeys(lines))


def _models_in(repository: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in repository.iterdir() if path.is_dir()))


def main(argv: Sequence[str]) -> int:
    """`dev/triton`: serves until it is interrupted."""
    parser = argparse.ArgumentParser(prog="dev/triton", description="A real Triton on a CPU, without a cluster.")
    parser.add_argument("--model-repository", type=Path, help="default: the quickstart's magika")
    parser.add_argument("--http-port", type=int, default=8000)
    parser.add_argument("--grpc-port", type=int, default=8001)
    parser.add_argument("--metrics-port", type=int, default=8002)
    parser.add_argument("--address", default="127.0.0.1")
    known, rest = parser.parse_known_args(argv)
    repository = known.model_repository or magika_repository()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    triton = TritonProcess(
        repository, known.http_port, known.grpc_port, known.metrics_port, args=rest, address=known.address
    )
    with triton:
        print(f"{triton.url} serves {', '.join(triton.models)}; log: {triton.log}; Ctrl-C stops", file=sys.stderr)
        while not stop.wait(0.5):
            if not triton.running:
                print(f"error: Triton ended by itself\n{triton.log_tail()}", file=sys.stderr)
                return 1
    return 0
