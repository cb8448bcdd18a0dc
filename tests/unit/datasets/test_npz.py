import contextlib
import hashlib
import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import KSERVE_TYPES
from inferometer_loadgen.datasets.npz import npz_facts, npz_labels, npz_library


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


ORDINARY = npz(image=np.zeros((4, 3), np.float32), length=np.arange(4, dtype=np.int64))


def test_facts_are_the_number_of_samples_and_the_digest_of_the_bytes():
    facts = npz_facts(ORDINARY)

    assert (facts.samples, facts.sha256) == (4, hashlib.sha256(ORDINARY).hexdigest())


@given(
    array=hnp.arrays(
        dtype=st.sampled_from(sorted(KSERVE_TYPES, key=str)), shape=hnp.array_shapes(max_dims=4, max_side=5)
    ),
    order=st.sampled_from("<>"),
    compressed=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_every_sample_is_its_row_in_little_endian_bytes_however_the_file_was_saved(array, order, compressed):
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, x=array.astype(array.dtype.newbyteorder(order)))
    library = npz_library(file.getvalue())

    assert library.total == array.shape[0]
    for index in range(library.total):
        sample = library.sample(index)["x"]
        assert isinstance(sample, np.ndarray)
        assert (sample.shape, sample.dtype) == (array.shape[1:], array.dtype)
        assert sample.tobytes() == np.ascontiguousarray(array[index]).tobytes()


@given(damage=st.lists(st.tuples(st.integers(0, len(ORDINARY) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(deadline=None, max_examples=200)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(damage):
    data = bytearray(ORDINARY)
    for position, value in damage:
        data[position] = value
    for read in (npz_facts, npz_library):
        with contextlib.suppress(DataError):
            read(bytes(data))


@given(header=st.text(alphabet="{}()[]',:\"\\ <>i4fOTrue01239-L", max_size=60))
@settings(deadline=None, max_examples=200)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::SyntaxWarning")
def test_an_array_header_of_nonsense_is_refused(header):
    text = header.encode("latin1") + b"\n"
    data = zipped(**{"x.npy": b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text})
    with pytest.raises(DataError):
        npz_facts(data)


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("the file's code was run",))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "is no npz file that can be read", id="nothing"),
        pytest.param(npy(np.zeros((2, 2))), "is no npz file that can be read", id="a single npy"),
        pytest.param(zipped(), "holds no array", id="an empty archive"),
        pytest.param(zipped(**{"README.txt": b"hello"}), "is no npz file that can be read", id="another archive"),
        pytest.param(
            npz(a=np.zeros((4, 2)), b=np.zeros((5, 2))),
            "differ in their number of samples: `a` has 4, `b` has 5",
            id="first dimensions that differ",
        ),
        pytest.param(npz(a=np.zeros((0, 2))), r"array `a` of the npz file has shape \[0, 2\]", id="no sample"),
        pytest.param(npz(a=np.float32(1)), r"array `a` of the npz file has shape \[\]", id="a single number"),
        pytest.param(npz(a=np.array([1j])), "array `a` of the npz file has dtype complex128", id="complex numbers"),
        pytest.param(npz(a=np.array([Trap()])), "array `a` of the npz file has dtype object", id="pickled objects"),
        pytest.param(
            zipped(**{"a.npy": npy(np.zeros(8))[:-8]}),
            "`a.npy` has 184 bytes, its header speaks of 192",
            id="cut short",
        ),
        pytest.param(
            zipped(**{"a.npy": npy(np.zeros(8)).replace(b"(8,), }   ", b"(-1,-8), }")}),
            r"`a.npy` has the shape \(-1, -8\)",
            id="lengths below zero whose product fits",
        ),
        pytest.param(
            zipped(**{"a.npy": npy(np.zeros(8, "S1")).replace(b"|S1", b"|S0")[:-8]}),
            "`a.npy` has the dtype .*, whose elements have no byte",
            id="elements of no byte",
        ),
        pytest.param(
            zipped(**{"a.npy": npy(np.zeros((8, 0))).replace(b"(8, 0), }             ", b"(8000000000000, 0), } ")}),
            "holds 8,000,000,000,000 samples, and at most 50,000,000 are read",
            id="more samples than a run has queries",
        ),
        pytest.param(
            npz(**{"a:offsets": np.array([0, 1])}),
            "is the offsets of an array `a`, which is missing",
            id="lone offsets",
        ),
        pytest.param(
            npz(**{"a": np.zeros(3), "a:offsets": np.array([0.0, 3])}),
            "is to be offsets",
            id="offsets that are no numbers",
        ),
        pytest.param(
            npz(**{"a": np.zeros((3, 2)), "a:offsets": np.array([0, 3])}),
            "offsets are into one dimension",
            id="two of it",
        ),
        pytest.param(
            npz(**{"a": np.array(["ab"]), "a:offsets": np.array([0, 1])}),
            "offsets, which count bytes",
            id="wide offsets",
        ),
        pytest.param(zipped(**{"a.npy": npy(np.zeros(2)), "a": npy(np.zeros(2))}), "two arrays", id="a name twice"),
        pytest.param(npz(**{f"a{i}": np.zeros(1) for i in range(65)}), "holds 65 arrays", id="too many arrays"),
    ],
)
@pytest.mark.parametrize("read", [npz_facts, npz_library])
def test_what_is_no_sample_library_is_refused_in_words(read, data, message):
    with pytest.raises(DataError, match=message):
        read(data)


