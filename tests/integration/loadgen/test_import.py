"""`inferometer import` as a user has it: a process that may be killed, and a library that a run takes."""

import fcntl
import os
import signal
from pathlib import Path
from typing import IO

import pytest

from inferometer_loadgen.datasets.npz import npz_facts
from integration.loadgen.shell import inferometer, running
from unit.datasets.importers.pictures_made import a_coco, a_picture, an_imagenet


def imports(folder: Path, output: Path, *more: str) -> tuple[str, ...]:
    return ("import", "imagenet", str(folder), "--task", "resnet50", "-o", str(output), *more)


HELD = """
import os, pathlib, time
from PIL import Image

opened = Image.open

def held(path, *more):
    while pathlib.Path(path).name == os.environ["HELD"] and not pathlib.Path(os.environ["RELEASED"]).exists():
        time.sleep(0.02)
    return opened(path, *more)

Image.open = held
"""
"""A picture that cannot be read yet: an import that is in its middle, however fast or slow the machine is."""


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Picture 90 of an import is held until this file is there."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(HELD)
    path = os.pathsep.join(filter(None, (str(tmp_path / "path"), os.environ.get("PYTHONPATH", ""))))
    for name, value in {"PYTHONPATH": path, "HELD": a_picture(90), "RELEASED": str(tmp_path / "released")}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "released"


def await_the_middle(said: IO[str] | None) -> None:
    """The part before the held picture is written but for the few that are made ahead."""
    assert said is not None
    for line in said:
        if line.startswith(" 72 of 120"):
            return
    raise AssertionError("the import has ended")


def test_killed_in_the_middle_it_goes_on_to_the_same_bytes(tmp_path: Path, released: Path) -> None:
    folder = an_imagenet(tmp_path / "imagenet", pictures=120)
    killed = tmp_path / "killed.npz"
    with running(*imports(folder, killed)) as process:
        await_the_middle(process.stderr)
        process.send_signal(signal.SIGKILL)
        process.wait()
    part = killed.with_name("killed.npz.part")
    assert not killed.exists()
    begun_bytes = part.stat().st_size
    released.touch()
    whole = inferometer(*imports(folder, tmp_path / "whole.npz"))
    assert whole.code == 0, whole.stderr
    assert "whole.npz: 120 samples of ImageNet" in whole.stderr
    assert 0.5 < begun_bytes / (tmp_path / "whole.npz").stat().st_size < 0.8
    on = inferometer(*imports(folder, killed))
    again = inferometer(*imports(folder, killed))

    assert on.code == 0, on.stderr
    assert killed.read_bytes() == (tmp_path / "whole.npz").read_bytes()
    assert (again.code, "is complete already: 120 samples" in again.stderr) == (0, True)
    assert not list(tmp_path.glob("*.part*"))


def test_ctrl_c_says_that_the_same_command_goes_on(tmp_path: Path, released: Path) -> None:
    folder = an_imagenet(tmp_path / "imagenet", pictures=120)
    with running(*imports(folder, tmp_path / "a.npz")) as process:
        await_the_middle(process.stderr)
        process.send_signal(signal.SIGINT)
        released.touch()
        assert process.stderr is not None
        said = process.stderr.read()
        code = process.wait()

    assert (code, "interrupted; the same command goes on with it" in said) == (130, True)


def test_one_import_at_a_time_writes_a_file(tmp_path: Path) -> None:
    folder = an_imagenet(tmp_path / "imagenet")
    with (tmp_path / "a.npz.part").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        ended = inferometer(*imports(folder, tmp_path / "a.npz"))

    assert (ended.code, "a.npz: is being written by another import" in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--limit", "0"), "--limit is 0, which is below 1"),
        (("--labels", "/no/such/list"), "/no/such/list: can't be read"),
        (("--input", "label:x"), "--input is `label:x`, which is no input's name in an npz"),
        (("--input", "x:offsets"), "--input is `x:offsets`, which is no input's name in an npz"),
        (("--input", "x" * 129), "which is no input's name in an npz"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(tmp_path: Path, more: tuple[str, ...], words: str) -> None:
    folder = an_imagenet(tmp_path / "imagenet")

    ended = inferometer(*imports(folder, tmp_path / "a.npz", *more))

    assert (ended.code, words in ended.stderr) == (2, True), ended.stderr
    assert not list(tmp_path.glob("a.npz*"))


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("mine")

    ended = inferometer(*imports(an_imagenet(tmp_path / "imagenet"), tmp_path / "a.npz"))

    assert (ended.code, "is there, and is no import of this data" in ended.stderr) == (2, True)
    assert (tmp_path / "a.npz").read_text() == "mine"


def test_each_kind_makes_a_library(tmp_path: Path) -> None:
    coco = a_coco(tmp_path / "coco")
    (tmp_path / "a.en").write_text("one\ntwo\n")
    (tmp_path / "a.de").write_text("eins\nzwei\n")
    instances = str(coco / "annotations" / "instances_val2017.json")
    pictures = ("coco", str(coco / "val2017"), instances, "--task", "ssd-mobilenet", "--limit", "3")
    for arguments, samples in ((pictures, 3), (("text", str(tmp_path / "a.en"), str(tmp_path / "a.de")), 2)):
        output = tmp_path / f"{arguments[0]}.npz"

        ended = inferometer("import", *arguments, "-o", str(output))

        assert ended.code == 0, ended.stderr
        assert npz_facts(output.read_bytes()).samples == samples
