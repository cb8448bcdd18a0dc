"""Top-1 counts the samples whose class is right, and refuses what says no class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inferometer_loadgen.datasets.scoring import Answer, Labels, ScoringError, score
from inferometer_loadgen.plan import ScorerPlan

TOP1 = ScorerPlan(kind="top1")


def answers(outputs: np.ndarray, name: str = "probs") -> list[Answer]:
    return [Answer(sample, {name: output}) for sample, output in enumerate(outputs)]


def labels(*classes: int) -> Labels:
    return {"class": np.array(classes)}


@given(
    arrays(np.float32, (7, 5), elements=st.floats(-1e6, 1e6, width=32)),
    st.lists(st.integers(0, 4), min_size=7, max_size=7),
)
def test_it_is_the_share_of_right_argmaxes(outputs: np.ndarray, classes: list[int]) -> None:
    found = score(TOP1, answers(outputs), labels(*classes))

    assert (found.metric, found.samples) == ("top1", 7)
    assert found.value == np.mean(outputs.argmax(axis=1) == np.array(classes))


def test_a_whole_number_is_the_class_itself() -> None:
    assert score(TOP1, answers(np.array([3, 1, 2])), labels(3, 1, 0)).value == 2 / 3


def test_the_offset_is_added_to_the_labels() -> None:
    plan = ScorerPlan(kind="top1", label_offset=1)

    assert score(plan, answers(np.array([1, 2, 3])), labels(0, 1, 2)).value == 1


def test_a_leading_dimension_of_one_is_no_matter() -> None:
    assert score(TOP1, answers(np.array([[[0.1, 0.9]]])), labels(1)).value == 1


@pytest.mark.parametrize(
    ("outputs", "given", "words"),
    [
        (np.array([[0.1, np.nan]]), labels(1), "not a number for at least one class"),
        (np.array([1.9]), labels(1), "is one float64"),
        (np.array([[0.1, 0.9]]), labels(7), "class 7, and the output has 2 classes"),
        (np.zeros((1, 2, 3)), labels(0), "has the shape [2, 3]"),
        (np.zeros((1, 0)), labels(0), "has the shape [0]"),
        (np.array([["a", "b"]]), labels(0), "has the type <U1"),
        (np.array([[0.1, 0.9], [0.1, 0.9]]), labels(0), "sample 1 has no label"),
        (np.array([[0.1, 0.9]]), {"class": np.array(["cat"])}, "give one whole number for a sample"),
        (np.array([[0.1, 0.9]]), {"other": np.array([1])}, "give the npz an array `label:class`"),
        (np.zeros((0, 2)), labels(0), "there is no answer to score"),
    ],
)
def test_what_says_no_class_is_refused(outputs: np.ndarray, given: Labels, words: str) -> None:
    with pytest.raises(ScoringError) as refused:
        score(TOP1, answers(outputs), given)

    assert words in str(refused.value)


def test_which_of_several_outputs_is_meant_must_be_said() -> None:
    several = [Answer(0, {"probs": np.array([0.1, 0.9]), "other": np.array([1.0])})]

    with pytest.raises(ScoringError, match=r"write one of them as spec\.accuracy\.output"):
        score(TOP1, several, labels(1))
    with pytest.raises(ScoringError, match="no output `class`: write one of probs, other"):
        score(ScorerPlan(kind="top1", output="class"), several, labels(1))
    assert score(ScorerPlan(kind="top1", output="probs"), several, labels(1)).value == 1
