"""Resizing as OpenCV does it, which MLPerf's reference uses and which none of Pillow's filters equals.

Pillow's BILINEAR widens with the scale where OpenCV's INTER_LINEAR never looks further than two pixels, and its BOX
counts a pixel wholly or not at all where INTER_AREA counts its share. Both are short to write. Whole numbers are
rounded once, at the end, so that every machine makes the same bytes; OpenCV rounds in between as well, and differs by
one of 255 levels at most (tests/unit/datasets/importers/test_resize.py).

What a source pixel weighs is OpenCV's documentation of cv::resize, "interpolation methods".
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

type Pixels = NDArray[np.uint8]
"""Height, width, colours."""

_ONE = 1 << 11
"""Of OpenCV's linear weights."""


def resize(image: Pixels, width: int, height: int, how: Literal["area", "linear"]) -> Pixels:
    """The image in another size; `area` averages what a new pixel covers, and mixes two where that is less than one."""
    rows, columns = image.shape[:2]
    if how == "area" and rows >= height and columns >= width:
        return _averaged(image, width, height)
    across = _taps(columns, width, covers=how == "area")
    down = _taps(rows, height, covers=how == "area")
    return _mixed(image, across, down)


def resize_to_floats(image: Pixels, width: int, height: int) -> NDArray[np.float32]:
    """Linear as above, without rounding: what OpenCV makes of an image of float32."""
    rows, columns = image.shape[:2]
    first, second, share = _shares(columns, width)
    upper, lower, depth = _shares(rows, height)
    across, down = share.astype(np.float32)[:, np.newaxis], depth.astype(np.float32)[:, np.newaxis, np.newaxis]
    source = image.astype(np.float32)
    mixed = source[:, first] * (1 - across) + source[:, second] * across
    floats: NDArray[np.float32] = (mixed[upper] * (1 - down) + mixed[lower] * down).astype(np.float32, copy=False)
    return floats


type _Taps = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""For each new pixel two old ones, and the second one's weight."""


def _shares(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """For each new pixel the two old ones around its centre, and the second one's share."""
    centre = (np.arange(new) + 0.5) * (old / new) - 0.5
    first = np.floor(centre).astype(np.int64)
    share: NDArray[np.float64] = (centre - first).astype(np.float64)
    share[(first < 0) | (first >= old - 1)] = 0
    first = first.clip(0, old - 1)
    return first, (first + 1).clip(max=old - 1), share


def _covering(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """INTER_AREA where pixels are made larger: a new one takes of the second old one what it covers of it.

    In the very operations of OpenCV: where edges meet, the last bit decides between all and nothing.
    """
    pixels, scale = np.arange(new), new / old
    first = np.floor(pixels * (1 / scale)).astype(np.int64)
    share = ((pixels + 1) - (first + 1) * scale).astype(np.float32).astype(np.float64)
    share = np.where(share <= 0, 0, share - np.floor(share))
    share[first >= old - 1] = 0
    first = first.clip(0, old - 1)
    return first, (first + 1).clip(max=old - 1), share


def _taps(old: int, new: int, *, covers: bool) -> _Taps:
    first, second, share = _covering(old, new) if covers else _shares(old, new)
    return first, second, np.rint(share * _ONE).astype(np.int64)


def _mixed(image: Pixels, across: _Taps, down: _Taps) -> Pixels:
    source = image.astype(np.int32)
    first, second, weight = across
    right = weight.astype(np.int32)[:, np.newaxis]
    mixed = source[:, first] * (_ONE - right) + source[:, second] * right
    upper, lower, depth = down
    below = depth.astype(np.int32)[:, np.newaxis, np.newaxis]
    # 255 * 2^22 is below 2^31.
    total = mixed[upper] * (_ONE - below) + mixed[lower] * below
    levels: Pixels = ((total + _ONE * _ONE // 2) // (_ONE * _ONE)).astype(np.uint8)
    return levels


def _averaged(image: Pixels, width: int, height: int) -> Pixels:
    rows, columns = image.shape[:2]
    total = _covered(_covered(image.astype(np.int64), height).transpose(1, 0, 2), width).transpose(1, 0, 2)
    pixels = rows * columns
    levels: Pixels = ((2 * total + pixels) // (2 * pixels)).astype(np.uint8)
    return levels


def _covered(values: NDArray[np.int64], new: int) -> NDArray[np.int64]:
    """Along the first axis: the sum of what each new pixel covers, times `new`.

    New pixel i covers the old ones from i * old / new on; the sum up to there is whole numbers once it is multiplied.
    """
    old = len(values)
    sums = np.concatenate([np.zeros((1, *values.shape[1:]), np.int64), np.cumsum(values, axis=0)])
    whole, rest = np.divmod(np.arange(new + 1) * old, new)
    partly = values[whole.clip(max=old - 1)] * rest[:, np.newaxis, np.newaxis]
    up_to = sums[whole] * new + partly
    covered: NDArray[np.int64] = np.diff(up_to, axis=0)
    return covered
