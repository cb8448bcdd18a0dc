"""The scripted server of `scripted`, speaking gRPC: the same scripts in a conversation of HTTP/2 streams."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

from integration.worker.scripted import Conversation, Script, ScriptedServer, serving

MESSAGE = b"fourteen bytes"
PREFIX_BYTES = 5


class GrpcConversation(Conversation):
    """One connection. What a script answers is the request that `requests` gave last, unless it names another."""

    def __init__(self, server: ScriptedServer, sock: socket.socket, number: int) -> None:
        super().__init__(server, sock, number)
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._bodies: dict[int, bytearray] = {}
        self._whole: list[int] = []
        self.stream = 0
        """Of the request that was given last."""
        self.reset_streams: list[int] = []
        """Streams that the worker has given up."""

    def limit_streams(self, streams: int) -> None:
        """How many calls the worker may have open at a time. Before `requests`."""
        self._h2.local_settings = h2.settings.Settings(
            client=False, initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: streams}
        )

    def requests(self, read_bytes: int = 65_536) -> Iterator[int]:
        self._h2.initiate_connection()
        self._flush()
        while True:
            while self._whole:
                self.stream = self._whole.pop(0)
                yield self._server.note(bytes(self._bodies.pop(self.stream)[PREFIX_BYTES:]))
            if not self._take(self._sock.recv(read_bytes)):
                return

    def answer(self) -> None:
        self.answer_on(self.stream)

    def answer_on(self, stream: int) -> None:
        """Answers a request that was given before."""
        self._begin_answer(stream)
        self._h2.send_data(stream, b"\0" + len(MESSAGE).to_bytes(4, "big") + MESSAGE)
        self._h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        self._flush()

    def refuse(self, status: int, message: str) -> None:
        """Answers with a status of gRPC, in the one frame of trailers that servers send then."""
        fields = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", str(status))]
        self._h2.send_headers(self.stream, [*fields, ("grpc-message", message)], end_stream=True)
        self._flush()

    def answer_half(self) -> None:
        """Begins an answer."""
        self._begin_answer(self.stream)
        self._h2.send_data(self.stream, b"\0" + len(MESSAGE).to_bytes(4, "big") + MESSAGE[:3])
        self._flush()

    def answer_without_trailers(self) -> None:
        """Answers with a body and no status."""
        self._begin_answer(self.stream)
        self._h2.send_data(self.stream, b"\0" + len(MESSAGE).to_bytes(4, "big") + MESSAGE, end_stream=True)
        self._flush()

    def lie_about_the_length(self) -> None:
        """Answers with a message that is shorter than it says."""
        self._begin_answer(self.stream)
        self._h2.send_data(self.stream, b"\0" + (len(MESSAGE) + 1).to_bytes(4, "big") + MESSAGE)
        self._h2.send_headers(self.stream, [("grpc-status", "0")], end_stream=True)
        self._flush()

    def reset_stream(self) -> None:
        """Gives the request up."""
        self._h2.reset_stream(self.stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        self._flush()

    def go_away(self, last: int) -> None:
        """Announces the end of the connection: requests on streams beyond `last` are not answered."""
        # By hand: h2 says nothing more after it, and a server may still answer.
        self.say(bytes.fromhex("000008 07 00 00000000") + last.to_bytes(4, "big") + bytes(4))

    def _begin_answer(self, stream: int) -> None:
        self._h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])

    def _take(self, data: bytes) -> bool:
        if not data:
            return False
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self._bodies[event.stream_id] = bytearray()
            elif isinstance(event, h2.events.DataReceived):
                self._bodies[event.stream_id] += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self._whole.append(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.reset_streams.append(event.stream_id)
        self._flush()
        return True

    def _flush(self) -> None:
        self._sock.sendall(self._h2.data_to_send())


def serving_grpc(script: Script, tls: ssl.SSLContext | None = None) -> AbstractContextManager[ScriptedServer]:
    """A server for the length of a block."""
    return serving(script, GrpcConversation, tls)
