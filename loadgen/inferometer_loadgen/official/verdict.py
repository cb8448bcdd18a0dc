"""The verdict on a run of the official LoadGen: its own, unless something speaks against the measurement."""

from inferometer_loadgen.official.results import OfficialResult
from inferometer_loadgen.verdict import Finding, ReasonType, Severity, Verdict
from inferometer_loadgen.verdict.judge import word_of


def own_word_is_valid(own: Verdict) -> bool:
    """Whether the worker's records keep the rules, whatever casts doubt on them."""
    return not any(reason.severity is Severity.INVALID for reason in own.reasons)


def has_failures(own: Verdict) -> bool:
    """Whether a query got no good answer; LoadGen, which knows no failure, was told that it was answered."""
    return any(reason.type is ReasonType.QUERIES_FAILED for reason in own.reasons)


def agrees(own: Verdict, official: OfficialResult) -> bool | None:
    """Whether both say the same of the rules that both know; None where queries failed."""
    return None if has_failures(own) else own_word_is_valid(own) == official.is_valid


def with_official(own: Verdict, official: OfficialResult, version: str) -> Verdict:
    """The verdict of both.

    What makes it Inconclusive stays: LoadGen sees neither the client nor the servers' counters. With failed queries the
    worker's records decide. Else LoadGen does, and where the records say otherwise that is a doubt of its own.
    """
    if has_failures(own):
        return own
    doubts = tuple(reason for reason in own.reasons if reason.severity is Severity.INCONCLUSIVE)
    said = tuple(
        Finding(type_, Severity.INVALID, f"LoadGen {version}: {words}. {official.advice}".strip())
        for type_, words in official.broken
    )
    if not agrees(own, official):
        doubts = (*doubts, _disagreement(own, official, version))
    reasons = (*doubts, *said)
    return Verdict(word=word_of(reasons), reasons=reasons, warnings=own.warnings)


def _disagreement(own: Verdict, official: OfficialResult, version: str) -> Finding:
    word = "VALID" if official.is_valid else "INVALID"
    broken = "; ".join(reason.message for reason in own.reasons if reason.severity is Severity.INVALID)
    return Finding(
        ReasonType.ENGINES_DISAGREE,
        Severity.INCONCLUSIVE,
        f"LoadGen {version} says {word}, the worker's own records {f'do not: {broken}' if broken else 'say Valid'}; "
        "give the worker another CPU, or lower the load, and run again",
    )
