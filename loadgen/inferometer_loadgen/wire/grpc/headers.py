"""Header blocks (RFC 7541): ours are made before the run, the peer's are known again by their bytes.

Neither side keeps a table: ours never adds to one, and the peer may not, since we set HEADER_TABLE_SIZE to 0. So a
block means the same wherever it stands, and a server that answers alike sends few different ones: each is decoded once,
by `hpack`, and found in a cache of the worker afterwards.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import hpack

from inferometer_loadgen.wire.errors import PeerError
from inferometer_loadgen.wire.fields import Field, FieldError, checked_field

MAX_BLOCK_BYTES = 65_536
"""Of a block from the peer, before and after decompression; we announce it as MAX_HEADER_LIST_SIZE."""
MAX_OWN_BLOCK_BYTES = 16_000
"""A request's block must fit into the smallest frame that a peer may ask for."""
MAX_CACHED_BLOCKS = 1_024
"""Servers whose blocks all differ (a date, a request id) would fill the memory otherwise."""
MAX_MESSAGE_CHARACTERS = 512
"""Of grpc-message, as evidence in the report."""

NO_TABLE = b"\x20"
"""Sets the table of our own blocks to nothing. It leads the first block of a connection, so that no table size that the
peer announces later can be exceeded (RFC 7541 §4.2)."""

_NEVER_INDEXED = 0x10
_STATUS = re.compile(rb"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Fields:
    """What a block from the peer says, as far as it decides about a call.

    `plain_head` and `plain_end` are the two that a good answer consists of; all others take the long way.
    """

    http_status: int | None
    """None in trailers."""
    content_type: bytes
    encoding: bytes
    """Of messages whose compressed flag is set."""
    grpc_status: int | None
    """-1: the peer sent something that is no status."""
    grpc_message: str
    plain_head: bool
    plain_end: bool


class BlockCache:
    """The peer's blocks by their bytes, for all connections of one worker."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[bytes, Fields] = {}

    def learn(self, block: bytes) -> Fields:
        """Decodes a block that is not known. Raises PeerError."""
        fields = _fields(_decode(block))
        if len(self.known) >= MAX_CACHED_BLOCKS:
            # All anew rather than no more: with a date in them, the blocks of this second are worth keeping.
            self.known.clear()
        self.known[block] = fields
        return fields


def header_block(authority: str, path: str, fields: Iterable[Field] = (), *, scheme: str = "http") -> bytes:
    """The block of a unary gRPC request (gRPC over HTTP/2, "Requests").

    `authority` is host:port as the URL names it. `fields` are the user's own metadata, sent with every call and marked
    as never to be indexed, so that no proxy keeps a secret in a table. Raises FieldError where one cannot be sent.
    """
    block = b"".join(
        [
            b"\x83",  # :method POST, a whole entry of the static table
            b"\x87" if scheme == "https" else b"\x86",
            _literal(path, name_index=4),
            _literal(authority, name_index=1),
            _literal("trailers", name="te"),
            _literal("application/grpc", name_index=31),
            *(_literal(value, name=name.lower(), flags=_NEVER_INDEXED) for name, value in map(checked_field, fields)),
        ]
    )
    if len(block) + len(NO_TABLE) > MAX_OWN_BLOCK_BYTES:
        raise FieldError(f"the request's headers take {len(block):,} bytes, more than {MAX_OWN_BLOCK_BYTES:,}")
    return block


def _literal(value: str, *, name: str = "", name_index: int = 0, flags: int = 0) -> bytes:
    """A field that enters no table (RFC 7541 §6.2.2, §6.2.3), without Huffman coding."""
    return _integer(name_index, 4, flags) + (_string(name) if name else b"") + _string(value)


def _string(text: str) -> bytes:
    data = text.encode("ascii")
    return _integer(len(data), 7, 0) + data


def _integer(value: int, prefix_bits: int, flags: int) -> bytes:
    """RFC 7541 §5.1."""
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([flags | value])
    value -= most
    octets = [flags | most]
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def _decode(block: bytes) -> list[tuple[bytes, bytes]]:
    decoder = hpack.Decoder(MAX_BLOCK_BYTES)
    # Nothing is remembered from block to block, whether the peer says that it obeys (a table-size update) or not.
    decoder.header_table_size = 0
    decoder.max_allowed_table_size = 0
    try:
        return [(bytes(field[0]), bytes(field[1])) for field in decoder.decode(block, raw=True)]
    except hpack.HPACKError as error:
        raise PeerError(f"a block of headers cannot be decoded: {error}") from error


def _fields(decoded: list[tuple[bytes, bytes]]) -> Fields:
    values = dict(decoded)
    status = values.get(b":status")
    if status is not None and (len(status) != 3 or not status.isdigit()):
        raise PeerError(f"`{status[:40]!r}` is no HTTP status")
    http_status = None if status is None else int(status)
    content_type = values.get(b"content-type", b"")
    encoding = values.get(b"grpc-encoding", b"identity")
    code = values.get(b"grpc-status")
    grpc_status = None if code is None else int(code) if _STATUS.fullmatch(code) else -1
    return Fields(
        http_status=http_status,
        content_type=content_type,
        encoding=encoding,
        grpc_status=grpc_status,
        # Percent-encoded UTF-8 (gRPC over HTTP/2, "Status-Message"); what is not is shown as it came.
        grpc_message=unquote_to_bytes(values.get(b"grpc-message", b"")).decode("utf-8", "replace")[
            :MAX_MESSAGE_CHARACTERS
        ],
        plain_head=http_status == 200 and content_type.startswith(b"application/grpc") and grpc_status is None,
        plain_end=http_status is None and grpc_status == 0,
    )
