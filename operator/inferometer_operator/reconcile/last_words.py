"""The last resort: a coordinator that ended before its report was fetched has left its summary in its pod's status.

The report itself is gone then, and the status says so; the verdict and the figures are as good as those of the report.
Looked at only after the stored report and a coordinator that answers. Where the pod is gone too, nothing is left.
"""

from dataclasses import replace

from inferometer_loadgen.report.short import ShortReport, decode
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.objects.events import Told
from inferometer_operator.pods import Terminated
from inferometer_operator.reconcile.ending import evidence_of
from inferometer_operator.reconcile.finishing import called_off_by, end_called_off
from inferometer_operator.reconcile.loss import what_became_of
from inferometer_operator.reconcile.noted import casualties
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.result import told_of, verdict_status, with_figures
from inferometer_operator.reconcile.status_change import FALSE, Said, changed
from inferometer_operator.reconcile.step import Need, Step

REPORT_LOST = "ReportLost"
"""The reason of the condition ReportStored, and that of the event."""


def finish_from_the_last_words(observed: Observed) -> Step | Need | None:
    """Finishes a run whose report was lost with its coordinator from what the coordinator left."""
    short = last_words(observed)
    if short is None:
        return None
    words = _what_is_left(observed, short)
    kept, lost = Said(ConditionType.REPORT_STORED, FALSE, REPORT_LOST, words), Told("Warning", REPORT_LOST, words)
    if (called_off := called_off_by(short.reasons)) is not None:
        ended = end_called_off(observed, called_off, short.failure)
        if isinstance(ended, Need) or ended.status is None:
            return ended
        return replace(ended, status=with_figures(observed, ended.status, short.result, kept), tell=(lost, *ended.tell))
    evidence = evidence_of(observed, *casualties(observed))
    if isinstance(evidence, Need):
        return evidence
    status = changed(verdict_status(observed, short, kept), evidence=evidence)
    return Step(status=status, tell=(lost, *told_of(short)))


def last_words(observed: Observed) -> ShortReport | None:
    """What the coordinator has left of this run's report, once it has ended."""
    pod = observed.coordinator_pod
    if not observed.run.has_started or pod is None or not isinstance(pod.container, Terminated):
        return None
    short = decode(pod.container.message)
    return short if short is not None and short.run_uid == observed.run.uid else None


def _what_is_left(observed: Observed, short: ShortReport) -> str:
    became = what_became_of(observed.coordinator_pod, "the coordinator")
    return (
        f"{became} before its report (sha256 {short.report_sha256}) was stored; what is here is its summary, from its "
        "pod's status; run again if you need the report"
    )
