"""AnswersNotCounted: answers came from somewhere else than the servers under test (design, invariant 5)."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.reconcile import balances
from inferometer_loadgen.verdict.wording import enumerated


def answers_not_counted(measured: Measured, _plan: Plan) -> Finding | None:
    """Inconclusive when a replica counted fewer successes than the client got good answers from it."""
    short = [balance for balance in balances(measured) if balance.successes < balance.answered]
    if not short:
        return None
    replicas = enumerated(
        [
            f"{balance.replica} counted {balance.successes:,} successes for {balance.answered:,} answers, "
            f"{balance.answered - balance.successes:,} too few"
            for balance in short
        ]
    )
    return Finding(
        ReasonType.ANSWERS_NOT_COUNTED,
        Severity.INCONCLUSIVE,
        f"{replicas}: something else answered, or the counters lag; look for a cache or a proxy before the servers, "
        f"switch it off and run again",
    )
