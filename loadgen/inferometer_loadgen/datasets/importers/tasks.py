"""How MLPerf v0.5's reference prepares the pictures of each task.

Source: MLCommons inference, v0.5/classification_and_detection/python: main.py (SUPPORTED_DATASETS, SUPPORTED_PROFILES)
and dataset.py. Its functions are named below. The later form of dataset.py is followed for COCO, which resizes pictures
for ssd-mobilenet as well (maybe_resize).
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.importers.resize import Pixels, resize, resize_to_floats

type Prepared = NDArray[np.float32] | NDArray[np.uint8]
Layout = Literal["NHWC", "NCHW"]

_CROPPED = 0.875
"""Of the shorter side: what is left of a picture of ImageNet."""
_MEANS = np.array([123.68, 116.78, 103.94], np.float32)
_SHARE_MEANS = np.array([0.485, 0.456, 0.406], np.float32)
_SHARE_DEVIATIONS = np.array([0.229, 0.224, 0.225], np.float32)


@dataclass(frozen=True, slots=True)
class PictureTask:
    """What a model of a task takes."""

    name: str
    data_set: Literal["imagenet", "coco"]
    side: int
    """Of the square that it takes, in pixels."""
    dtype: np.dtype[np.generic]
    layout: Layout
    """The reference's, unless another is asked for."""
    input: str
    """Of the reference's model."""
    prepare: Callable[[Pixels, int], Prepared]
    """From a picture and the side to what the model takes, colours last."""

    def shape(self, layout: Layout) -> tuple[int, int, int]:
        """One sample's."""
        return (self.side, self.side, 3) if layout == "NHWC" else (3, self.side, self.side)

    def sample(self, picture: Pixels, layout: Layout) -> Prepared:
        """What is sent of a picture."""
        prepared: Any = self.prepare(picture, self.side)
        found: Prepared = prepared if layout == "NHWC" else np.ascontiguousarray(prepared.transpose(2, 0, 1))
        return found


def _resnet50(picture: Pixels, side: int) -> Prepared:
    """pre_process_vgg: the shorter side to 256 by INTER_AREA, the middle, less the mean of each colour."""
    return _middle(picture, side, "area").astype(np.float32) - _MEANS


def _mobilenet(picture: Pixels, side: int) -> Prepared:
    """pre_process_mobilenet: the shorter side to 256 by INTER_LINEAR, the middle, from -1 to 1."""
    prepared = _middle(picture, side, "linear").astype(np.float32)
    prepared /= np.float32(255)
    prepared -= np.float32(0.5)
    prepared *= np.float32(2)
    return prepared


def _ssd_mobilenet(picture: Pixels, side: int) -> Prepared:
    """pre_process_coco_mobilenet: to the square by INTER_LINEAR in floats, cut to whole levels."""
    return resize_to_floats(picture, side, side).astype(np.uint8)


def _ssd_resnet34(picture: Pixels, side: int) -> Prepared:
    """pre_process_coco_resnet34: to the square by INTER_LINEAR in floats, by mean and deviation of each colour."""
    prepared = resize_to_floats(picture, side, side) / np.float32(255)
    prepared -= _SHARE_MEANS
    prepared /= _SHARE_DEVIATIONS
    return prepared


def _middle(picture: Pixels, side: int, how: Literal["area", "linear"]) -> Pixels:
    """resize_with_aspectratio and center_crop, whose divisions cut off."""
    rows, columns = picture.shape[:2]
    shorter = int(side / _CROPPED)
    if rows > columns:
        width, height = shorter, int(shorter * rows / columns)
    else:
        width, height = int(shorter * columns / rows), shorter
    resized = resize(picture, width, height, how)
    left, top = int((width - side) / 2), int((height - side) / 2)
    return resized[top : top + side, left : left + side]


_FLOATS, _LEVELS = np.dtype(np.float32), np.dtype(np.uint8)

TASKS = MappingProxyType(
    {
        task.name: task
        for task in (
            PictureTask("resnet50", "imagenet", 224, _FLOATS, "NHWC", "input_tensor:0", _resnet50),
            PictureTask("mobilenet", "imagenet", 224, _FLOATS, "NHWC", "input:0", _mobilenet),
            PictureTask("ssd-mobilenet", "coco", 300, _LEVELS, "NHWC", "image_tensor:0", _ssd_mobilenet),
            PictureTask("ssd-resnet34", "coco", 1200, _FLOATS, "NCHW", "image", _ssd_resnet34),
        )
    }
)
