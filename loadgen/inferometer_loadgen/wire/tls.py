"""TLS as a layer between a socket's bytes and a protocol's, for HTTP/1.1 and gRPC alike: no socket and no file.

    layer = TlsLayer(context, "triton.example")     # its outbox holds the greeting
    plain = layer.receive(data)                     # until layer.established, plain is empty
    layer.send(buffers); send(layer.take_outbox())

The context says whom to trust and what to show (`worker.credentials` makes it from files). Encryption is the `ssl`
module's, over memory; it costs a copy of all that is sent and received.
"""

import ssl
from collections.abc import Iterable

from inferometer_loadgen.wire.errors import TlsError

READ_BYTES = 262_144


class TlsLayer:
    """The client's end of TLS on one connection. `alpn`: the protocol that the server must choose, if any."""

    def __init__(self, context: ssl.SSLContext, server_name: str, *, alpn: str | None = None) -> None:
        self.established = False
        """The handshake is done: `send` may be called."""
        self.closed = False
        """The peer said that it sends nothing more. Where a connection ends without that, what came may be cut off."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._alpn = alpn
        self._server_name = server_name
        self._shake_hands()

    def receive(self, data: bytes) -> bytes:
        """Takes what was read from the socket, gives what it says; it may also fill the outbox. Raises TlsError."""
        self._incoming.write(data)
        if not self.established:
            self._shake_hands()
            if not self.established:
                return b""
        return self._read()

    def send(self, buffers: Iterable[bytes | memoryview]) -> None:
        """Encrypts what is to be sent, into the outbox. Raises TlsError."""
        try:
            for buffer in buffers:
                self._tls.write(buffer)
        except ssl.SSLError as error:
            raise TlsError(f"what is to be sent cannot be encrypted: {_reason(error)}") from error

    def take_outbox(self) -> bytes:
        """What is to be sent on the socket now."""
        return self._outgoing.read()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLCertVerificationError as error:
            raise TlsError(
                f"the certificate of {self._server_name} is not trusted: {error.verify_message}. Give the CA that "
                "signed it (--ca-file), and address the server by a name that it holds"
            ) from error
        except ssl.SSLError as error:
            raise TlsError(f"no TLS connection to {self._server_name} comes about: {_reason(error)}") from error
        chosen = self._tls.selected_alpn_protocol()
        if self._alpn is not None and chosen != self._alpn:
            raise TlsError(f"{self._server_name} does not agree to speak `{self._alpn}` (ALPN: {chosen or 'none'})")
        self.established = True

    def _read(self) -> bytes:
        pieces = []
        try:
            while piece := self._tls.read(READ_BYTES):
                pieces.append(piece)
            self.closed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            raise TlsError(f"{self._server_name} broke the TLS connection: {_reason(error)}") from error
        return b"".join(pieces)


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()
