import hashlib

import ml_dtypes
import numpy as np
import pytest

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import NUMPY_TYPES, ModelMetadata, TensorSpec
from inferometer_loadgen.datasets.synthetic import Values, synthetic_library


def a_model(*inputs):
    return ModelMetadata(name="m", inputs=inputs)


IMAGE = TensorSpec("image", "FP32", (-1, 3, 8))
TOKENS = TensorSpec("tokens", "INT64", (-1, -1))


def fingerprint(library):
    digest = hashlib.sha256()
    for index in range(library.total):
        for name, array in library.sample(index).items():
            digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()


def test_samples_have_the_models_shapes_without_the_batch():
    library = synthetic_library(a_model(IMAGE, TOKENS), {"tokens": (5,)}, samples=3, seed=1)

    assert library.total == 3
    assert {name: (a.shape, a.dtype.name) for name, a in library.sample(2).items()} == {
        "image": ((3, 8), "float32"),
        "tokens": ((5,), "int64"),
    }


def test_samples_are_those_of_every_other_machine_and_release():
    library = synthetic_library(a_model(IMAGE, TOKENS), {"tokens": (5,)}, samples=4, seed=7)

    # A change of this digest changes what old plans send: it needs a new kind of data in the plan.
    assert fingerprint(library) == "16a39f5ad1c88a1a23dc7cb71cdd1fb24b8068a2b27eb4913639a846561c8860"


def test_a_sample_does_not_depend_on_which_others_were_asked_before_or_on_the_order_of_inputs():
    one = synthetic_library(a_model(IMAGE, TOKENS), {"tokens": (5,)}, samples=9, seed=1)
    other = synthetic_library(a_model(TOKENS, IMAGE), {"tokens": (5,)}, samples=9, seed=1)
    one.sample(0)

    for name, array in one.sample(8).items():
        np.testing.assert_array_equal(array, other.sample(8)[name])


def test_another_seed_and_another_index_give_other_samples():
    library = synthetic_library(a_model(IMAGE), {}, samples=2, seed=1)
    other = synthetic_library(a_model(IMAGE), {}, samples=2, seed=2)

    assert fingerprint(library) != fingerprint(other)
    assert not np.array_equal(library.sample(0)["image"], library.sample(1)["image"])


@pytest.mark.parametrize("datatype", sorted(NUMPY_TYPES))
def test_values_keep_to_their_range(datatype):
    array = synthetic_library(a_model(TensorSpec("x", datatype, (-1, 20_000))), {}, samples=1, seed=3).sample(0)["x"]

    assert array.dtype == NUMPY_TYPES[datatype]
    values = array.astype(np.float64)
    assert values.min() >= 0
    assert values.max() < (1 if datatype.startswith("FP") else 2 if datatype == "BOOL" else 128)
    assert values.std() > 0


@pytest.mark.parametrize(
    ("inputs", "fixed", "message"),
    [
        pytest.param(
            (TOKENS,),
            {},
            r"spec.model.inputs.tokens.shape: the model leaves a dimension of `tokens` open \(\[-1, -1\]\).*"
            r"hint: .*spec.model.inputs.tokens.shape: \[1\]",
            id="an open dimension that is not fixed",
        ),
        pytest.param(
            (IMAGE,),
            {"image": (3, 9)},
            r"spec.model.inputs.image.shape: \[3, 9\] does not fit what the model declares, \[-1, 3, 8\]",
            id="a length that the model does not take",
        ),
        pytest.param((IMAGE,), {"image": (8,)}, r"\[8\] does not fit what the model declares", id="too few dimensions"),
        pytest.param(
            (IMAGE,),
            {"picture": (3, 8)},
            "spec.model.inputs.picture: model `m` has no such input. hint: its inputs are image",
            id="an input that the model does not have",
        ),
        pytest.param((TensorSpec("x", "INT4", (1,)),), {}, "input `x` has datatype INT4", id="an unknown datatype"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_its_field_and_with_a_remedy(inputs, fixed, message):
    with pytest.raises(DataError, match=message):
        synthetic_library(a_model(*inputs), fixed, samples=1, seed=0)


def test_a_shape_with_all_dimensions_fixes_a_model_without_a_batch():
    library = synthetic_library(a_model(TOKENS), {"tokens": (2, 5)}, samples=1, seed=0)

    assert library.sample(0)["tokens"].shape == (2, 5)


def drawn(datatype, values):
    model = a_model(TensorSpec("x", datatype, (-1, 20_000)))
    return synthetic_library(model, {}, samples=1, seed=3, values={"x": values}).sample(0)["x"]


@pytest.mark.parametrize(
    ("datatype", "least", "most"),
    [
        ("UINT8", 5, 250),
        ("INT8", -128, 127),
        ("INT64", -(2**63), 2**63 - 1),
        ("UINT64", 0, 2**64 - 1),
        ("FP16", -2, 2),
        ("BF16", 10, 20),
        ("FP32", -1, 3),
        ("FP64", 0.25, 0.5),
    ],
)
def test_values_fill_the_range_that_is_given(datatype, least, most):
    values = drawn(datatype, Values(minimum=least, maximum=most)).astype(np.float64)

    assert least <= values.min() < least + 0.02 * (most - least)
    assert most - 0.02 * (most - least) < values.max() <= most


def test_a_range_may_be_given_at_one_end_and_an_integer_includes_its_largest():
    assert set(drawn("INT32", Values(maximum=2)).tolist()) == {0, 1, 2}
    assert drawn("FP32", Values(minimum=0.5)).min() >= 0.5


def test_texts_are_letters_of_the_length_that_is_given():
    ordinary, longer = drawn("BYTES", Values()), drawn("BYTES", Values(text_bytes=40))

    assert {len(text) for text in ordinary} == {16}
    assert {len(text) for text in longer} == {40}
    assert len(set(longer.tolist())) == 20_000
    assert set(b"".join(ordinary)) == set(b"abcdefghijklmnopqrstuvwxyz ")


def test_numbers_of_bf16_are_such():
    values = drawn("BF16", Values())

    assert (values == values.astype(ml_dtypes.bfloat16)).all()
    assert 0 <= values.min() < 0.01
    assert 0.99 < values.max() < 1


@pytest.mark.parametrize(
    ("datatype", "values", "message"),
    [
        pytest.param("INT8", Values(maximum=128), "range 0 to 128 is none of INT8.*-128 <= min <= max", id="beyond"),
        pytest.param("INT8", Values(minimum=3, maximum=2), "range 3 to 2 is none of INT8", id="turned round"),
        pytest.param("INT8", Values(maximum=1.5), "range 0 to 1.5 is not one of whole numbers", id="a fraction"),
        pytest.param("FP16", Values(maximum=1e5), "range 0 to 100000 is none of FP16", id="beyond half precision"),
        pytest.param("FP32", Values(maximum=float("nan")), "range 0 to nan is none of FP32", id="no number"),
        pytest.param("BYTES", Values(minimum=0), "`x` is BYTES, which has no range", id="a range of texts"),
        pytest.param("FP32", Values(text_bytes=3), "textBytes: `x` is FP32, which has no length", id="a length"),
    ],
)
def test_a_range_that_the_datatype_does_not_have_is_refused(datatype, values, message):
    with pytest.raises(DataError, match=r"spec.model.inputs.x.*" + message):
        drawn(datatype, values)


def test_values_of_an_input_that_the_model_does_not_have_are_refused():
    with pytest.raises(DataError, match=r"spec.model.inputs.picture: model `m` has no such input"):
        synthetic_library(a_model(IMAGE), {}, samples=1, seed=0, values={"picture": Values()})
