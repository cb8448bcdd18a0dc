"""One coordinator's life: listen, drive the run, linger until its report is fetched."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from inferometer_loadgen import plan as plans
from inferometer_loadgen.coordinator.run import Run
from inferometer_loadgen.coordinator.server import Api
from inferometer_loadgen.report import short
from inferometer_loadgen.report.short import ShortReport
from inferometer_loadgen.worker.credentials import NO_TLS_FILES, CredentialsError, TlsFiles, client_context


@dataclass(frozen=True, slots=True)
class CoordinatorSettings:
    """Where this coordinator listens and which run it drives. Port 0 takes a free one."""

    plan_path: Path
    token: bytes
    run_uid: str
    host: str
    api_port: int
    link_port: int
    termination_path: Path | None
    """Where the report is left in short, for whoever looks at an ended pod."""
    data_path: Path | None = None
    """The file of the samples, for the labels of an accuracy run."""
    outputs: Path | None = None
    """The folder in which the answers of an accuracy run are left."""
    metrics_tls: TlsFiles = NO_TLS_FILES
    """For metrics pages at https:// addresses."""


class TerminatedError(Exception):
    """Somebody sent SIGTERM."""


def run_coordinator(settings: CoordinatorSettings) -> bool:
    """Drives one run to its end; whether there is a report. Raises TerminatedError on SIGTERM."""
    return asyncio.run(_run(settings))


async def _run(settings: CoordinatorSettings) -> bool:
    plan = plans.decode(settings.plan_path.read_bytes())
    tls = client_context(settings.metrics_tls, alpn="http/1.1")
    leave = _leave_in(settings.termination_path)
    run = Run(plan, settings.run_uid, settings.token, leave, tls, settings.data_path, settings.outputs)
    api_socket = listen(settings.host, settings.api_port)
    link_socket = listen(settings.host, settings.link_port)
    link_server = await asyncio.start_server(run.links.serve, sock=link_socket)
    runner = web.AppRunner(Api(settings.token, run, run.metrics_page).application(), access_log=None)
    await runner.setup()
    await web.SockSite(runner, api_socket).start()
    ports = {"api": api_socket.getsockname()[1], "link": link_socket.getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    try:
        async with _until_terminated() as terminated:
            driving = asyncio.create_task(run.drive())
            await asyncio.wait((driving, terminated), return_when=asyncio.FIRST_COMPLETED)
            if not driving.done():
                driving.cancel()
                raise TerminatedError
            there_is_a_report = driving.result()
    finally:
        link_server.close()
        await runner.cleanup()
    return there_is_a_report


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; on all addresses it is one for IPv6 too, where the machine has it."""
    if host in {"", "0.0.0.0", "::"} and socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


@contextlib.asynccontextmanager
async def _until_terminated() -> AsyncIterator[asyncio.Future[None]]:
    loop = asyncio.get_running_loop()
    terminated: asyncio.Future[None] = loop.create_future()

    def terminate() -> None:
        if not terminated.done():
            terminated.set_result(None)

    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        yield terminated
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def _leave_in(path: Path | None) -> Callable[[ShortReport], None]:
    """Leaves the report's summary where Kubernetes takes it from when the container has ended, however it ends."""

    def leave(summary: ShortReport) -> None:
        if path is None:
            return
        try:
            path.write_bytes(short.encode(summary))
        except OSError as error:
            # It is the last resort: the report itself can still be fetched.
            sys.stderr.write(f"inferometer coordinator: {path} can't be written: {error}\n")

    return leave


__all__ = ["CoordinatorSettings", "CredentialsError", "TerminatedError", "listen", "run_coordinator"]
