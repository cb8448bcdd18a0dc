"""bleu is sacrebleu's corpus figure over the whole run."""

import numpy as np
import pytest
import sacrebleu

from inferometer_loadgen.datasets.scoring import Answer, ScoringError, score
from inferometer_loadgen.plan import ScorerPlan

TRANSLATIONS = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
REFERENCES = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."]
"""The example of sacrebleu's own documentation (README, Using SacreBLEU from Python), its first set of references."""


def bleu(**fields):
    return ScorerPlan(kind="bleu", **fields)


def texts(values):
    array = np.empty(len(values), dtype=object)
    array[:] = [value.encode() for value in values]
    return array


def answers(translations):
    return [Answer(sample, {"text": texts([text])}) for sample, text in enumerate(translations)]


@pytest.mark.parametrize("tokenize", ["13a", "intl", "char", "none"])
def test_it_is_what_sacrebleu_says(tokenize):
    found = score(bleu(tokenize=tokenize), answers(TRANSLATIONS), {"text": texts(REFERENCES)})

    expected = sacrebleu.corpus_bleu(TRANSLATIONS, [REFERENCES], tokenize=tokenize)
    assert (found.metric, found.value, found.samples) == ("bleu", expected.score, 3)
    assert found.details["precision1"] == expected.precisions[0]
    assert found.details["brevityPenalty"] == expected.bp


def test_it_is_the_corpus_by_hand():
    """Papineni et al. 2002: the geometric mean of the shares of right sequences; all 4 orders, equal lengths."""
    found = score(bleu(tokenize="none"), answers(["a b c d e", "a b c d f"]), {"text": texts(["a b c d e"] * 2)})

    assert found.value == pytest.approx(100 * (9 / 10 * 7 / 8 * 5 / 6 * 3 / 4) ** 0.25)


def test_the_same_text_is_a_hundred_and_text_may_be_fixed_width_or_in_a_dimension_of_one():
    same = "Das ist ein kleiner Satz mit Übung."
    reshaped = [Answer(0, {"text": texts([same]).reshape(1, 1)})]

    assert score(bleu(), reshaped, {"text": np.array([[same]])}).value == pytest.approx(100)


@pytest.mark.parametrize(
    ("outputs", "labels", "words"),
    [
        ({"text": texts(["a"])}, {}, "give the npz `label:text`"),
        ({"text": texts(["a"])}, {"text": texts([])}, "sample 0 has no reference"),
        ({"text": texts(["a"])}, {"text": np.array([["a", "b"]])}, "2 texts for a sample"),
        ({"text": texts(["a", "b"])}, {"text": texts(["a"])}, "a translation is one text"),
        ({"ids": np.array([7])}, {"text": texts(["a"])}, "is of int: it must be text"),
        ({"text": np.array([b"\xff"], object)}, {"text": texts(["a"])}, "is no UTF-8"),
        ({"a": texts(["a"]), "b": texts(["b"])}, {"text": texts(["a"])}, "the outputs a, b: write one"),
    ],
)
def test_what_cannot_be_scored_says_why(outputs, labels, words):
    with pytest.raises(ScoringError) as raised:
        score(bleu(), [Answer(0, outputs)], labels)

    assert words in str(raised.value)


def test_nothing_to_score_is_no_score():
    with pytest.raises(ScoringError, match="no answer"):
        score(bleu(), [], {"text": texts(["a"])})
