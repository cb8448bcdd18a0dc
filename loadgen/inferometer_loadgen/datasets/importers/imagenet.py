"""ImageNet's validation pictures with their classes.

Either a list, as MLPerf's reference reads it (MLCommons inference, v0.5/classification_and_detection/python/
imagenet.py: val_map.txt, a line each with a picture's name and its class counted from 0), in the list's order; or a
folder for each class, whose classes are counted from 0 in the order of the folders' names.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inferometer_loadgen.datasets.importers.picture_import import Picture, picture_import
from inferometer_loadgen.datasets.importers.plan import Import, digest, whole
from inferometer_loadgen.datasets.importers.tasks import Layout, PictureTask
from inferometer_loadgen.datasets.library import DataError

LIST = "val_map.txt"
MAX_DIGITS = 9
"""Of a class: more than any data set has, and few enough for an int64."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def imagenet(
    folder: Path, task: PictureTask, *, layout: Layout, input_name: str, limit: int | None, labels: Path | None = None
) -> Import:
    """What an import writes; `labels` is the list, val_map.txt in it where there is one. Raises DataError."""
    listed = labels or (folder / LIST if (folder / LIST).exists() else None)
    entries = list(_listed(listed) if listed is not None else _by_folder(folder))[:limit]
    if not entries:
        raise DataError(
            f"{listed or folder}: holds no picture",
            f"give a folder with {LIST}, or with one for each class",
        )
    pictures = [Picture(folder / name) for name, _ in entries]
    classes = np.array([number for _, number in entries], dtype=np.int64)
    return picture_import(
        pictures,
        task,
        layout=layout,
        input_name=input_name,
        labels=(whole("label:class", classes),),
        about=f"ImageNet, {int(classes.max()) + 1:,} classes",
        facts={"labels": digest(f"{name} {number}" for name, number in entries)},
    )


def _listed(path: Path) -> Iterator[tuple[str, int]]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: can't be read: {error}", "give a text with a picture and its class a line") from error
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2 or not words[1].isascii() or not words[1].isdecimal() or len(words[1]) > MAX_DIGITS:
            raise DataError(
                f"{path}:{number}: `{line.strip()[:80]}` is no picture and its class",
                "write such as `ILSVRC2012_val_00000001.JPEG 65`",
            )
        yield words[0], int(words[1])


def _by_folder(folder: Path) -> Iterator[tuple[str, int]]:
    try:
        classes = [(path, sorted(path.iterdir())) for path in sorted(folder.iterdir()) if path.is_dir()]
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: can't be read: {error.strerror}", "give the folder of the pictures"
        ) from error
    for number, (path, pictures) in enumerate(classes):
        for picture in pictures:
            if picture.suffix.lower() in SUFFIXES:
                yield f"{path.name}/{picture.name}", number
