"""The operator refuses to start with what would make it unsafe or useless."""

import asyncio
import socket
import zlib
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from inferometer_operator.main import UnfitKeyError, main, read_key
from inferometer_operator.metrics.page import Page
from inferometer_operator.metrics.serving import PortError, serving
from inferometer_operator.unpacking import UnpackError, unpack


def test_a_key_is_read_without_the_line_break_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 48 + b"\n")

    assert read_key(tmp_path / "key") == b"k" * 48


def test_a_key_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"secret")

    with pytest.raises(UnfitKeyError, match="has 6 bytes; 32 are needed"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize("argv", [["--image", "i:1"], []], ids=["without a key", "without an image"])
def test_the_process_ends_with_bad_input(tmp_path: Path, argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INFEROMETER_IMAGE", raising=False)

    assert main(["--key", str(tmp_path / "missing"), *argv]) == 2


def test_a_port_that_is_taken_is_said_with_the_way_to_another() -> None:
    async def serve_at(port: int) -> None:
        async with serving(lambda: Page(CollectorRegistry(), (), ()), "127.0.0.1", port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortError, match="can't be shown at 127"):
        asyncio.run(serve_at(taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"text", "no gzip"), (bytes.fromhex("1f8b0800000000000003"), "breaks off")],
    ids=["text", "the beginning of a gzip"],
)
def test_what_is_no_report_is_not_unpacked(data: bytes, words: str) -> None:
    with pytest.raises(UnpackError, match=words):
        unpack(data)


def test_a_report_that_would_fill_the_memory_is_not_unpacked() -> None:
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(65)) + packer.flush()

    with pytest.raises(UnpackError, match="more than 64 MiB"):
        unpack(bomb)
