"""What came out of a run, and why."""

from __future__ import annotations

from inferometer_dev.dashboards.colours import (
    AMBER,
    BLUE,
    GREEN,
    NONE_IS_GOOD,
    PHASES,
    RED,
    STATES,
    VERDICTS,
    by_name,
    steps,
    worded,
)
from inferometer_dev.dashboards.panels import About, Panel, Query, bars, figure, timeline
from inferometer_dev.dashboards.promql import OF_RUN, any_result, coded, gauge, none_where_empty
from inferometer_dev.dashboards.tables import Column, rows

SEND_LAG = steps((None, GREEN), (0.001, AMBER), (0.01, RED))
"""In seconds; from 10 ms on InferometerClientSaturated fires."""
PHASE_CODES = {word: code for code, word in enumerate(PHASES, start=1)}
STATE_CODES = {word: code for code, word in enumerate(STATES, start=101)}
"""Numbers for the words of a timeline, which shows values and no labels."""
OF_BOUND = steps((None, GREEN), (0.9, AMBER), (1, RED))


def verdict() -> tuple[Panel, ...]:
    """The first look, the reasons, and what the run was."""
    return (*_figures(), _course(), _asked(), _reasons(), _percentiles())


def _figures() -> tuple[Panel, ...]:
    planned = gauge("inferometer_run_planned_queries", OF_RUN, "benchmark")
    done = gauge("inferometer_run_completed_queries", OF_RUN, "benchmark")
    score = gauge("inferometer_run_accuracy", OF_RUN, "benchmark, metric")
    score = f'max by (benchmark, unit) (label_replace({score}, "unit", "$1", "metric", "(.+)"))'
    result = any_result(prefix="inferometer_run", where=OF_RUN, by="benchmark")
    latency = gauge("inferometer_run_latency_seconds", OF_RUN, "percentile")
    bound = gauge("inferometer_run_latency_bound_seconds", OF_RUN, "percentile")
    return (
        figure(
            About(
                "Verdict",
                "Valid: the figures may be used. Invalid: the run broke a rule. Inconclusive: the measurement itself"
                " is in doubt. The reasons beside say what to do.",
                "none",
                4,
                4,
                overrides=by_name(VERDICTS),
                no_value="none yet",
            ),
            Query(gauge("inferometer_run_verdict", OF_RUN, "verdict"), "{{verdict}}"),
            named=True,
        ),
        figure(
            About(
                "Phase",
                "Where the run stands. Starting: servers come up and load the model. Running: the load is sent.",
                "none",
                4,
                4,
                overrides=by_name(PHASES),
            ),
            Query(gauge("inferometer_run_phase", OF_RUN, "phase"), "{{phase}}"),
            named=True,
        ),
        figure(
            About(
                "Result",
                "The one figure of the scenario, with its unit. Without the verdict Valid it is no result.",
                "short",
                5,
                4,
                decimals=2,
                no_value="none yet",
            ),
            Query(f"{result} or {score}", "{{unit}}"),
            filled=False,
        ),
        figure(
            About(
                "Latency, of its bound",
                "The exact latency at the judged percentile as a share of the bound. Over 100 % the run is Invalid: a"
                " lower rate, more replicas or a faster model. Absent where the scenario has no bound.",
                "percentunit",
                4,
                4,
                decimals=0,
                thresholds=OF_BOUND,
                no_value="no bound, or none yet",
            ),
            Query(f"{latency} / on (percentile) ({bound} > 0)", "p {{percentile}}"),
        ),
        figure(
            About(
                "Done",
                "Queries that have ended, of those planned, as the operator was last told.",
                "percentunit",
                2,
                4,
                decimals=0,
            ),
            Query(f"{done} / ({planned} > 0)", "done"),
            filled=False,
        ),
        figure(
            About(
                "Failed",
                "Queries without a good answer. They count as infinitely slow; the report has samples of their errors.",
                "short",
                2,
                4,
                decimals=0,
                thresholds=NONE_IS_GOOD,
            ),
            Query(gauge("inferometer_run_failed_queries", OF_RUN, "benchmark"), "failed"),
        ),
        figure(
            About(
                "Send lag p99",
                "The 99th percentile of how late queries were sent. Much of it is the client's own weakness: give the"
                " load pods whole CPUs, or more workers.",
                "s",
                3,
                4,
                decimals=1,
                thresholds=SEND_LAG,
                no_value="none yet",
            ),
            Query(gauge("inferometer_run_client_send_lag_seconds", OF_RUN, "percentile"), "p {{percentile}}"),
        ),
    )


def _asked() -> Panel:
    def of(metric: str) -> str:
        return gauge(f"inferometer_run_{metric}", OF_RUN, "namespace, benchmark")

    info = gauge("inferometer_run_info", OF_RUN, "namespace, benchmark, model, scenario, schedule")
    bound = gauge("inferometer_run_latency_bound_seconds", OF_RUN, "namespace, benchmark, percentile")
    return rows(
        About("What was asked for", "The load of the spec, and how long it took.", "short", 24, 4),
        Column("Benchmark", label="benchmark", query=info),
        Column("Namespace", label="namespace"),
        Column("Model", label="model"),
        Column("Scenario", label="scenario"),
        Column("Schedule", label="schedule"),
        Column("Target", query=of("target_queries_per_second"), unit="reqps"),
        Column("Bound", query=bound, unit="s"),
        Column("At percentile", label="percentile"),
        Column("Planned queries", query=of("planned_queries"), unit="short"),
        Column("Took", query=of("duration_seconds"), unit="s"),
        sorted_by="Benchmark",
    )


def _reasons() -> Panel:
    reasons = gauge("inferometer_run_reason", OF_RUN, "reason")
    return rows(
        About(
            "Reasons",
            "Why the verdict is what it is, warnings included. docs/reasons.md has each with its remedy; `kubectl"
            " describe ib` has the figures.",
            "short",
            8,
            8,
        ),
        Column("Reason", label="reason", query=none_where_empty(reasons, "reason", "none")),
        sorted_by="Reason",
    )


def _percentiles() -> Panel:
    return bars(
        About(
            "Exact latency",
            "Percentiles from every query of the finished run, failed ones included as infinitely slow, and the bound."
            " A long step from 0.99 to 0.999 is a tail that a few more queries can push over the bound.",
            "s",
            16,
            8,
            decimals=2,
            overrides=by_name({"bound": RED}),
            thresholds=steps((None, BLUE)),
            no_value="none yet",
        ),
        Query(f"sort({gauge('inferometer_run_latency_seconds', OF_RUN, 'percentile')})", "p {{percentile}}"),
        Query(gauge("inferometer_run_latency_max_seconds", OF_RUN, "benchmark"), "longest"),
        Query(gauge("inferometer_run_latency_bound_seconds", OF_RUN, "percentile"), "bound"),
    )


def _course() -> Panel:
    phases = coded("inferometer_run_phase", "phase", PHASE_CODES, OF_RUN)
    states = coded("inferometer_load_state", "state", STATE_CODES, OF_RUN)
    words = {str(code): (word, PHASES[word]) for word, code in PHASE_CODES.items()}
    words |= {str(code): (word, STATES[word]) for word, code in STATE_CODES.items()}
    return timeline(
        About(
            "Course",
            "The run's phases, and what its coordinator said of the load. A long Starting is image pulls and model"
            " loading; a long Waiting is workers that are not there or still make their samples; a long Finishing is"
            " scoring and the report.",
            "none",
            24,
            5,
            mappings=(worded(words),),
        ),
        Query(phases, "run"),
        Query(states, "load"),
    )
