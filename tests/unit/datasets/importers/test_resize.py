"""Pictures are read and resized as OpenCV does it, to one of 255 levels.

opencv.npz holds what opencv-python-headless 5.0.0 made of the same sources: cv2.resize with INTER_AREA and
INTER_LINEAR, of uint8 and of float32, and cv2.imdecode.
"""

from pathlib import Path

import numpy as np
import pytest

from inferometer_loadgen.datasets.importers.pictures import read_picture
from inferometer_loadgen.datasets.importers.resize import resize, resize_to_floats
from inferometer_loadgen.datasets.library import DataError

CASES = {
    "smaller by no whole number": 0,
    "half as large": 1,
    "larger": 2,
    "larger one way, and a little the other": 3,
    "another shape": 4,
    "larger by little, where edges meet": 5,
}


@pytest.fixture(scope="module")
def opencv():
    with np.load(Path(__file__).with_name("opencv.npz")) as file:
        return dict(file)


def apart(ours, theirs):
    assert ours.shape == theirs.shape
    return int(np.abs(ours.astype(int) - theirs.astype(int)).max())


@pytest.mark.parametrize("how", ["area", "linear"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_resized_picture_is_opencvs_to_one_level(opencv, case, how):
    theirs = opencv[f"{case}:{how}"]

    ours = resize(opencv[f"{case}:source"], theirs.shape[1], theirs.shape[0], how)

    assert ours.dtype == np.uint8
    assert apart(ours, theirs) <= 1


@pytest.mark.parametrize("case", [0, 4])
def test_floats_are_opencvs_to_their_last_bits(opencv, case):
    theirs = opencv[f"{case}:floats"]

    ours = resize_to_floats(opencv[f"{case}:source"], theirs.shape[1], theirs.shape[0])

    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-4


def test_an_average_is_of_what_a_pixel_covers_rounded_once():
    """Three pixels to two: the first covers one and a half of them."""
    image = np.array([[[0, 30, 255], [90, 60, 255], [255, 90, 255]]], np.uint8)

    assert resize(image, 2, 1, "area").tolist() == [[[30, 40, 255], [200, 80, 255]]]


@pytest.mark.parametrize(("kind", "levels"), [("colour", 0), ("grey", 0), ("turned", 0), ("cmyk", 1)])
def test_a_picture_is_what_opencv_reads(opencv, tmp_path, kind, levels):
    path = tmp_path / "picture.jpg"
    path.write_bytes(opencv[f"{kind}:file"].tobytes())

    assert apart(read_picture(path), opencv[f"{kind}:pixels"]) <= levels


@pytest.mark.parametrize("kept", [0, 10, 400])
def test_a_broken_picture_is_named(opencv, tmp_path, kept):
    path = tmp_path / "broken.jpg"
    path.write_bytes(opencv["colour:file"].tobytes()[:kept])

    with pytest.raises(DataError) as raised:
        read_picture(path)
    assert str(raised.value).startswith(f"{path}: is no picture that can be read")
