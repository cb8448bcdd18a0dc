"""Locks whose file may be removed by their holder."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from inferometer_dev.locks import locked, remove_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_one_at_a_time_also_when_the_holder_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    inside = 0
    most = 0
    entered = 0

    def enter() -> None:
        nonlocal inside, most, entered
        for _ in range(50):
            with locked("cluster", folder):
                inside += 1
                most = max(most, inside)
                entered += 1
                (folder / "record").write_text("x")
                inside -= 1
                remove_folder(folder)

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (most, entered) == (1, 200)
