"""How long a phase of a run can take, so that a worker that hangs is noticed. Pure."""

from inferometer_loadgen.coordinator.state import Phase
from inferometer_loadgen.plan import Plan

PREPARE_WITHIN_S = 600.0
"""Bodies of a large library are made meanwhile: at 20 MB/s, 12 GB."""
GRACE_S = 30.0
"""Beyond what the plan says, for a machine that is busy."""
OFFICIAL_LOGS_WITHIN_S = 120.0
"""The official LoadGen sorts all latencies and writes its logs when the last answer is there: a worker that waits for
them is as long silent as it lets LoadGen be (`official.process`)."""


def phase_limit_s(plan: Plan, phase: Phase, last_scheduled_ns: int) -> float | None:
    """Seconds after which a phase is overdue; None for those that wait for others, or end by themselves."""
    match phase:
        case Phase.PREPARING | Phase.DRAWING:
            return PREPARE_WITHIN_S
        case Phase.WARMING_UP:
            return (plan.warmup_ns + plan.drain_ns) / 1e9 + GRACE_S
        case Phase.MEASURING:
            return (last_scheduled_ns + plan.drain_ns) / 1e9 + GRACE_S
        case Phase.DRAINING:
            logs_s = 0.0 if plan.engine == "Own" else OFFICIAL_LOGS_WITHIN_S
            return plan.drain_ns / 1e9 + logs_s + GRACE_S
        case _:
            return None
