"""A coordinator in this process, and peers that speak to it as workers do, word by word."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from inferometer_loadgen.coordinator.run import Run
from inferometer_loadgen.plan import (
    Assignment,
    JudgePlan,
    ModelPlan,
    Plan,
    ReplicaAddress,
    Seeds,
    StreamPlan,
    SyntheticData,
    digest,
)
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunState, RunStatus, StartRequest
from inferometer_loadgen.protocol.signing import sign_hello
from inferometer_loadgen.report.short import ShortReport
from inferometer_loadgen.worker.clock_identity import boot_id, time_namespace

TOKEN = b"token"
RUN_UID = "uid"
PATIENCE_S = 10.0


def a_plan(workers: int = 2, seconds: int = 1) -> Plan:
    second_ns = 10**9
    return Plan(
        name="ordinary",
        protocol="http",
        model=ModelPlan(name="m"),
        data=SyntheticData(samples=4, seed=0),
        stream=StreamPlan(
            seeds=Seeds(),
            target_qps=10,
            min_duration_ns=seconds * second_ns,
            min_queries=1,
            total_samples=4,
            performance_samples=4,
        ),
        judge=JudgePlan(latency_bound_ns=10**8, latency_percentile=0.99, min_duration_ns=second_ns, min_queries=1),
        workers=workers,
        replicas=1,
        connections_per_replica=2,
        warmup_ns=0,
        drain_ns=second_ns,
        scrape_interval_ns=second_ns,
    )


@dataclass
class Peer:
    """One end of a link, its coordinator's token in hand."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *said: frames.Frame) -> None:
        self.writer.write(b"".join(frames.encode_frame(frame) for frame in said))

    async def hear(self) -> frames.FromCoordinator:
        length = int.from_bytes(await self.reader.readexactly(4), "big")
        return frames.decode_from_coordinator(await self.reader.readexactly(length))

    async def hear_a[F: frames.FromCoordinator](self, kind: type[F]) -> F:
        """The next frame of a kind, pings being answered and all others passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while not isinstance(frame := await self.hear(), kind):
                pass
        return frame

    def hang_up(self) -> None:
        self.writer.close()


@dataclass
class Rig:
    """A coordinator that drives a run, and where its workers dial."""

    run: Run
    plan: Plan
    port: int
    driving: asyncio.Task[bool]
    left: list[ShortReport]
    """What the coordinator has left in its termination message."""
    peers: list[Peer] = field(default_factory=list)

    async def peer(self, index: int, pod_uid: str = "") -> tuple[Peer, frames.FromCoordinator]:
        """Signs in as worker `index`; also what the coordinator says to that."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        challenge = await peer.hear_a(frames.Challenge)
        hello = frames.Hello(
            index=index,
            pod_uid=pod_uid,
            boot_id=boot_id(),
            time_namespace=time_namespace(),
            challenge=b"x",
            signature=sign_hello(TOKEN, challenge.challenge, index, pod_uid),
        )
        peer.say(hello)
        return peer, await peer.hear()

    async def ready_workers(self) -> list[Peer]:
        """All of the plan's workers, signed in and ready."""
        peers = []
        for index in range(self.plan.workers):
            peer, welcome = await self.peer(index)
            assert isinstance(welcome, frames.Welcome)
            peer.say(frames.Ready(samples=4, plan_hash=digest(self.plan)))
            peers.append(peer)
        await self.status_is(RunState.READY)
        return peers

    def start(self, nonce: str = "n1") -> str:
        """Gives the start; the refusal, or nothing."""
        replica = ReplicaAddress(name="r0", url="http://127.0.0.1:9", metrics_url="http://127.0.0.1:9/metrics")
        request = StartRequest(run_uid=RUN_UID, nonce=nonce, assignment=Assignment(replicas=(replica,)))
        return self.run.start(request)

    async def measuring_workers(self) -> list[Peer]:
        """All of the plan's workers, told to measure."""
        peers = await self.ready_workers()
        assert self.start() == ""
        for peer in peers:
            await peer.hear_a(frames.Prepare)
            peer.say(frames.Prepared(server_version=""))
        for peer in peers:
            await peer.hear_a(frames.WarmUp)
            peer.say(frames.Warmed(answered=0, failed=0, first_error=""))
        for peer in peers:
            await peer.hear_a(frames.Measure)
        return peers

    async def status_is(self, *states: RunState) -> RunStatus:
        async with asyncio.timeout(PATIENCE_S):
            while (status := self.run.status()).state not in states:
                await asyncio.sleep(0.01)
        return status


@contextlib.asynccontextmanager
async def a_coordinator(plan: Plan) -> AsyncIterator[Rig]:
    """For as long as the context lasts."""
    left: list[ShortReport] = []
    run = Run(plan, RUN_UID, TOKEN, left.append)
    async with await asyncio.start_server(run.links.serve, "127.0.0.1", 0) as server:
        rig = Rig(run, plan, server.sockets[0].getsockname()[1], asyncio.create_task(run.drive()), left)
        try:
            yield rig
        finally:
            rig.driving.cancel()
            for peer in rig.peers:
                peer.hang_up()
            await asyncio.gather(
                rig.driving, *(peer.writer.wait_closed() for peer in rig.peers), return_exceptions=True
            )
