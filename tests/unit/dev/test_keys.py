"""Names of cached things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inferometer_dev.keys import content_key, tree_key

if TYPE_CHECKING:
    from pathlib import Path


def test_where_one_part_ends_matters() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")


def test_text_and_its_bytes_are_the_same_content() -> None:
    assert content_key("é") == content_key("é".encode())


def test_a_tree_is_named_by_paths_bytes_and_execute_bits_but_not_by_times_or_compiled_files(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "__pycache__").mkdir(parents=True)
    source = tree / "a.py"
    source.write_text("x = 1\n")
    first = tree_key(tree)
    (tree / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    source.touch()
    same = tree_key(tree)
    source.chmod(0o755)
    executable = tree_key(tree)
    source.write_text("x = 2\n")
    changed = tree_key(tree)

    assert same == first
    assert len({first, executable, changed}) == 3
