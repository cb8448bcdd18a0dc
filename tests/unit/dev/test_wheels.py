"""The flags by which pip chooses wheels for another Python."""

from __future__ import annotations

import re

from inferometer_dev.paths import DEV
from inferometer_dev.wheels import platform_flags


def test_pip_is_told_the_images_python_and_stable_abi_wheels_fit_too() -> None:
    flags = platform_flags("3.13")

    assert flags[:4] == ["--python-version", "3.13", "--implementation", "cp"]
    assert [flags[at + 1] for at, flag in enumerate(flags) if flag == "--abi"] == ["cp313", "abi3", "none"]


def test_no_wheel_is_taken_that_asks_for_a_newer_glibc_than_debian_12_has() -> None:
    minors = [int(found) for found in re.findall(r"manylinux_2_(\d+)_x86_64", " ".join(platform_flags("3.11")))]

    assert max(minors) == 36


def test_every_package_of_our_images_is_pinned_by_hash() -> None:
    for lock in (DEV / "images_lock").glob("*.txt"):
        text = lock.read_text()
        pins = re.findall(r"^[a-z0-9-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}$", text, re.MULTILINE)

        assert len(pins) == text.count("=="), lock.name
