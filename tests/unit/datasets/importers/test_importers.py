"""What an import makes of made data, read by the same code that a run reads it by."""

import hashlib
import json
import zipfile

import numpy as np
import pytest

from inferometer_loadgen.datasets.importers.coco import coco
from inferometer_loadgen.datasets.importers.imagenet import imagenet
from inferometer_loadgen.datasets.importers.parallel_text import parallel_text
from inferometer_loadgen.datasets.importers.pictures import read_picture
from inferometer_loadgen.datasets.importers.stream_npz import fingerprint_of, write
from inferometer_loadgen.datasets.importers.tasks import TASKS
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.npz import npz_facts, npz_labels, npz_library
from unit.datasets.importers.pictures_made import a_coco, an_imagenet, picture


def of_imagenet(folder, task="resnet50", layout=None, limit=None, **given):
    asked = TASKS[task]
    return imagenet(folder, asked, layout=layout or asked.layout, input_name=asked.input, limit=limit, **given)


def of_coco(folder, task="ssd-mobilenet", limit=None):
    asked = TASKS[task]
    instances = folder / "annotations" / "instances_val2017.json"
    return coco(folder / "val2017", instances, asked, layout=asked.layout, input_name=asked.input, limit=limit)


def made(path, planned, workers=2):
    counted: list[int] = []
    write(path, planned, counted.append, workers)
    assert sum(counted) == planned.samples
    return path.read_bytes()


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("task", ["resnet50", "mobilenet"])
def test_imagenet_is_prepared_in_the_lists_order_with_its_classes(tmp_path, task, layout):
    folder = an_imagenet(tmp_path / "imagenet")

    data = made(tmp_path / "out.npz", of_imagenet(folder, task, layout))

    library, labels = npz_library(data), npz_labels(data)
    assert (library.total, labels["class"].tolist()) == (5, [0, 65, 130, 195, 260])
    for index in range(5):
        sample = library.sample(index)[TASKS[task].input]
        pixels = read_picture(folder / f"ILSVRC2012_val_{index + 1:08}.JPEG")
        assert sample.dtype == np.float32
        assert sample.shape == ((224, 224, 3) if layout == "NHWC" else (3, 224, 224))
        assert np.array_equal(sample, TASKS[task].sample(pixels, layout))
    whole = np.stack([library.sample(index)[TASKS[task].input] for index in range(5)]).astype(np.float64)
    low, high = (-124, 152) if task == "resnet50" else (-1, 1)
    assert low < float(whole.min()) + 1e-3
    assert float(whole.max()) <= high
    assert float(whole.std()) > 0.1


