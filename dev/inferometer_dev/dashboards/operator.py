"""Operator: whether it keeps up with its work, and what it costs."""

from __future__ import annotations

from inferometer_dev.dashboards.board import Row, Span, board
from inferometer_dev.dashboards.colours import GREEN, NONE_IS_GOOD, PHASES, RED, SOME_IS_GOOD, by_name, steps, worded
from inferometer_dev.dashboards.panels import About, Panel, Query, density, figure, graph
from inferometer_dev.dashboards.promql import RATE, none_where_empty, quantile, rate
from inferometer_dev.dashboards.tables import Column, rows

OWN = "inferometer_operator_"
ITS_PROCESS = f"and on (job, instance) {OWN}build_info"
"""Of all processes that a Prometheus knows the operator's: who has its build_info."""
SOME_ERRORS = steps((None, GREEN), (0.001, RED))
TEXT = "The operator's own work. It waits most of the time: a busy one has something to tell."


def operator() -> str:
    """The JSON of the dashboard."""
    return board(
        "operator",
        TEXT,
        Span("now-3h", "30s"),
        (),
        (
            Row("At a glance", _glance()),
            Row("Looks at objects", _looks()),
            Row("Calls of the API server", _calls()),
            Row("Runs", _runs()),
            Row("Process", _process()),
        ),
    )


def _glance() -> tuple[Panel, ...]:
    errors = f"sum(increase({OWN}reconcile_errors_total[15m]))"
    return (
        figure(
            About(
                "Operator",
                "Whether an operator is seen. `kubectl get pods -n inferometer-system`, or Prometheus does not find"
                " it: it must be among Status > Targets.",
                "short",
                4,
                4,
                thresholds=SOME_IS_GOOD,
                mappings=(worded({"0": ("DOWN", RED), "1": ("up", GREEN)}),),
            ),
            Query(f"clamp_max(count({OWN}build_info), 1) or vector(0)"),
        ),
        figure(
            About(
                "Up for",
                "Since when the process runs. Restarts again and again: `kubectl describe pod`, its last state.",
                "s",
                4,
                4,
                decimals=0,
            ),
            Query(f"time() - max(process_start_time_seconds {ITS_PROCESS})"),
            filled=False,
        ),
        figure(
            About(
                "Errors in 15 min",
                "Looks at an object that failed. More than 5 fire InferometerOperatorErrors; the log names the"
                " objects.",
                "short",
                4,
                4,
                decimals=0,
                thresholds=steps((None, GREEN), (1, "orange"), (5, RED)),
            ),
            Query(f"{errors} or vector(0)"),
        ),
        figure(
            About(
                "Ready to be looked at",
                "Objects that wait for their turn now. More than some for minutes: the operator does not keep up.",
                "short",
                4,
                4,
                decimals=0,
                thresholds=steps((None, GREEN), (20, "orange"), (100, RED)),
            ),
            Query(f"sum({OWN}queue_ready)"),
        ),
        rows(
            About(
                "What runs",
                "Versions of the operator and its Python: two rows are two operators, and one too many.",
                "short",
                8,
                4,
            ),
            Column("Version", label="version", query=f"max by (version, python_version, instance) ({OWN}build_info)"),
            Column("Python", label="python_version"),
            Column("Instance", label="instance"),
            sorted_by="Version",
        ),
    )


