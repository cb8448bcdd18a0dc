"""Which programme a plan asks for."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.rounds.programme import Programme, Repeats, Round
from inferometer_loadgen.rounds.search import PeakSearch
from inferometer_loadgen.rounds.steps import Steps


def programme_of(plan: Plan) -> Programme:
    """The rounds that a plan asks for; a plan that says nothing of rounds has one."""
    if plan.concurrency_steps:
        return Steps(plan)
    return Repeats(plan) if plan.find_peak is None else PeakSearch(plan, plan.find_peak)


def first_round(plan: Plan) -> Round:
    """What every worker lays out before the start. Raises ValueError for a plan without any round."""
    first = programme_of(plan).after(())
    if first is None:
        raise ValueError("the plan has no round")
    return first
