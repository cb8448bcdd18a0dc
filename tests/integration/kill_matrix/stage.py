"""All that the cells have in common: one API server, a kubelet, a gate, and operators that take turns."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml

from inferometer_dev.bare_apiserver import BareApiServer
from inferometer_operator.objects.labels import ROLE, Role
from integration.operator_tests.rig import Operator, an_address

from .admin import Admin, Json, tls_of
from .kubelet import PlayedKubelet, until_ended
from .proxy import Gate, Line

GRACE_S = 30.0
FAREWELL_S = 40.0
"""Longer than asyncio waits for the other side's farewell."""


@dataclass
class Actor:
    """One operator's process and its way to the API server."""

    process: Operator
    line: Line

    def kill(self) -> None:
        self.process.kill()

    async def leave(self) -> None:
        """Killed, if it still lives, and its port closed."""
        if self.process.is_alive:
            self.process.kill()
        await self.line.close()


@dataclass
class Stage:
    """Who is on it: `operator` acts, `standby` has been started and waits for its line to be opened."""

    admin: Admin
    gate: Gate
    kubelet: PlayedKubelet
    kubeconfig: Path
    folder: Path
    coordinators: dict[str, str] = field(default_factory=dict)
    """The coordinator's address by namespace."""
    actors: list[Actor] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _operator: Actor | None = None
    _standby: Actor | None = None

    async def operator(self) -> Actor:
        """The operator whose turn it is; the one after it is on its way up."""
        if self._operator is None or not self._operator.process.is_alive:
            return await self.take_over()
        return self._operator

    async def take_over(self) -> Actor:
        """The next operator's turn: it is told everything from now on. The one before is left as it is."""
        self._operator = self._standby or await self._enlist()
        self._operator.line.open()
        self._standby = await self._enlist()
        return self._operator

    async def _enlist(self) -> Actor:
        line = Line(
            self.admin.session, self.admin.server.url, tls_of(self.admin.server, as_administrator=False), self.gate
        )
        port = await line.listen()
        folder = self.folder / f"operator-{next(self._numbers)}"
        folder.mkdir()
        config = yaml.safe_load(self.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{port}"}
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        actor = Actor(Operator(path, folder), line)
        actor.process.start()
        self.actors.append(actor)
        return actor

    def address_of(self, pod: Json) -> str:
        """Where a pod is reached: only coordinators listen."""
        if pod["metadata"]["labels"][ROLE] == Role.COORDINATOR:
            return self.coordinators[pod["metadata"]["namespace"]]
        return an_address()


@contextlib.asynccontextmanager
async def a_session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session that ends with its last socket.

    The library does not wait for connections that were given up before the end, as those of a killed operator are:
    their farewell in TLS may outlive the loop, and would then be a leak that some later test is blamed for.
    """
    opened: list[socket.socket] = []

    def open_socket(address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, proto, _, _ = address
        opened.append(socket.socket(family, kind, proto))
        return opened[-1]

    connector = aiohttp.TCPConnector(limit=0, socket_factory=open_socket)
    async with aiohttp.ClientSession(trust_env=False, connector=connector) as session:
        yield session
    async with asyncio.timeout(FAREWELL_S):
        while any(one.fileno() >= 0 for one in opened):
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def a_stage(server: BareApiServer, kubeconfig: Path, folder: Path) -> AsyncIterator[Stage]:
    """From the first cell to the last."""
    async with a_session() as session:
        admin = Admin(session, server, tls_of(server, as_administrator=True))
        kubelet = PlayedKubelet(admin, lambda pod: stage.address_of(pod))
        stage = Stage(admin, Gate(), kubelet, kubeconfig, folder)
        kubelets = asyncio.create_task(kubelet.run())
        try:
            yield stage
        finally:
            for actor in stage.actors:
                await actor.leave()
            await until_ended(kubelets)