def _looks() -> tuple[Panel, ...]:
    bucket = f"{OWN}reconcile_duration_seconds_bucket"
    errors = f"sum by (controller, kind) (rate({OWN}reconcile_errors_total[{RATE}]))"
    return (
        graph(
            About(
                "How long a look takes",
                "The 50th and 99th percentile by controller. Seconds are answers that do not come: the API server's,"
                " or a coordinator's behind a network policy.",
                "s",
                12,
                8,
            ),
            Query(quantile(0.5, bucket, "", "controller"), "{{controller}} p 0.5"),
            Query(quantile(0.99, bucket, "", "controller"), "{{controller}} p 0.99"),
        ),
        density(
            About(
                "How long looks take, all of them",
                "Most belong under 10 ms: nothing was to be done. A band that climbs is an API server that got slower.",
                "s",
                12,
                8,
            ),
            Query(f"sum by (le) (increase({bucket}[{RATE}]))", "{{le}}"),
        ),
        graph(
            About(
                "Looks by what came of them",
                "Per second. Changed for long: somebody else writes the same objects. Refused and Fault have alerts.",
                "ops",
                8,
                8,
                overrides=by_name(
                    {"Done": GREEN, "Changed": "blue", "Gone": "#808080", "Refused": "orange", "Fault": RED}
                ),
            ),
            Query(f"sum by (outcome) (rate({OWN}reconciles_total[{RATE}]))", "{{outcome}}"),
            stacked=True,
        ),
        graph(
            About(
                "Errors",
                "Per second. Refused: a quota, a policy, missing rights, or a network policy before the coordinators."
                " Fault: a fault of the operator, with its traceback in the log; please report it.",
                "ops",
                8,
                8,
                thresholds=SOME_ERRORS,
            ),
            Query(errors, "{{controller}} {{kind}}"),
        ),
        graph(
            About(
                "Queue",
                "Objects that will be looked at again some time, and those whose time has come. The second should be 0"
                " most of the time.",
                "short",
                8,
                8,
                decimals=0,
            ),
            Query(f"max by (controller) ({OWN}queue_depth)", "{{controller}} in all"),
            Query(f"max by (controller) ({OWN}queue_ready)", "{{controller}} ready"),
        ),
    )


def _calls() -> tuple[Panel, ...]:
    calls = f"{OWN}api_requests_total"
    return (
        graph(
            About(
                "Calls by verb and resource",
                "Per second, without watches. At rest there are next to none; patches of a status that do not end are"
                " two operators that contradict each other.",
                "reqps",
                12,
                8,
            ),
            Query(f"{rate(calls, '', 'verb, resource')} > 0", "{{verb}} {{resource}}"),
            stacked=True,
            calcs=("mean", "max"),
        ),
        graph(
            About(
                "Calls that were not answered well",
                "Per second by HTTP's code; `none` is no answer at all. 404 and 409 happen when others change the same"
                " objects; 403 is a missing right, 429 an API server under load, 5xx its trouble.",
                "reqps",
                12,
                8,
            ),
            Query(
                none_where_empty(rate(calls, 'code!~"2.."', "verb, resource, code"), "code", "no bad answer"),
                "{{verb}} {{resource}} {{code}}",
            ),
            calcs=("mean", "max"),
        ),
    )


def _runs() -> tuple[Panel, ...]:
    return (
        graph(
            About(
                "Runs by phase",
                "Benchmarks that exist in all namespaces. They are as many as nobody deletes:"
                " runPolicy.ttlAfterFinished and the history limits of schedules do.",
                "short",
                16,
                8,
                decimals=0,
                overrides=by_name(PHASES),
            ),
            Query("sum by (phase) (max by (namespace, phase) (inferometer_runs)) > 0", "{{phase}}"),
            stacked=True,
        ),
        graph(
            About(
                "Runs without series",
                "Finished runs beyond the newest 50 of a namespace: they are in no panel. Delete what nobody needs.",
                "short",
                8,
                8,
                decimals=0,
                thresholds=NONE_IS_GOOD,
            ),
            Query("max by (namespace) (inferometer_runs_without_series)", "{{namespace}}"),
        ),
    )


def _process() -> tuple[Panel, ...]:
    return (
        graph(
            About(
                "Memory",
                "Resident set of the process; the chart's limit is 512 MiB. It follows the number of objects: a rise"
                " without more of them is a leak, please report it.",
                "bytes",
                6,
                8,
            ),
            Query(f"process_resident_memory_bytes {ITS_PROCESS}", "{{instance}}"),
        ),
        graph(
            About(
                "CPU",
                "Cores in use. Some hundredths at rest; a whole core for long is an operator that does not keep up.",
                "short",
                6,
                8,
                decimals=3,
            ),
            Query(f"rate(process_cpu_seconds_total[{RATE}]) {ITS_PROCESS}", "{{instance}}"),
        ),
        graph(
            About(
                "Open files",
                "Sockets above all: a rise without an end is connections that nobody closes.",
                "short",
                6,
                8,
                decimals=0,
            ),
            Query(f"process_open_fds {ITS_PROCESS}", "{{instance}}"),
        ),
        graph(
            About(
                "Scraped",
                "Whether Prometheus could read the operator's page: 0 where it was there within the last hour and does"
                " not answer.",
                "short",
                6,
                8,
                decimals=0,
            ),
            Query(f"up and on (job, instance) last_over_time({OWN}build_info[1h])", "{{instance}}"),
            steps=True,
            calcs=("lastNotNull", "min"),
        ),
    )
