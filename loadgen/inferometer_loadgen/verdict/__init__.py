"""Turns records into one word with its reasons; it reads no clock, no file and no cluster."""

from inferometer_loadgen.verdict.counterfactual import without_client_share
from inferometer_loadgen.verdict.judge import Verdict, judge
from inferometer_loadgen.verdict.measured import NEVER_NS, Measured, QueryStatus, ServerCounts, when_called_off
from inferometer_loadgen.verdict.metric import Metric, last_answer_ns, metric, server_metric
from inferometer_loadgen.verdict.percentiles import LatencySummary, latency_summary, percentile, unless_never
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.vitals import Vitals

__all__ = [
    "judge",
    "Verdict",
    "Finding",
    "ReasonType",
    "Severity",
    "Measured",
    "QueryStatus",
    "ServerCounts",
    "Vitals",
    "NEVER_NS",
    "latency_summary",
    "LatencySummary",
    "percentile",
    "unless_never",
    "Metric",
    "metric",
    "last_answer_ns",
    "server_metric",
    "when_called_off",
    "without_client_share",
]
