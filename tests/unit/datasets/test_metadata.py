import numpy as np
import pytest

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.metadata import (
    ModelMetadata,
    TensorSpec,
    leads_with_batch,
    parse_metadata,
    sample_dtype,
)

# As Triton 2.51 answers for the quickstart's model, with a field that is not ours.
TRITON_ANSWER = b"""{"name":"magika","versions":["1"],"platform":"python",
"inputs":[{"name":"bytes","datatype":"INT32","shape":[-1,2048]}],
"outputs":[{"name":"target_label","datatype":"FP32","shape":[-1,214]}],"parameters":{"x":"1"}}"""


def test_tritons_answer_is_read_and_unknown_fields_are_passed_over():
    assert parse_metadata(TRITON_ANSWER) == ModelMetadata(
        name="magika",
        versions=("1",),
        platform="python",
        inputs=(TensorSpec("bytes", "INT32", (-1, 2048)),),
        outputs=(TensorSpec("target_label", "FP32", (-1, 214)),),
    )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"<html>not found</html>", id="no JSON"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"error":"unknown model"}', id="an error object"),
        pytest.param(b'{"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":["a"]}]}', id="a shape of words"),
    ],
)
def test_what_is_no_metadata_is_refused_with_a_remedy(answer):
    with pytest.raises(DataError, match=r"cannot be read.*hint: check that the endpoint speaks KServe v2"):
        parse_metadata(answer)


def test_a_datatype_that_kserve_does_not_know_is_refused_by_the_inputs_name():
    with pytest.raises(DataError, match="input `x` has datatype INT4, which is none of KServe v2's"):
        sample_dtype(TensorSpec("x", "INT4", (-1, 1)))


def test_a_datatype_has_its_numpy_dtype_and_bf16_that_of_the_numbers_it_is_rounded_from():
    types = [sample_dtype(TensorSpec("x", datatype, (1,))) for datatype in ("FP16", "BF16", "BYTES")]

    assert types == [np.float16, np.float32, np.object_]


@pytest.mark.parametrize(
    ("shape", "sample_rank", "expected"),
    [
        pytest.param((-1, 4), 1, True, id="first is open and the sample has one less: the batch"),
        pytest.param((-1, 4), 2, False, id="the sample has them all: no batch"),
        pytest.param((8, 4), 1, False, id="first is fixed: no batch"),
        pytest.param((), 0, False, id="no dimension: no batch"),
    ],
)
def test_the_batch_is_told_by_the_samples_rank(shape, sample_rank, expected):
    assert leads_with_batch(TensorSpec("x", "FP32", shape), sample_rank) is expected
