"""Pictures of a list, each prepared for a task when it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

from inferometer_loadgen.datasets.importers.pictures import read_picture
from inferometer_loadgen.datasets.importers.plan import Import, Member, Part, fingerprint
from inferometer_loadgen.datasets.importers.tasks import Layout, PictureTask
from inferometer_loadgen.datasets.library import DataError


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of the user's."""

    path: Path

    def size_bytes(self) -> int:
        """Raises DataError where it is not there."""
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise DataError(
                f"{self.path}: {error.strerror}", "complete the data set, or leave the picture out of its list"
            ) from error


def picture_import(
    pictures: Sequence[Picture],
    task: PictureTask,
    *,
    layout: Layout,
    input_name: str,
    labels: tuple[Member, ...],
    about: str,
    facts: dict[str, Any],
) -> Import:
    """The library of these pictures; `facts` is what the labels follow from. Raises DataError where one is missing."""
    shape = task.shape(layout)
    size_bytes = prod(shape) * task.dtype.itemsize
    sizes = [picture.size_bytes() for picture in pictures]

    def prepared(picture: Picture) -> bytes:
        return task.sample(read_picture(picture.path), layout).tobytes()

    def parts() -> Iterator[Part]:
        for picture in pictures:
            yield Part(size_bytes, 1, partial(prepared, picture))

    return Import(
        samples=len(pictures),
        members=(*labels, Member(input_name, task.dtype, (len(pictures), *shape), parts)),
        about=f"{about}, for {task.name}",
        fingerprint=fingerprint(task=task.name, layout=layout, input=input_name, sizes=sizes, **facts),
    )
