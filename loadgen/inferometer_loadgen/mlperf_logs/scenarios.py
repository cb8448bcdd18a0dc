"""Which runs have logs: those of MLPerf's four scenarios."""

from inferometer_loadgen.report.schema import Report

SCENARIOS = ("SingleStream", "MultiStream", "Server", "Offline")


def has_logs(report: Report) -> bool:
    """Whether LoadGen has logs of such a run."""
    return report.plan.stream.scenario in SCENARIOS


def why_none(report: Report) -> str:
    """Why there are none of this run, in a sentence without its end."""
    return f"scenario {report.plan.stream.scenario}: MLPerf has no logs of it, only of {', '.join(SCENARIOS)}"
