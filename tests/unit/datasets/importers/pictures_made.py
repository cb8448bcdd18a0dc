"""Data sets of a few made pictures, laid out as the real ones are."""

import json

import numpy as np
from PIL import Image

SIZES = ((60, 80), (90, 50), (64, 64), (30, 40), (301, 299))
"""Heights and widths."""


def picture(path, index=0, mode="RGB", size=None):
    height, width = size or SIZES[index % len(SIZES)]
    draw = np.random.default_rng(index)
    coarse = draw.integers(0, 256, (height // 10 + 2, width // 10 + 2, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).convert(mode).save(path, "JPEG")


def a_picture(number):
    """The name of one of ImageNet's, from 1."""
    return f"ILSVRC2012_val_{number:08}.JPEG"


def an_imagenet(folder, pictures=5):
    """Pictures with val_map.txt: colours, grey and CMYK by turns."""
    names = [a_picture(number) for number in range(1, pictures + 1)]
    for index, name in enumerate(names):
        picture(folder / name, index, ("RGB", "L", "CMYK")[index % 3])
    folder.joinpath("val_map.txt").write_text("".join(f"{name} {65 * i}\n" for i, name in enumerate(names)))
    return folder


def a_coco(folder, pictures=4):
    """val2017 and annotations/instances_val2017.json, whose categories' ids have gaps."""
    images, annotations = [], []
    for index in range(pictures):
        height, width = SIZES[index]
        name = f"{139 + index:012}.jpg"
        picture(folder / "val2017" / name, index)
        images.append({"id": 139 + index, "file_name": name, "height": height, "width": width, "license": 3})
        annotations += [
            {
                "id": 100 * index + number,
                "image_id": 139 + index,
                "category_id": (1, 18, 90)[number % 3],
                "bbox": [1.5 * number, 2, 20, 25.25],
                "area": 301.5,
                "iscrowd": 0,
                "segmentation": [[1, 2, 3, 4, 5, 6]],
            }
            for number in range(index)
        ]
    instances = folder / "annotations" / "instances_val2017.json"
    instances.parent.mkdir()
    categories = [{"id": identity, "name": f"c{identity}"} for identity in (1, 18, 90)]
    instances.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return folder
