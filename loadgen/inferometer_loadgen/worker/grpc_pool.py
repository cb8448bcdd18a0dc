"""gRPC connections: many calls at a time on each, once both sides' settings are known."""

from collections.abc import Iterable, Sequence
from time import monotonic

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.wire.grpc import Answer, BlockCache, Channel
from inferometer_loadgen.worker.carrier import Keep
from inferometer_loadgen.worker.connections import CONNECT_TIMEOUT_S, ConnectError, Tls
from inferometer_loadgen.worker.pool import Connection, Pool
from inferometer_loadgen.worker.tls_socket import Socket


class KeepingChannel(Channel):
    """A channel that hands each good answer's message on, while it is told to."""

    __slots__ = ("_hand_on",)

    def __init__(self, blocks: BlockCache, keep: Keep, *, on: bool) -> None:
        super().__init__(blocks, keep_messages=on)
        self._hand_on = keep

    def keep_answers(self, *, on: bool) -> None:
        """From now on messages are handed on, or not; only while no call is open."""
        self._keep = on

    def receive(self, data: bytes) -> Sequence[Answer]:
        """Takes what was read, gives the answers that it completes."""
        answers = super().receive(data)
        if not self._keep:
            return answers
        for answer in answers:
            if answer.ok:
                self._hand_on(answer.row, -1, answer.message)
        return answers


class GrpcConnection(Connection):
    """A connection and its channel."""

    __slots__ = ("channel", "heard_ns", "is_dirty", "is_retired", "is_usable")

    def __init__(self, sock: Socket, replica: int, channel: Channel) -> None:
        super().__init__(sock, replica)
        self.channel = channel
        self.is_dirty = False
        """Calls have begun on it that were not given to the kernel yet."""
        self.is_usable = False
        """Calls may begin on it: the settings of both sides are known, and it is not retired."""
        self.is_retired = False
        """Nothing new is sent on it; it stays for what is open."""
        self.heard_ns = 0
        """When something was last read from it."""


class GrpcPool(Pool[GrpcConnection]):
    """All gRPC connections of one worker, each ready for calls. Raises ConnectError for a peer that speaks no gRPC."""

    def __init__(
        self,
        replicas: Sequence[ReplicaAddress],
        per_replica: int,
        tls: Tls | None = None,
        asked: Iterable[int] | None = None,
        keep: Keep | None = None,
    ) -> None:
        blocks = BlockCache()
        self._keeps = False
        self.usable: list[list[GrpcConnection]] = [[] for _ in replicas]
        """By replica: those on which calls may begin."""
        super().__init__(
            replicas,
            per_replica,
            lambda sock, replica: GrpcConnection(
                sock, replica, Channel(blocks) if keep is None else KeepingChannel(blocks, keep, on=self._keeps)
            ),
            self._welcome,
            tls,
            asked,
        )

    def keep_answers(self, *, on: bool) -> None:
        """From now on what good answers hold is handed on, or not; only while no call is open."""
        self._keeps = on
        for connection in self.by_fd.values():
            if isinstance(connection.channel, KeepingChannel):
                connection.channel.keep_answers(on=on)

    def use(self, connection: GrpcConnection) -> None:
        """Calls may begin on it from now on."""
        connection.is_usable = True
        self.usable[connection.replica].append(connection)

    def retire(self, connection: GrpcConnection) -> None:
        """Another one takes its place; its open calls may still be answered."""
        if connection.is_retired:
            return
        connection.is_retired = True
        if connection.is_usable:
            connection.is_usable = False
            self.usable[connection.replica].remove(connection)
            self.open(connection.replica)
        else:
            # It never came so far. Tried again with the next tick, or a server that hangs up would take the whole loop.
            self.miss(connection.replica)

    def replace(self, connection: GrpcConnection) -> None:
        """Closes a connection for good; another one takes its place, unless one has already."""
        self.retire(connection)
        self.drop(connection)

    def _welcome(self, connection: GrpcConnection) -> None:
        """Waits for the settings of both sides: until then a call might break what the peer will ask for."""
        replica = self.dialer.replicas[connection.replica]
        give_up = monotonic() + CONNECT_TIMEOUT_S
        channel, sock = connection.channel, connection.sock
        try:
            while not channel.ready and not channel.finished:
                sock.settimeout(max(0.001, give_up - monotonic()))
                sock.sendall(b"".join(channel.take_outbox()))
                _hear(channel, sock)
        except OSError as error:
            raise ConnectError(f"{replica.name} at {replica.url} does not answer as gRPC: {error}") from error
        if not channel.ready:
            raise ConnectError(f"{replica.name} at {replica.url} does not answer as gRPC: {channel.ending}")
        sock.setblocking(False)
        self.use(connection)


def _hear(channel: Channel, sock: Socket) -> None:
    try:
        data = sock.recv(65_536)
    except BlockingIOError:
        return  # Nothing but TLS's own words.
    if data:
        channel.receive(data)
    else:
        channel.eof()
