"""Which runs have logs: those of MLPerf's four scenarios, and of the official LoadGen those that it has left."""

from inferometer_loadgen.report.schema import Report

SCENARIOS = ("SingleStream", "MultiStream", "Server", "Offline")


def has_logs(report: Report) -> bool:
    """Whether LoadGen has logs of such a run."""
    return not why_none(report)


def why_none(report: Report) -> str:
    """Why there are none of this run, in a sentence without its end; empty where there are."""
    scenario = report.plan.stream.scenario
    if scenario not in SCENARIOS:
        return f"scenario {scenario}: MLPerf has no logs of it, only of {', '.join(SCENARIOS)}"
    if report.plan.engine == "Own":
        return ""
    # Ours would pass for the engine's.
    if report.official is None:
        return "engine mlperf-loadgen: the official LoadGen did not come to its end"
    return f"engine mlperf-loadgen: {report.official.logs_absent}" if report.official.logs_absent else ""


def official_logs(report: Report) -> dict[str, str]:
    """The files that the official LoadGen has left, unchanged, by their names; empty of our own engine."""
    return {} if report.official is None else report.official.logs
