"""BLEU of translations, as sacrebleu computes it over the whole corpus: 0 to 100.

The model's output is text (BYTES, one a sample), the reference is `label:text`. Token ids are not scored: what they
mean is the model's, and BLEU of ids is another figure than that of words.

MLPerf v0.5's gnmt is scored on words that are already split, by a BLEU without smoothing (MLCommons inference,
v0.5/translation/gnmt/tensorflow/process_accuracy.py); that is tokenize none. Smoothing changes nothing where one
sequence of four words is right somewhere in the corpus.
"""

from collections.abc import Iterable

from sacrebleu import corpus_bleu

from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.datasets.scoring.texts import text_of, the_output
from inferometer_loadgen.plan import ScorerPlan

LABEL = "text"


def bleu(scorer: ScorerPlan, answers: Iterable[Answer], labels: Labels) -> Score:
    """The corpus BLEU. Raises ScoringError for outputs that are no text, and for samples without a reference."""
    if LABEL not in labels:
        raise ScoringError(f"the samples have no references: give the npz `label:{LABEL}`, a text for a sample")
    references = labels[LABEL]
    if references.size != len(references):
        raise ScoringError(f"`label:{LABEL}` has {references.size // len(references)} texts for a sample: give one")
    references = references.reshape(-1)
    translations, expected = [], []
    for answer in answers:
        if not 0 <= answer.sample < len(references):
            raise ScoringError(
                f"sample {answer.sample} has no reference: `label:{LABEL}` has {len(references):,} of them"
            )
        output = the_output(scorer.output, answer.outputs)
        if output.size != 1:
            raise ScoringError(
                f"the output of sample {answer.sample} has the shape {list(output.shape)}: a translation is one text"
            )
        translations.append(text_of(output.item(), f"the output of sample {answer.sample}"))
        expected.append(text_of(references[answer.sample], f"the reference of sample {answer.sample}"))
    if not translations:
        raise ScoringError("there is no answer to score")
    # force: no warning about texts that look split already; the spec says how they are to be split.
    found = corpus_bleu(translations, [expected], tokenize=scorer.tokenize, force=True)
    details = {f"precision{order}": float(share) for order, share in enumerate(found.precisions, 1)}
    details |= {"brevityPenalty": float(found.bp), "words": float(found.sys_len), "wordsExpected": float(found.ref_len)}
    return Score(metric="bleu", value=float(found.score), samples=len(translations), details=details)
