"""Blocks of headers: ours against hpack and h2, the server's as any server may write them."""

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.wire import PeerError
from inferometer_loadgen.wire.grpc import INFER_PATH, BlockCache, header_block
from inferometer_loadgen.wire.grpc.headers import MAX_CACHED_BLOCKS, NO_TABLE
from unit.wire.grpc.server import END, HEAD, block

AUTHORITIES = ["198.18.11.4:8001", "[fd00::1]:8001", "triton.bench.svc", "t" * 300 + ":1"]


def _text(field: tuple[bytes, bytes]) -> tuple[str, str]:
    return field[0].decode(), field[1].decode()


@pytest.mark.parametrize("authority", AUTHORITIES)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_our_block_says_the_same_wherever_it_stands_on_a_connection(authority: str, scheme: str) -> None:
    decoder = hpack.Decoder()
    made = header_block(authority, INFER_PATH, scheme=scheme)
    first, *later = [
        [_text(field) for field in decoder.decode(sent, raw=True)] for sent in (NO_TABLE + made, made, made)
    ]

    assert first[:4] == [(":method", "POST"), (":scheme", scheme), (":path", INFER_PATH), (":authority", authority)]
    assert later == [first, first]
    assert not decoder.header_table.dynamic_entries


@given(
    fields=st.lists(
        st.tuples(st.from_regex(r"x-[a-z0-9]{1,40}", fullmatch=True), st.from_regex(r"[!-~]{0,400}", fullmatch=True)),
        max_size=8,
    )
)
def test_any_field_arrives_as_it_was_given(fields: list[tuple[str, str]]) -> None:
    decoded = [_text(field) for field in hpack.Decoder().decode(header_block("h:1", INFER_PATH, fields), raw=True)]

    assert decoded[6:] == fields


@pytest.mark.parametrize("huffman", [False, True], ids=["plain", "with Huffman codes"])
def test_a_block_is_decoded_once_and_known_by_its_bytes_afterwards(*, huffman: bool) -> None:
    blocks = BlockCache()
    head, end = block(HEAD, huffman=huffman), block(END, huffman=huffman)

    assert blocks.learn(head).plain_head
    assert blocks.learn(end).plain_end
    assert set(blocks.known) == {head, end}


def test_the_first_block_of_a_connection_says_the_same_as_the_later_ones() -> None:
    # Triton's differs by one byte: it sets the size of its table to 0, as we asked for.
    blocks = BlockCache()

    assert blocks.learn(NO_TABLE + block(HEAD)) == blocks.learn(block(HEAD))


def test_a_server_that_would_remember_fields_is_read_as_one_that_does_not() -> None:
    # With incremental indexing: allowed, and without effect on a table of no size.
    indexing = b"\x40\x0bgrpc-status\x010"

    assert BlockCache().learn(indexing).plain_end


def test_blocks_that_all_differ_neither_fill_the_memory_nor_keep_new_ones_out() -> None:
    blocks = BlockCache()
    for request in range(MAX_CACHED_BLOCKS + 10):
        sent = block([*END, ("x-request", str(request))])
        blocks.learn(sent)

    assert len(blocks.known) <= MAX_CACHED_BLOCKS
    assert sent in blocks.known


@given(data=st.binary(max_size=300))
def test_noise_is_a_block_or_the_peers_error(data: bytes) -> None:
    try:
        BlockCache().learn(data)
    except PeerError:
        return
