"""What the schedules' runs measured, beside what they measured before."""

from __future__ import annotations

from inferometer_dev.dashboards.board import TO_RUN
from inferometer_dev.dashboards.colours import AMBER, BLUE, GREEN, OUTCOMES, RED, by_name, coloured, steps
from inferometer_dev.dashboards.panels import About, Panel, Query, bars, graph
from inferometer_dev.dashboards.promql import OF_SCHEDULE, any_result, gauge, none_where_empty
from inferometer_dev.dashboards.tables import Column, rows

KEY = "namespace, schedule"
RUN = f"{KEY}, benchmark"
LEGEND = "{{namespace}}/{{schedule}}"
SLOWER = steps((None, GREEN), (0.1, AMBER), (0.25, RED))
"""Of a latency against the valid run before: a guess at what deserves a look, and no test of significance."""
NEWEST = (
    f"(max by ({RUN}) (inferometer_schedule_run_timestamp_seconds{{{OF_SCHEDULE}}})"
    f" == on ({KEY}) group_left () max by ({KEY}) (inferometer_schedule_run_timestamp_seconds{{{OF_SCHEDULE}}}))"
)
"""The newest run of each schedule, at each time of a graph."""


def of_schedules(metric: str, by: str = KEY, where: str = OF_SCHEDULE) -> str:
    """A gauge of the schedules that the variables select, or of their runs."""
    return gauge(f"inferometer_schedule_{metric}", where, by)


def trends() -> tuple[Panel, ...]:
    """Latency and result over time."""
    p99 = of_schedules("run_latency_seconds", RUN, OF_SCHEDULE + ', percentile="0.99"')
    result = any_result(prefix="inferometer_schedule_run", where=OF_SCHEDULE, by=RUN)
    return (
        graph(
            About(
                "Latency p99 of the newest run",
                "Exact, a step where a run ended, beside the median of the valid runs before it. A step up that stays"
                " is a service that got slower; one that comes and goes is noise of the cluster.",
                "s",
                12,
                9,
            ),
            Query(f"max by ({KEY}) ({p99} and on ({RUN}) {NEWEST})", LEGEND),
            Query(
                of_schedules("median_latency_seconds", KEY, OF_SCHEDULE + ', percentile="0.99"'),
                f"{LEGEND} median before",
            ),
            steps=True,
            calcs=("lastNotNull", "min", "max"),
        ),
        graph(
            About(
                "Result of the newest run",
                "The figure of its scenario, in the unit of the legend; a step where a run ended. A rate that was"
                " asked for stays the same while the service keeps up: look at the latency beside it.",
                "short",
                12,
                9,
                decimals=2,
            ),
            Query(f"max by ({KEY}, unit) (({result}) and on ({RUN}) {NEWEST})", f"{LEGEND} ({{{{unit}}}})"),
            steps=True,
            calcs=("lastNotNull", "min", "max"),
        ),
    )


def change(figure_: str) -> str:
    """Of the newest run against the valid run before it: `value`, `p50` or `p99`."""
    return of_schedules("change_ratio", KEY, f'{OF_SCHEDULE}, figure="{figure_}"')


def changes() -> tuple[Panel, ...]:
    """Against the valid run before, over time."""
    nothing = "no two valid runs yet"
    return (
        graph(
            About(
                "Change of p99",
                "Of the newest run against the valid run before it: 10 % is a tenth slower. Two runs prove nothing; a"
                " change that stays in the next run deserves a look.",
                "percentunit",
                12,
                7,
                decimals=1,
                thresholds=SLOWER,
                no_value=nothing,
            ),
            Query(change("p99"), LEGEND),
            steps=True,
            line_at_thresholds=True,
        ),
        graph(
            About(
                "Change of the result",
                "Of the newest run against the valid run before it: -10 % is a tenth less of a rate, or a tenth faster"
                " where the result is a latency.",
                "percentunit",
                12,
                7,
                decimals=1,
                no_value=nothing,
            ),
            Query(change("value"), LEGEND),
            steps=True,
            calcs=("lastNotNull", "min", "max"),
        ),
    )


def last_runs() -> Panel:
    """Each of the last ten."""
    result = any_result(prefix="inferometer_schedule_run", where=OF_SCHEDULE, by=RUN)

    def latency(percentile: str) -> str:
        return of_schedules("run_latency_seconds", RUN, f'{OF_SCHEDULE}, percentile="{percentile}"')

    time = of_schedules("run_timestamp_seconds", RUN)
    return rows(
        About(
            "The last ten runs of each schedule",
            "How each ended, and its figures. Click a name to see the run, as long as it is kept.",
            "short",
            16,
            11,
        ),
        Column("Namespace", label="namespace"),
        Column("Schedule", label="schedule"),
        Column(
            "Benchmark",
            label="benchmark",
            links={"The run": f"{TO_RUN}&from=${{__data.fields.From.numeric}}&to=${{__data.fields.To.numeric}}"},
        ),
        Column("Slot ago", query=f"time() - {time}", unit="s", decimals=0),
        Column(
            "Outcome",
            label="outcome",
            query=of_schedules("run_outcome", f"{RUN}, outcome, reason"),
            colours=coloured(OUTCOMES),
        ),
        Column("Reason", label="reason"),
        Column("Result", query=result, unit="short", decimals=2),
        Column("Unit", label="unit"),
        Column("p50", query=latency("0.5"), unit="s", decimals=2),
        Column("p99", query=latency("0.99"), unit="s", decimals=2),
        Column("From", query=f"({time} - 60) * 1000", hidden=True),
        Column("To", query=f"({time} + 3600) * 1000", hidden=True),
        sorted_by="Slot ago",
    )


def outcomes() -> Panel:
    """How they ended."""
    ended = of_schedules("run_outcome", f"{RUN}, outcome")
    return bars(
        About(
            "Outcomes",
            "Of the last ten runs of each schedule. Failed are runs that could not be started or were lost; Deleted"
            " ones somebody removed before their end.",
            "short",
            8,
            11,
            decimals=0,
            thresholds=steps((None, BLUE)),
            overrides=by_name(OUTCOMES),
        ),
        Query(none_where_empty(f"count by (outcome) ({ended})", "outcome", "none yet"), "{{outcome}}"),
    )
