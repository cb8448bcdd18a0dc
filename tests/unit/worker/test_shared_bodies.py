"""Bodies in sealed memory: made once, the same for all that map it, and changed by nobody."""

import hashlib
import os
from collections.abc import Iterator

import pytest

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.requests import Encoded
from inferometer_loadgen.worker.shared_bodies import BodiesFile, hold_bodies
from inferometer_loadgen.worker.shared_memory import new_memory, open_inherited

KEY = hashlib.sha256(b"plan and model").digest()
BODIES = [Encoded(b'{"a":1}1234', 7), Encoded(bytes(range(256)) * 3_000, 0), Encoded(b"", 0)]


@pytest.fixture
def inherited() -> Iterator[int]:
    fd = new_memory()
    yield fd
    os.close(fd)


def nobody() -> list[Encoded]:
    raise AssertionError("the bodies were made a second time")


def test_the_bodies_are_made_once_and_read_alike_by_all(inherited: int) -> None:
    first, second = (BodiesFile(open_inherited(inherited), 2) for _ in range(2))

    made, read = hold_bodies(first, KEY, lambda: BODIES), hold_bodies(second, KEY, nobody)

    assert [(bytes(body.data), body.json_length) for body in made] == [(it.data, it.json_length) for it in BODIES]
    assert made == read


def test_nobody_can_change_what_was_made(inherited: int) -> None:
    hold_bodies(BodiesFile(open_inherited(inherited)), KEY, lambda: BODIES)

    with pytest.raises(PermissionError):
        os.pwrite(inherited, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(inherited, 0)


def test_one_that_was_told_of_another_model_is_refused(inherited: int) -> None:
    hold_bodies(BodiesFile(open_inherited(inherited)), KEY, lambda: BODIES)

    with pytest.raises(PrepareError, match="made for another plan or model") as it:
        hold_bodies(BodiesFile(open_inherited(inherited)), hashlib.sha256(b"else").digest(), nobody)
    assert it.value.type is RunFailure.REPLICAS_DIFFER


def test_where_the_first_fails_over_it_the_next_begins_anew(inherited: int) -> None:
    def fails() -> Iterator[Encoded]:
        yield Encoded(bytes(100_000), 3)
        raise PrepareError(RunFailure.SAMPLES_EXCEED_MEMORY, "too many")

    with pytest.raises(PrepareError, match="too many"):
        hold_bodies(BodiesFile(open_inherited(inherited)), KEY, fails)
    held = hold_bodies(BodiesFile(open_inherited(inherited)), KEY, lambda: BODIES)

    assert [bytes(body.data) for body in held] == [body.data for body in BODIES]


def test_a_descriptor_of_something_else_is_no_memory_to_share() -> None:
    reading, writing = os.pipe()

    with pytest.raises(OSError, match="Invalid argument"):
        open_inherited(reading)
    os.close(reading)
    os.close(writing)