def test_facts_of_a_file_that_unpacks_to_much_are_read_without_unpacking(monkeypatch):
    file = io.BytesIO()
    np.savez_compressed(file, x=np.zeros((1000, 1000), np.float32))
    monkeypatch.setattr(np, "load", lambda *_args, **_kwargs: pytest.fail("unpacked"))

    assert npz_facts(file.getvalue()).samples == 1000


def test_samples_cannot_be_changed_by_their_reader():
    with pytest.raises(ValueError, match="read-only"):
        npz_library(ORDINARY).sample(0)["image"][0] = 1


@pytest.mark.parametrize("index", [-1, 4])
def test_an_index_outside_of_the_library_is_refused(index):
    with pytest.raises(IndexError, match=f"sample {index} is not one of 4 samples"):
        npz_library(ORDINARY).sample(index)


LABELLED = npz(
    image=np.zeros((2, 3), np.float32), **{"label:class": np.array([7, 9]), "label:text": np.array(["a", "b"])}
)


def test_labels_are_beside_the_samples_and_never_in_them():
    assert set(npz_library(LABELLED).sample(1)) == {"image"}
    assert npz_facts(LABELLED).samples == 2
    labels = npz_labels(LABELLED)
    assert {name: array.tolist() for name, array in labels.items()} == {"class": [7, 9], "text": ["a", "b"]}


def test_labels_of_another_number_of_samples_are_refused():
    with pytest.raises(DataError, match="`label:class` has 3"):
        npz_facts(npz(image=np.zeros((2, 3)), **{"label:class": np.zeros(3)}))


def test_labels_alone_are_no_samples():
    with pytest.raises(DataError, match="no array but labels"):
        npz_facts(npz(**{"label:class": np.zeros(3)}))


TEXTS = ["Grün ist die Heide", "", "a\0b\0", "😀" * 5, "x"]


def laid_out(name, texts):
    parts = [text.encode() for text in texts]
    whole = np.frombuffer(b"".join(parts), dtype="S1")
    return {name: whole, f"{name}:offsets": np.cumsum([0, *map(len, parts)])}


def test_texts_of_any_length_are_laid_out_with_offsets_and_keep_every_byte():
    data = npz(**laid_out("text", TEXTS), **laid_out("label:text", reversed(TEXTS)))

    library, labels = npz_library(data), npz_labels(data)

    assert npz_facts(data).samples == library.total == len(TEXTS)
    for index, text in enumerate(TEXTS):
        (found,) = library.sample(index)["text"]
        assert found == text.encode()
    assert labels.keys() == {"text"}
    assert [label.decode() for label in labels["text"]] == TEXTS[::-1]


@pytest.mark.parametrize("kind", ["S", "U"])
def test_texts_of_fixed_width_are_bytes_in_the_samples_shape(kind):
    words = np.array([["eins", "zwölf"], ["a", ""]])
    array = words if kind == "U" else np.char.encode(words, "utf-8")

    sample = npz_library(npz(text=array)).sample(0)["text"]

    assert (sample.dtype, sample.shape) == (np.dtype(object), (2,))
    assert list(sample) == [b"eins", "zwölf".encode()]


def test_numbers_of_any_length_are_laid_out_the_same_way():
    tokens = {"ids": np.array([3, 1, 4, 1, 5], ">i4"), "ids:offsets": np.array([0, 2, 2, 5])}

    library = npz_library(npz(**tokens))

    assert [library.sample(index)["ids"].tolist() for index in range(library.total)] == [[3, 1], [], [4, 1, 5]]
    assert library.sample(0)["ids"].dtype == np.dtype("<i4")


@pytest.mark.parametrize("offsets", [[1, 5], [0, 4], [0, 6], [0, 3, 2, 5]])
def test_offsets_that_do_not_divide_their_array_are_refused(offsets):
    data = npz(**{"ids": np.arange(5), "ids:offsets": np.array(offsets)})

    with pytest.raises(DataError, match="does not divide the 5 elements of `ids`"):
        npz_library(data)


def test_wrong_offsets_of_labels_are_refused_too():
    data = npz(**{"x": np.zeros(2), "label:ids": np.arange(5), "label:ids:offsets": np.array([0, 9, 5])})

    with pytest.raises(DataError, match="does not divide"):
        npz_labels(data)
