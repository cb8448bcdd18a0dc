"""What is held against a run, in the order in which it is reported: one file a reason.

All checks run on the same records, and none leans on another.
"""

from collections.abc import Callable

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.checks.accuracy_below_target import accuracy_below_target
from inferometer_loadgen.verdict.checks.accuracy_not_scored import accuracy_not_scored
from inferometer_loadgen.verdict.checks.answers_not_counted import answers_not_counted
from inferometer_loadgen.verdict.checks.called_off import called_off
from inferometer_loadgen.verdict.checks.clock_uncertain import clock_uncertain
from inferometer_loadgen.verdict.checks.counts_not_read import counts_not_read
from inferometer_loadgen.verdict.checks.early_stopping import early_stopping_not_met
from inferometer_loadgen.verdict.checks.foreign_requests import foreign_requests
from inferometer_loadgen.verdict.checks.intervals_skipped import intervals_skipped
from inferometer_loadgen.verdict.checks.late_client import late_client
from inferometer_loadgen.verdict.checks.latency_bound import latency_bound_exceeded
from inferometer_loadgen.verdict.checks.min_duration import min_duration_not_met
from inferometer_loadgen.verdict.checks.min_queries import min_queries_not_met
from inferometer_loadgen.verdict.checks.queries_failed import queries_failed
from inferometer_loadgen.verdict.checks.server_restarted import server_restarted
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding

type Check = Callable[[Measured, Plan], Finding | None]

CHECKS: tuple[Check, ...] = (
    # Is the measurement itself in doubt?
    called_off,
    server_restarted,
    foreign_requests,
    answers_not_counted,
    clock_uncertain,
    # Did the system under test keep the rules?
    queries_failed,
    latency_bound_exceeded,
    early_stopping_not_met,
    intervals_skipped,
    min_duration_not_met,
    min_queries_not_met,
    # What should a reader know besides?
    late_client,
    counts_not_read,
)

ACCURACY_CHECKS: tuple[Check, ...] = (
    called_off,
    server_restarted,
    foreign_requests,
    answers_not_counted,
    accuracy_not_scored,
    queries_failed,
    accuracy_below_target,
    counts_not_read,
)
"""Of an accuracy run no time is judged: all samples must be answered, and well enough."""
