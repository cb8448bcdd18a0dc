"""Schedules: whether their slots are kept, and whether what they measure gets slower."""

from __future__ import annotations

from inferometer_dev.dashboards.board import TO_RUN, Row, Span, board, some_of
from inferometer_dev.dashboards.colours import (
    AMBER,
    BLUE,
    GREEN,
    NONE_IS_GOOD,
    OUTCOMES,
    RED,
    by_name,
    coloured,
    steps,
    worded,
)
from inferometer_dev.dashboards.panels import About, Panel, Query, bars, figure, graph
from inferometer_dev.dashboards.promql import OF_SCHEDULE, any_result, counted, gauge, none_where_empty
from inferometer_dev.dashboards.tables import Column, rows

KEY = "namespace, schedule"
RUN = f"{KEY}, benchmark"
LEGEND = "{{namespace}}/{{schedule}}"
STREAK = steps((None, GREEN), (1, AMBER), (2, RED))
"""From 2 on InferometerInvalidStreak fires."""
SLOWER = steps((None, GREEN), (0.1, AMBER), (0.25, RED))
"""Of a latency against the valid run before: a guess at what deserves a look, and no test of significance."""
FEWER = steps((None, RED), (-0.1, AMBER), (-0.02, GREEN))
YES_NO = worded({"0": ("no", RED), "1": ("yes", GREEN)})
NEWEST = (
    f"(max by ({RUN}) (inferometer_schedule_run_timestamp_seconds{{{OF_SCHEDULE}}})"
    f" == on ({KEY}) group_left () max by ({KEY}) (inferometer_schedule_run_timestamp_seconds{{{OF_SCHEDULE}}}))"
)
"""The newest run of each schedule, at each time of a graph."""
TEXT = "What the schedules did: slots kept and missed, streaks, and the last results beside those before."


def schedules() -> str:
    """The JSON of the dashboard."""
    variables = (
        some_of("namespace", "Namespace", "label_values(inferometer_schedule_info, namespace)"),
        some_of("schedule", "Schedule", 'label_values(inferometer_schedule_info{namespace=~"$namespace"}, schedule)'),
    )
    return board(
        "schedules",
        TEXT,
        Span("now-7d", "1m"),
        variables,
        (
            Row("At a glance", _glance()),
            Row("Schedules", (_each(),)),
            Row("Slower or not", (*_trends(), *_changes())),
            Row("The last runs", (_runs(), _outcomes())),
            Row("Slots and streaks", _slots()),
        ),
    )


def _of(metric: str, by: str = KEY, where: str = OF_SCHEDULE) -> str:
    return gauge(f"inferometer_schedule_{metric}", where, by)


def _glance() -> tuple[Panel, ...]:
    return (
        figure(
            About("In all", "Schedules that exist, suspended ones included.", "short", 4, 4, decimals=0),
            Query(counted(_of("suspended"))),
        ),
        figure(
            About(
                "Suspended",
                "Schedules that start nothing because their `suspend` says so.",
                "short",
                4,
                4,
                decimals=0,
                thresholds=steps((None, GREEN), (1, AMBER)),
            ),
            Query(counted(f"{_of('suspended')} == 1")),
        ),
        figure(
            About(
                "Not accepted",
                "Schedules that can have no slots: the condition Accepted says which field, and the remedy.",
                "short",
                4,
                4,
                decimals=0,
                thresholds=NONE_IS_GOOD,
            ),
            Query(counted(f"{_of('accepted')} == 0")),
        ),
        figure(
            About(
                "Late",
                "Schedules whose newest slot started no run. status.missed has the reason; docs/alerts.md the"
                " remedies.",
                "short",
                4,
                4,
                decimals=0,
                thresholds=NONE_IS_GOOD,
            ),
            Query(counted(f"{_of('missed_streak')} > 0")),
        ),
        figure(
            About(
                "Longest streak not valid",
                "Runs in a row of one schedule that were not Valid. Two or more are no chance: look at their reasons"
                " below.",
                "short",
                4,
                4,
                decimals=0,
                thresholds=STREAK,
            ),
            Query(f"max({_of('invalid_streak')}) or vector(0)"),
        ),
        figure(
            About(
                "Next slot in",
                "When the next run is due. Nothing is due where all schedules are suspended or not accepted.",
                "s",
                4,
                4,
                decimals=0,
                no_value="nothing is due",
            ),
            Query(f"min({_of('next_slot_timestamp_seconds')}) - time()"),
            filled=False,
        ),
    )