def test_of_one_colour_the_reference_leaves_what_its_formulas_say(tmp_path):
    """The means of each formula, by hand, of a picture whose every level is known."""
    grey = np.full((300, 400, 3), (200, 100, 50), np.uint8)

    assert TASKS["resnet50"].sample(grey, "NHWC")[7, 9].tolist() == pytest.approx([76.32, -16.78, -53.94], abs=1e-4)
    assert TASKS["mobilenet"].sample(grey, "NHWC")[7, 9].tolist() == pytest.approx(
        [200 / 127.5 - 1, 100 / 127.5 - 1, 50 / 127.5 - 1], abs=1e-6
    )
    assert TASKS["ssd-mobilenet"].sample(grey, "NHWC")[7, 9].tolist() == [200, 100, 50]
    assert TASKS["ssd-resnet34"].sample(grey, "NCHW")[:, 7, 9].tolist() == pytest.approx(
        [(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225], abs=1e-5
    )


def test_the_middle_is_cut_out_of_a_picture_whose_shorter_side_is_256():
    """A line in the middle stays in the middle; what lies beyond the square is gone."""
    wide = np.zeros((256, 512, 3), np.uint8)
    wide[:, 255:257] = 255
    wide[:, :140] = 90

    cut = TASKS["resnet50"].sample(wide, "NHWC") + np.array([123.68, 116.78, 103.94], np.float32)

    assert np.abs(cut[:, 111:113] - 255).max() < 1e-3
    assert np.abs(cut[:, :111]).max() < 1e-3


def test_a_folder_for_each_class_is_counted_in_the_order_of_names(tmp_path):
    for name in ("n02", "n01"):
        for index in range(2):
            picture(tmp_path / "byclass" / name / f"{index}.jpg", index)

    data = made(tmp_path / "out.npz", of_imagenet(tmp_path / "byclass"))

    assert npz_labels(data)["class"].tolist() == [0, 0, 1, 1]


def test_coco_keeps_each_picture_with_its_objects_sizes_and_numbers(tmp_path):
    data = made(tmp_path / "out.npz", of_coco(a_coco(tmp_path / "coco")))

    library = npz_library(data)
    images = [json.loads(text) for text in npz_labels(data)["annotations"]]
    assert library.sample(3)["image_tensor:0"].shape == (300, 300, 3)
    assert library.sample(3)["image_tensor:0"].dtype == np.uint8
    assert [(image["id"], image["height"], image["width"]) for image in images] == [
        (139, 60, 80),
        (140, 90, 50),
        (141, 64, 64),
        (142, 30, 40),
    ]
    assert [len(image["annotations"]) for image in images] == [0, 1, 2, 3]
    assert images[3]["annotations"][2] == {
        "category_id": 90,
        "category_number": 3,
        "bbox": [3.0, 2.0, 20.0, 25.25],
        "area": 301.5,
        "iscrowd": 0,
    }


def test_ssd_resnet34_is_colours_first(tmp_path):
    data = made(tmp_path / "out.npz", of_coco(a_coco(tmp_path / "coco"), "ssd-resnet34", limit=1))

    sample = npz_library(data).sample(0)["image"]
    assert sample.shape == (3, 1200, 1200)
    assert sample.dtype == np.float32


def test_text_is_taken_line_by_line_and_gnmts_references_are_joined_again(tmp_path):
    source, reference = tmp_path / "a.en", tmp_path / "a.de"
    source.write_bytes("Gut@@ ach is a village .\r\n\nlast line, no end 😀".encode())
    reference.write_bytes(b"Gut@@ ach ist ein Dor@@ f .\nleer\nen@@")

    plain = made(tmp_path / "p.npz", parallel_text(source, reference, input_name="text", limit=None, is_cut=False))
    cut = made(tmp_path / "c.npz", parallel_text(source, reference, input_name="src", limit=2, is_cut=True))

    library = npz_library(plain)
    assert [library.sample(index)["text"][0].decode() for index in range(3)] == [
        "Gut@@ ach is a village .",
        "",
        "last line, no end 😀",
    ]
    assert npz_labels(plain)["text"].tolist() == [b"Gut@@ ach ist ein Dor@@ f .", b"leer", b"en@@"]
    assert npz_labels(cut)["text"].tolist() == [b"Gutach ist ein Dorf .", b"leer"]
    assert npz_facts(cut).samples == 2
    assert npz_library(cut).sample(0)["src"][0] == b"Gut@@ ach is a village ."


def plans(tmp_path):
    lines = tmp_path / "lines"
    lines.write_text("".join(f"sentence number {number}\n" for number in range(10_000)))
    return {
        "imagenet": of_imagenet(an_imagenet(tmp_path / "imagenet")),
        "coco": of_coco(a_coco(tmp_path / "coco")),
        "text": parallel_text(lines, lines, input_name="text", limit=None, is_cut=False),
    }


def test_a_word_that_was_put_right_makes_another_library_though_all_lengths_are_the_same(tmp_path):
    lines = [f"sentence number {number}" for number in range(10_000)]
    before = texts(tmp_path, "\n".join(lines).encode(), "\n".join(lines).encode())
    lines[9_000] = lines[9_000].replace("sentence", "sequence")

    after = texts(tmp_path, "\n".join(lines).encode(), (tmp_path / "b").read_bytes())

    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize("kind", ["imagenet", "coco", "text"])
def test_equal_input_makes_equal_bytes_for_any_number_of_threads(tmp_path, kind):
    planned = plans(tmp_path)[kind]

    first, second = made(tmp_path / "a.npz", planned, 1), made(tmp_path / "b.npz", planned, 4)

    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()


@pytest.mark.parametrize("kind", ["imagenet", "coco", "text"])
def test_what_was_cut_off_anywhere_goes_on_to_the_same_bytes(tmp_path, kind):
    planned = plans(tmp_path)[kind]
    path, part, told = tmp_path / "a.npz", tmp_path / "b.npz.part", tmp_path / "b.npz.part.of"
    whole = made(path, planned)
    draw = np.random.default_rng(1)
    for length in (0, 1, 40, len(whole) // 2, len(whole) - 1, len(whole), *draw.integers(0, len(whole), 5).tolist()):
        part.write_bytes(whole[:length])
        told.write_text(planned.fingerprint)

        assert made(tmp_path / "b.npz", planned) == whole

    assert not part.exists()
    assert not told.exists()


def test_what_is_there_is_not_made_again(tmp_path):
    folder = an_imagenet(tmp_path / "imagenet")
    planned = of_imagenet(folder)
    whole = made(tmp_path / "a.npz", planned)
    (tmp_path / "b.npz.part").write_bytes(whole[: len(whole) * 4 // 5])
    (tmp_path / "b.npz.part.of").write_text(planned.fingerprint)
    first = folder / "ILSVRC2012_val_00000001.JPEG"
    first.write_bytes(b"\0" * first.stat().st_size)

    assert made(tmp_path / "b.npz", planned) == whole


def test_what_stands_behind_the_end_is_cut_off(tmp_path):
    planned = of_imagenet(an_imagenet(tmp_path / "imagenet"))
    whole = made(tmp_path / "a.npz", planned)
    (tmp_path / "b.npz.part").write_bytes(whole + b"garbage")
    (tmp_path / "b.npz.part.of").write_text(planned.fingerprint)

    assert made(tmp_path / "b.npz", planned) == whole


def test_a_part_of_another_import_is_begun_anew(tmp_path):
    planned = of_imagenet(an_imagenet(tmp_path / "imagenet"))
    whole = made(tmp_path / "a.npz", planned)
    (tmp_path / "b.npz.part").write_bytes(b"x" * 1000)
    (tmp_path / "b.npz.part.of").write_text("another")

    assert made(tmp_path / "b.npz", planned) == whole


def test_a_library_is_an_ordinary_npz_that_says_what_it_was_made_of(tmp_path):
    planned = of_imagenet(an_imagenet(tmp_path / "imagenet"))
    made(tmp_path / "a.npz", planned)

    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert archive.testzip() is None
    with np.load(tmp_path / "a.npz") as file:
        assert file["input_tensor:0"].shape == (5, 224, 224, 3)
    assert fingerprint_of(tmp_path / "a.npz") == planned.fingerprint
    assert fingerprint_of(tmp_path / "imagenet" / "val_map.txt") == ""


def test_a_broken_picture_stops_the_import_with_its_name_and_a_whole_one_lets_it_go_on(tmp_path):
    folder = an_imagenet(tmp_path / "imagenet")
    whole = made(tmp_path / "a.npz", of_imagenet(folder))
    broken = folder / "ILSVRC2012_val_00000004.JPEG"
    good = broken.read_bytes()
    broken.write_bytes(b"\0" * len(good))

    with pytest.raises(DataError, match=r"ILSVRC2012_val_00000004\.JPEG: is no picture that can be read"):
        made(tmp_path / "b.npz", of_imagenet(folder))
    broken.write_bytes(good)

    assert made(tmp_path / "b.npz", of_imagenet(folder)) == whole


def without_a_picture(tmp_path):
    folder = an_imagenet(tmp_path / "imagenet")
    (folder / "ILSVRC2012_val_00000002.JPEG").unlink()
    return of_imagenet(folder)


def with_a_class_beyond_measure(tmp_path):
    folder = an_imagenet(tmp_path / "imagenet")
    (folder / "val_map.txt").write_text("a.jpg 99999999999999999999\n")
    return of_imagenet(folder)


def with_a_bad_list(tmp_path):
    folder = an_imagenet(tmp_path / "imagenet")
    (folder / "val_map.txt").write_text("ILSVRC2012_val_00000001.JPEG cat\n")
    return of_imagenet(folder)


def with_an_unknown_category(tmp_path):
    folder = a_coco(tmp_path / "coco")
    path = folder / "annotations" / "instances_val2017.json"
    path.write_text(path.read_text().replace('"category_id": 18', '"category_id": 19'))
    return of_coco(folder)


def texts(tmp_path, source, reference):
    (tmp_path / "a").write_bytes(source)
    (tmp_path / "b").write_bytes(reference)
    return parallel_text(tmp_path / "a", tmp_path / "b", input_name="text", limit=None, is_cut=False)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        pytest.param(without_a_picture, "ILSVRC2012_val_00000002.JPEG: No such file", id="a missing picture"),
        pytest.param(
            with_a_class_beyond_measure, "val_map.txt:1: `a.jpg 99999999999999999999` is no", id="a huge class"
        ),
        pytest.param(with_a_bad_list, "val_map.txt:1: `ILSVRC2012_val_00000001.JPEG cat` is no", id="no class"),
        pytest.param(lambda tmp_path: of_imagenet(tmp_path / "none"), "none: can't be read", id="no folder"),
        pytest.param(lambda tmp_path: of_imagenet(tmp_path), "holds no picture", id="an empty folder"),
        pytest.param(
            lambda tmp_path: of_imagenet(tmp_path, labels=tmp_path / "list"), "list: can't be read", id="no list"
        ),
        pytest.param(with_an_unknown_category, "image 141 has category 19", id="a category that is none"),
        pytest.param(lambda tmp_path: of_coco(tmp_path), "instances_val2017.json: can't be read", id="no annotations"),
        pytest.param(lambda tmp_path: texts(tmp_path, b"a\nb\n", b"a\n"), "a has 2 lines, and ", id="unequal texts"),
        pytest.param(
            lambda tmp_path: texts(tmp_path, b"a\n\xff\n", b"a\nb\n"), "a:2: is no UTF-8 at byte 0", id="latin"
        ),
        pytest.param(lambda tmp_path: texts(tmp_path, b"", b""), "a: has no line", id="empty texts"),
    ],
)
def test_what_cannot_be_imported_is_named_before_anything_is_written(tmp_path, plan, words):
    with pytest.raises(DataError) as raised:
        plan(tmp_path)

    assert words in str(raised.value)
    assert "hint: " in str(raised.value)
