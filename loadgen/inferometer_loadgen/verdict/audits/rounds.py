"""AuditInconclusive: a test says nothing where one of its rounds is not valid."""

from inferometer_loadgen.verdict.judge import Word
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


def not_valid(number: int, what: str, word: Word) -> Finding | None:
    """Of a round, from 1, and what it measured; None where it is Valid."""
    if word == "Valid":
        return None
    said = f"round {number} ({what}) was {word}, so the test says nothing; its reasons say what to do, then run again"
    return Finding(ReasonType.AUDIT_INCONCLUSIVE, Severity.INCONCLUSIVE, said)