def _each() -> Panel:
    info = _of("info", f"{KEY}, cron, time_zone, concurrency_policy, model, scenario")
    return rows(
        About(
            "Schedules",
            "By what each goes, and how it fares. `kubectl describe ibs NAME` shows the last runs with their reasons.",
            "short",
            24,
            8,
        ),
        Column("Namespace", label="namespace"),
        Column("Schedule", label="schedule", query=info),
        Column("Cron", label="cron"),
        Column("Time zone", label="time_zone"),
        Column("Policy", label="concurrency_policy"),
        Column("Model", label="model"),
        Column("Scenario", label="scenario"),
        Column("On time", query=_of("on_time"), colours=YES_NO),
        Column("Last run valid", query=_of("last_run_valid"), colours=YES_NO),
        Column("Not valid in a row", query=_of("invalid_streak"), unit="short", thresholds=STREAK),
        Column("Missed in a row", query=_of("missed_streak"), unit="short", thresholds=NONE_IS_GOOD),
        Column("Missed in all", query=_of("missed_slots_total"), unit="short"),
        Column("Going on", query=_of("active_runs"), unit="short"),
        Column("Last slot ago", query=f"time() - {_of('last_slot_timestamp_seconds')}", unit="s", decimals=0),
        Column("Next slot in", query=f"{_of('next_slot_timestamp_seconds')} - time()", unit="s", decimals=0),
        sorted_by="Schedule",
    )


def _trends() -> tuple[Panel, ...]:
    p99 = _of("run_latency_seconds", RUN, OF_SCHEDULE + ', percentile="0.99"')
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
            Query(_of("median_latency_seconds", KEY, OF_SCHEDULE + ', percentile="0.99"'), f"{LEGEND} median before"),
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


def _changes() -> tuple[Panel, ...]:
    def change(figure_: str) -> Query:
        return Query(_of("change_ratio", KEY, f'{OF_SCHEDULE}, figure="{figure_}"'), LEGEND)

    nothing = "no two valid runs yet"
    return (
        bars(
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
            change("p99"),
            least=-0.5,
            most=0.5,
        ),
        bars(
            About(
                "Change of the result",
                "Of the newest run against the valid run before it, of scenarios whose result is a rate: -10 % is a"
                " tenth less. A result that is a latency is better when it falls: the panel beside has it.",
                "percentunit",
                12,
                7,
                decimals=1,
                thresholds=FEWER,
                no_value=nothing,
            ),
            change("value"),
            least=-0.5,
            most=0.5,
        ),
    )


def _runs() -> Panel:
    result = any_result(prefix="inferometer_schedule_run", where=OF_SCHEDULE, by=RUN)

    def latency(percentile: str) -> str:
        return _of("run_latency_seconds", RUN, f'{OF_SCHEDULE}, percentile="{percentile}"')

    time = _of("run_timestamp_seconds", RUN)
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
            "Outcome", label="outcome", query=_of("run_outcome", f"{RUN}, outcome, reason"), colours=coloured(OUTCOMES)
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


def _outcomes() -> Panel:
    outcomes = _of("run_outcome", f"{RUN}, outcome")
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
        Query(none_where_empty(f"count by (outcome) ({outcomes})", "outcome", "none yet"), "{{outcome}}"),
    )


def _slots() -> tuple[Panel, ...]:
    missed = f"sum by ({KEY}) (increase(inferometer_schedule_missed_slots_total{{{OF_SCHEDULE}}}[$__rate_interval]))"
    return (
        graph(
            About(
                "Missed slots",
                "Slots that started no run, when they were missed. At a fixed hour: a run takes longer than its slots"
                " are apart. All at once: the operator was down.",
                "short",
                8,
                8,
                decimals=0,
            ),
            Query(missed, LEGEND),
            calcs=("sum",),
        ),
        graph(
            About(
                "Not valid in a row",
                "Runs in a row up to the newest that were not Valid. It falls to 0 with the next valid run.",
                "short",
                8,
                8,
                decimals=0,
                thresholds=STREAK,
            ),
            Query(_of("invalid_streak"), LEGEND),
            steps=True,
        ),
        graph(
            About(
                "Waiting and going on",
                "Slots that wait for runs to finish (policy Queue, Replace), and runs whose end was not recorded yet."
                " Waiting that does not end is a run that is stuck.",
                "short",
                8,
                8,
                decimals=0,
            ),
            Query(_of("waiting_slots"), f"{LEGEND} waiting"),
            Query(_of("active_runs"), f"{LEGEND} going on"),
            steps=True,
        ),
    )
