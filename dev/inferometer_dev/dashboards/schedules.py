"""Schedules: whether their slots are kept, and whether what they measure gets slower."""

from __future__ import annotations

from inferometer_dev.dashboards.board import Row, Span, board, some_of
from inferometer_dev.dashboards.colours import (
    AMBER,
    GREEN,
    NONE_IS_GOOD,
    RED,
    steps,
    worded,
)
from inferometer_dev.dashboards.panels import About, Panel, Query, figure, graph
from inferometer_dev.dashboards.promql import OF_SCHEDULE, counted
from inferometer_dev.dashboards.schedules_results import (
    KEY,
    LEGEND,
    SLOWER,
    change,
    changes,
    last_runs,
    of_schedules,
    outcomes,
    trends,
)
from inferometer_dev.dashboards.tables import Column, rows

STREAK = steps((None, GREEN), (1, AMBER), (2, RED))
"""From 2 on InferometerInvalidStreak fires."""
YES_NO = worded({"0": ("no", RED), "1": ("yes", GREEN)})
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
            Row("Slower or not", (*trends(), *changes())),
            Row("The last runs", (last_runs(), outcomes())),
            Row("Slots and streaks", _slots()),
        ),
    )


def _glance() -> tuple[Panel, ...]:
    return (
        figure(
            About("In all", "Schedules that exist, suspended ones included.", "short", 4, 4, decimals=0),
            Query(counted(of_schedules("suspended"))),
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
            Query(counted(f"{of_schedules('suspended')} == 1")),
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
            Query(counted(f"{of_schedules('accepted')} == 0")),
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
            Query(counted(f"{of_schedules('missed_streak')} > 0")),
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
            Query(f"max({of_schedules('invalid_streak')}) or vector(0)"),
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
            Query(f"min({of_schedules('next_slot_timestamp_seconds')}) - time()"),
            filled=False,
        ),
    )


def _each() -> Panel:
    info = of_schedules("info", f"{KEY}, cron, time_zone, concurrency_policy, model, scenario")
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
        Column("On time", query=of_schedules("on_time"), colours=YES_NO),
        Column("Last run valid", query=of_schedules("last_run_valid"), colours=YES_NO),
        Column("Not valid in a row", query=of_schedules("invalid_streak"), unit="short", thresholds=STREAK),
        Column("Missed in a row", query=of_schedules("missed_streak"), unit="short", thresholds=NONE_IS_GOOD),
        Column("p99, change", query=change("p99"), unit="percentunit", decimals=1, thresholds=SLOWER),
        Column("Result, change", query=change("value"), unit="percentunit", decimals=1),
        Column("Missed in all", query=of_schedules("missed_slots_total"), unit="short"),
        Column("Going on", query=of_schedules("active_runs"), unit="short"),
        Column("Last slot ago", query=f"time() - {of_schedules('last_slot_timestamp_seconds')}", unit="s", decimals=0),
        Column("Next slot in", query=f"{of_schedules('next_slot_timestamp_seconds')} - time()", unit="s", decimals=0),
        sorted_by="Schedule",
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
            Query(of_schedules("invalid_streak"), LEGEND),
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
            Query(of_schedules("waiting_slots"), f"{LEGEND} waiting"),
            Query(of_schedules("active_runs"), f"{LEGEND} going on"),
            steps=True,
        ),
    )
