import hashlib

import numpy as np
import pytest

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import NUMPY_TYPES, ModelMetadata, TensorSpec
from inferometer_loadgen.datasets.synthetic import synthetic_library


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
        pytest.param(
            (TensorSpec("text", "BYTES", (-1, 1)),), {}, "input `text` has datatype BYTES", id="a datatype of words"
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_its_field_and_with_a_remedy(inputs, fixed, message):
    with pytest.raises(DataError, match=message):
        synthetic_library(a_model(*inputs), fixed, samples=1, seed=0)


def test_a_shape_with_all_dimensions_fixes_a_model_without_a_batch():
    library = synthetic_library(a_model(TOKENS), {"tokens": (2, 5)}, samples=1, seed=0)

    assert library.sample(0)["tokens"].shape == (2, 5)
