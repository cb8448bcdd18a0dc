"""ForeignRequests: the servers did work that this run did not ask for (design, invariant 5)."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.reconcile import balances
from inferometer_loadgen.verdict.wording import enumerated


def foreign_requests(measured: Measured, _plan: Plan) -> Finding | None:
    """Inconclusive when a replica counted more successes than the queries it got can explain.

    A query that was sent and got no good answer may have been counted as a success, so it explains one; it is a
    reason of its own already.
    """
    used = [balance for balance in balances(measured) if balance.unexplained > 0]
    if not used:
        return None
    replicas = enumerated(
        [f"{each.replica} counted {each.successes:,} successes, {each.unexplained:,} more" for each in used]
    )
    return Finding(
        ReasonType.FOREIGN_REQUESTS,
        Severity.INCONCLUSIVE,
        f"{replicas} than this run's queries explain: somebody else uses the servers, and slows them down; "
        f"find out who, and run again alone",
    )
