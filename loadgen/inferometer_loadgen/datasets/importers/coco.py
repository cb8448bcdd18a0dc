"""COCO's pictures with what is in them, in the order of the instances file.

As MLPerf's reference reads them (MLCommons inference, v0.5/classification_and_detection/python/coco.py), but that a
missing picture is an error: it would change the score unseen.
"""

from pathlib import Path

import msgspec

from inferometer_loadgen.datasets.importers.picture_import import Picture, picture_import
from inferometer_loadgen.datasets.importers.plan import Import, digest, texts
from inferometer_loadgen.datasets.importers.tasks import Layout, PictureTask
from inferometer_loadgen.datasets.library import DataError


class _Image(msgspec.Struct, frozen=True):
    id: int
    file_name: str
    height: int
    width: int


class _Annotation(msgspec.Struct, frozen=True):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int = 0


class _Category(msgspec.Struct, frozen=True):
    id: int


class _Instances(msgspec.Struct, frozen=True):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def coco(
    folder: Path, annotations: Path, task: PictureTask, *, layout: Layout, input_name: str, limit: int | None
) -> Import:
    """What an import of the folder of pictures and the instances file writes. Raises DataError."""
    instances = _instances(annotations)
    images = instances.images[:limit]
    if not images:
        raise DataError(
            f"{annotations}: names no picture", "give COCO's instances file, such as instances_val2017.json"
        )
    described = _described(images, instances, annotations)
    return picture_import(
        [Picture(folder / image.file_name) for image in images],
        task,
        layout=layout,
        input_name=input_name,
        labels=texts("label:annotations", described),
        about=f"COCO, {len(instances.categories):,} categories",
        facts={"labels": digest(text.decode() for text in described), "names": digest(i.file_name for i in images)},
    )


def _instances(path: Path) -> _Instances:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Instances)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise DataError(
            f"{path}: can't be read: {error}", "give COCO's instances file, such as instances_val2017.json"
        ) from error


def _described(images: list[_Image], instances: _Instances, path: Path) -> list[bytes]:
    """Each image's `label:annotations`, as scorer coco-map reads it."""
    numbers = {category.id: number for number, category in enumerate(instances.categories, 1)}
    found: dict[int, list[dict[str, object]]] = {image.id: [] for image in images}
    if len(found) != len(images):
        raise DataError(f"{path}: two of its images have one id", "give each image an id of its own")
    for annotation in instances.annotations:
        if annotation.image_id not in found:
            continue
        if annotation.category_id not in numbers:
            raise DataError(
                f"{path}: an annotation of image {annotation.image_id} has category {annotation.category_id}, which is "
                "none of its categories",
                "add it to the file's categories",
            )
        found[annotation.image_id].append(
            {
                "category_id": annotation.category_id,
                "category_number": numbers[annotation.category_id],
                "bbox": annotation.bbox,
                "area": annotation.area,
                "iscrowd": annotation.iscrowd,
            }
        )
    return [
        msgspec.json.encode(
            {"id": image.id, "height": image.height, "width": image.width, "annotations": found[image.id]}
        )
        for image in images
    ]
