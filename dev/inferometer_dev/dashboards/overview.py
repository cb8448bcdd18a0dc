"""Overview: what the benchmarks of a fleet say, at the first look, and where to look next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inferometer_dev.dashboards.board import TO_RUN, Row, Span, board, some_of
from inferometer_dev.dashboards.colours import (
    AMBER,
    BLUE,
    NONE_IS_GOOD,
    PHASES,
    PLAIN,
    RED,
    SOME_IS_GOOD,
    VERDICTS,
    by_name,
    coloured,
    steps,
    worded,
)
from inferometer_dev.dashboards.panels import About, Panel, Query, bars, figure, graph
from inferometer_dev.dashboards.promql import (
    OF_NAMESPACE,
    RUN_KEY,
    any_result,
    counted,
    gauge,
    none_where_empty,
    of_runs,
    when_new,
    with_info,
)
from inferometer_dev.dashboards.tables import Column, rows

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.dashboard import Threshold, ValueMap

GROUP = "namespace, model, scenario, schedule"
GROUP_LEGEND = "{{namespace}} {{model}} {{scenario}} {{schedule}}"
WHOLE_RUN = TO_RUN + "&from=${__data.fields.From.numeric}&to=${__data.fields.To.numeric}"
MARGIN_S = 60
"""Before the start and after the end of a run, in a link to its time."""
JUST_ENDED = (
    f"and on ({RUN_KEY})"
    f" time() - {gauge('inferometer_run_completion_timestamp_seconds', OF_NAMESPACE, RUN_KEY)} < $__range_s"
)
"""Of the runs those that ended in the time that the dashboard shows."""
TEXT = "The verdicts and results of all benchmarks. A row of the table leads to its run."


def overview() -> str:
    """The JSON of the dashboard."""
    variables = (
        some_of("namespace", "Namespace", "label_values(inferometer_runs, namespace)"),
        some_of("model", "Model", 'label_values(inferometer_run_info{namespace=~"$namespace"}, model)'),
        some_of("schedule", "Schedule", 'label_values(inferometer_run_info{namespace=~"$namespace"}, schedule)'),
    )
    return board(
        "overview",
        TEXT,
        Span("now-24h", "30s"),
        variables,
        (
            Row("At a glance", (*_glance(), _by_verdict(), _reasons())),
            Row("Latest verdicts", (_latest(),)),
            Row("Results and trends", (_rates(), _latencies(), _verdicts_over_time(), _phases())),
        ),
    )


def _glance() -> tuple[Panel, ...]:
    def about(title: str, text: str, thresholds: tuple[Threshold, ...] = PLAIN, *mappings: ValueMap) -> About:
        return About(title, text, "short", 4, 4, decimals=0, thresholds=thresholds, mappings=mappings)

    phase = gauge("inferometer_runs", OF_NAMESPACE + ', phase=~"{}"', "namespace, phase")
    going_on, waiting = (
        phase.replace("{}", "Starting|Running|Finishing|Stopping"),
        phase.replace("{}", "Pending|Suspended"),
    )
    late = gauge("inferometer_schedule_missed_streak", OF_NAMESPACE, "namespace, schedule")
    invalid = gauge("inferometer_schedule_invalid_streak", OF_NAMESPACE, "namespace, schedule")
    operator = worded({"0": ("DOWN", RED), "1": ("up", "green")})
    return (
        figure(
            about(
                "Operator",
                "Whether an operator is seen. While it is down no benchmark starts and no schedule is followed; runs"
                " that are measured go on. See docs/alerts.md, InferometerOperatorDown.",
                SOME_IS_GOOD,
                operator,
            ),
            Query("clamp_max(count(inferometer_operator_build_info), 1) or vector(0)"),
        ),
        figure(
            about("Going on", "Runs that hold servers now, from their start to the release of their GPUs."),
            Query(f"sum({going_on}) or vector(0)"),
        ),
        figure(
            about(
                "Waiting",
                "Runs that are pending or suspended. One that stays here waits for a person (`suspend`) or for the"
                " operator.",
            ),
            Query(f"sum({waiting}) or vector(0)"),
        ),
        figure(
            about(
                "Failed",
                "Runs that ended without a result in the time shown. `kubectl describe ib NAME` and docs/reasons.md"
                " say why and what to do.",
                NONE_IS_GOOD,
            ),
            Query(counted(f"{of_runs('inferometer_run_phase', where='phase="Failed"')} {JUST_ENDED}")),
        ),
        figure(
            about(
                "Schedules not valid",
                "Schedules whose newest run was not Valid. The dashboard Schedules says which, and since when.",
                steps((None, "green"), (1, AMBER)),
            ),
            Query(counted(f"{invalid} > 0")),
        ),
        figure(
            about(
                "Schedules late",
                "Schedules whose newest slot started no run. status.missed of the schedule has the reason.",
                NONE_IS_GOOD,
            ),
            Query(counted(f"{late} > 0")),
        ),
    )


def _by_verdict() -> Panel:
    return bars(
        About(
            "Verdicts",
            "Of the runs that ended in the time shown. Invalid broke a rule; Inconclusive was measured so that nobody"
            " can say.",
            "short",
            8,
            6,
            decimals=0,
            overrides=by_name(VERDICTS),
            no_value="no run has ended",
        ),
        Query(f"count by (verdict) ({of_runs('inferometer_run_verdict', 'verdict')} {JUST_ENDED})", "{{verdict}}"),
    )


def _reasons() -> Panel:
    valid = 'inferometer_run_verdict{verdict="Valid"}'
    bad = f"{of_runs('inferometer_run_reason', 'reason')} {JUST_ENDED} unless on ({RUN_KEY}) {valid}"
    return bars(
        About(
            "Why runs were not valid",
            "How many of the runs that ended in the time shown have each reason; a run may have several. Each is in"
            " docs/reasons.md with what to do about it. Many of one kind point to the service (LatencyBoundExceeded),"
            " to the client (ClientInfluenced) or to the cluster (Unschedulable).",
            "short",
            16,
            6,
            decimals=0,
            thresholds=steps((None, BLUE), (1, AMBER)),
        ),
        Query(none_where_empty(f"sort_desc(count by (reason) ({bad}))", "reason"), "{{reason}}"),
    )


def _latest() -> Panel:
    result = any_result(prefix="inferometer_run", where=OF_NAMESPACE, by=RUN_KEY)
    score = gauge("inferometer_run_accuracy", OF_NAMESPACE, f"{RUN_KEY}, metric")
    score = f'max by ({RUN_KEY}, unit) (label_replace({score}, "unit", "$1", "metric", "(.+)"))'
    start, end = (of_runs(f"inferometer_run_{one}_timestamp_seconds") for one in ("start", "completion"))
    planned = gauge("inferometer_run_planned_queries", OF_NAMESPACE, RUN_KEY)
    ratio = f"{of_runs('inferometer_run_completed_queries')} / on ({RUN_KEY}) group_left () ({planned} > 0)"
    p99 = of_runs("inferometer_run_latency_seconds", where='percentile="0.99"')
    return rows(
        About(
            "Benchmarks",
            "The newest 50 of each namespace, and those that go on. Click a name to see its run. A verdict in amber is"
            " no result: look at its reasons before the figures.",
            "short",
            24,
            11,
            no_value="",
        ),
        Column(
            "Benchmark",
            label="benchmark",
            links={"As it goes on": f"{TO_RUN}&from=now-15m&to=now", "Its time": WHOLE_RUN},
        ),
        Column("Namespace", label="namespace"),
        Column("Model", label="model"),
        Column("Scenario", label="scenario"),
        Column("Schedule", label="schedule"),
        Column("Phase", label="phase", query=of_runs("inferometer_run_phase", "phase"), colours=coloured(PHASES)),
        Column("Done", query=ratio, unit="percentunit", decimals=0),
        Column(
            "Verdict", label="verdict", query=of_runs("inferometer_run_verdict", "verdict"), colours=coloured(VERDICTS)
        ),
        Column("Result", query=with_info(f"({result} or {score})"), unit="short", decimals=2),
        Column("Unit", label="unit"),
        Column("p99", query=p99, unit="s", decimals=2),
        Column("Ended ago", query=f"time() - {end}", unit="s", decimals=0),
        Column("From", query=f"({start} - {MARGIN_S}) * 1000", hidden=True),
        Column("To", query=f"({end} + {MARGIN_S}) * 1000", hidden=True),
        sorted_by="Ended ago",
    )


def _rates() -> Panel:
    return graph(
        About(
            "Results in samples/s",
            "A point for each run, when it ended; a line joins the runs of the same namespace, model, scenario and"
            " schedule. A line that falls is a service that got slower, or runs with another load: compare what was"
            " asked for.",
            "suffix: samples/s",
            12,
            9,
        ),
        Query(
            f"max by ({GROUP}) ({with_info(when_new('inferometer_run_result_samples_per_second'))})",
            GROUP_LEGEND,
        ),
        points=True,
        calcs=("lastNotNull", "min", "max"),
    )


def _latencies() -> Panel:
    p99 = when_new("inferometer_run_latency_seconds", OF_NAMESPACE + ', percentile="0.99"')
    return graph(
        About(
            "Latency p99 of each run",
            "Exact, from every query of a run; a point for each, when it ended. A line that rises before a verdict"
            " turns Invalid is the early warning.",
            "s",
            12,
            9,
        ),
        Query(f"max by ({GROUP}) ({with_info(p99)})", GROUP_LEGEND),
        points=True,
        calcs=("lastNotNull", "min", "max"),
    )


def _verdicts_over_time() -> Panel:
    return graph(
        About(
            "Runs by verdict",
            "How many of the runs that exist have each verdict. Old runs leave with their series.",
            "short",
            12,
            8,
            decimals=0,
            overrides=by_name(VERDICTS),
        ),
        Query(f"count by (verdict) ({of_runs('inferometer_run_verdict', 'verdict')})", "{{verdict}}"),
        stacked=True,
    )


def _phases() -> Panel:
    runs = gauge("inferometer_runs", OF_NAMESPACE, "namespace, phase")
    return graph(
        About(
            "Runs by phase",
            "Benchmarks that exist, by phase. Starting for long: pods that are not scheduled or models that do not"
            " load; Stopping for long: pods that do not go.",
            "short",
            12,
            8,
            decimals=0,
            overrides=by_name(PHASES),
        ),
        Query(f"sum by (phase) ({runs}) > 0", "{{phase}}"),
        stacked=True,
    )
