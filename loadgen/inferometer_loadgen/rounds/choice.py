"""Which programme a plan asks for."""

from inferometer_loadgen.plan import OutputsAuditPlan, Plan, StreamPlan
from inferometer_loadgen.rounds.audits import Audit
from inferometer_loadgen.rounds.both import PerformanceAndAccuracy
from inferometer_loadgen.rounds.programme import Programme, Repeats, Round
from inferometer_loadgen.rounds.search import PeakSearch
from inferometer_loadgen.rounds.steps import Steps


def programme_of(plan: Plan) -> Programme:
    """The rounds that a plan asks for; a plan that says nothing of rounds has one."""
    if plan.audit is not None:
        return Audit(plan, plan.audit)
    if plan.concurrency_steps:
        return Steps(plan)
    measured: Programme = Repeats(plan) if plan.find_peak is None else PeakSearch(plan, plan.find_peak)
    return PerformanceAndAccuracy(plan, measured) if plan.mode == "PerformanceAndAccuracy" else measured


def first_round(plan: Plan) -> Round:
    """What every worker lays out before the start. Raises ValueError for a plan without any round."""
    first = programme_of(plan).after(())
    if first is None:
        raise ValueError("the plan has no round")
    return first


def keeps_answers(stream: StreamPlan) -> bool:
    """Whether what is answered in a round of this stream is kept."""
    return stream.mode == "Accuracy" or stream.accuracy_log is not None


def may_keep_answers(plan: Plan) -> bool:
    """Whether any round of a plan keeps what is answered in it."""
    is_logged = isinstance(plan.audit, OutputsAuditPlan)
    return plan.mode == "PerformanceAndAccuracy" or is_logged or keeps_answers(plan.stream)
