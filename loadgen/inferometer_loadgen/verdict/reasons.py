"""The reasons a verdict can have: a closed set, each with what it means and what to do next."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to the verdict."""

    INVALID = "Invalid"
    """The run broke a rule."""
    INCONCLUSIVE = "Inconclusive"
    """Nobody can say whether the system under test met the rules: the measurement itself is in doubt."""
    WARNING = "Warning"
    """The verdict stands, and a reader should know this."""


class ReasonType(StrEnum):
    """Why a verdict is what it is: part of the status and the report, so a name never changes its meaning."""

    LATENCY_BOUND_EXCEEDED = "LatencyBoundExceeded"
    """The latency at the plan's percentile was over the bound. Next: a lower rate, more replicas, a faster model."""

    EARLY_STOPPING_NOT_MET = "EarlyStoppingNotMet"
    """Too few queries to be sure of the percentile (early stopping). Next: more queries, or a lower load."""

    INTERVALS_SKIPPED = "IntervalsSkipped"
    """MultiStream by the rules of 2019: too many queries were open at the next tick. Next: fewer samples a query."""

    MIN_DURATION_NOT_MET = "MinDurationNotMet"
    """The last query sent was due before the minimum duration. Next: find what ended the run early, run again."""

    MIN_QUERIES_NOT_MET = "MinQueriesNotMet"
    """Fewer queries were sent than the rules ask for. Next: find what ended the run early, run again."""

    ACCURACY_BELOW_TARGET = "AccuracyBelowTarget"
    """The score of an accuracy run was below its target. Next: a better model, or the right labels and samples."""

    ACCURACY_NOT_SCORED = "AccuracyNotScored"
    """The answers of an accuracy run could not be scored. Next: what the scorer says; then run again."""

    AUDIT_INCONCLUSIVE = "AuditInconclusive"
    """A round of a compliance test was not valid, or there was nothing to compare. Next: what its reasons say; then run
    the test again."""

    AUDIT_OUTPUTS_DIFFER = "AuditFailedOutputsDiffer"
    """TEST01: answers given while performance was measured are not those of the accuracy round. Next: find what answers
    otherwise while it is timed."""

    AUDIT_PERFORMANCE_DIFFERS = "AuditFailedPerformanceDiffers"
    """TEST01: the performance with logged answers is not that without. Next: a quiet system; then run again."""

    AUDIT_SAME_SAMPLE_FASTER = "AuditFailedSameSampleFaster"
    """TEST04: the same sample again and again was answered faster. Next: look for a cache of answers, turn it off."""

    AUDIT_OTHER_SEEDS_SLOWER = "AuditFailedOtherSeedsSlower"
    """TEST05: with other seeds the system was slower. Next: look for what was tuned to the usual ones."""

    QUERIES_FAILED = "QueriesFailed"
    """At least one query got no good answer. Next: the servers' logs, or more connections or a longer drain."""

    FOREIGN_REQUESTS = "ForeignRequests"
    """Servers answered more queries than this run sent. Next: find who else uses them, run again alone."""

    ANSWERS_NOT_COUNTED = "AnswersNotCounted"
    """Servers counted fewer successes than answers came. Next: look for a cache or another server in between."""

    SERVER_RESTARTED = "ServerRestarted"
    """A server began anew within the measured window. Next: the end of its log, then run again."""

    CLIENT_INFLUENCED = "ClientInfluenced"
    """The client itself may have made the result: late, stalled or starved. Next: whole CPUs, more workers, own nodes.
    """

    CLOCK_UNCERTAIN = "ClockUncertain"
    """The workers' clocks are not known well enough for what compares them. Next: workers on one node, or one worker.
    """

    ENGINES_DISAGREE = "EnginesDisagree"
    """The official LoadGen and the worker's own records judge one run differently. Next: what the message names is on
    the edge, or lies between LoadGen and the worker; a lower load, more CPU for the worker, then run again."""

    CALLED_OFF = "CalledOff"
    """Somebody ended the run before its time; the figures are of what was measured. Next: run again to its end."""

    COUNTS_NOT_READ = "CountsNotRead"
    """Warning: a server's counters could not be read, so its work is not reconciled. Next: its metrics endpoint."""

    LATE_CLIENT = "LateClient"
    """Warning: the client sent late, so latencies are too high rather than too low. Next: more CPU or workers."""

    CLIENT_DISTURBED = "ClientDisturbed"
    """Warning: the client lacked CPU, time to read, connections or network. Next: what the message says of each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: a type for programs, and a sentence for people that ends in what to do."""

    type: ReasonType
    severity: Severity
    message: str
