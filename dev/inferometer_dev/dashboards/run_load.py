"""The load of a run as it was sent, and its latency as it went on. From the coordinator, four times a second."""

from __future__ import annotations

from inferometer_dev.dashboards.colours import AMBER, BLUE, BOUND, GREEN, RED, by_name, line, steps
from inferometer_dev.dashboards.panels import About, Panel, Query, density, graph
from inferometer_dev.dashboards.promql import OF_RUN, gauge, quantile, rate

LAG_LIMIT = steps((None, GREEN), (0.01, RED))


def load() -> tuple[Panel, ...]:
    """Rates against the schedule, queries in flight, errors, lag."""
    queries = "inferometer_load_queries"
    return (
        graph(
            About(
                "Rate against the schedule",
                "Queries per second that were due, sent and completed, and the target. Sent below due: the client"
                " can't keep up. Completed below sent: the servers can't, and queries pile up in flight.",
                "reqps",
                12,
                9,
                overrides={
                    "due": line("yellow", 7),
                    "sent": line(BLUE, 4),
                    "completed": line(GREEN),
                    "target": line("text", dashed=True),
                },
            ),
            Query(rate(f"{queries}_due_total", OF_RUN, "benchmark"), "due"),
            Query(rate(f"{queries}_sent_total", OF_RUN, "benchmark"), "sent"),
            Query(rate(f"{queries}_completed_total", OF_RUN, "benchmark"), "completed"),
            Query(gauge("inferometer_load_target_queries_per_second", OF_RUN, "benchmark"), "target"),
            calcs=("mean", "max"),
        ),
        graph(
            About(
                "In flight",
                "Queries that await their answer, by worker. A steady rise is a queue that never empties: the rate is"
                " over what the servers can do.",
                "short",
                6,
                9,
            ),
            Query(f"sum by (worker) (inferometer_load_queries_in_flight{{{OF_RUN}}})", "worker {{worker}}"),
            stacked=True,
        ),
        graph(
            About(
                "Errors",
                "Queries per second that ended without a good answer. Each counts as infinitely slow: look at the"
                " servers' logs of that time.",
                "reqps",
                6,
                9,
                overrides=by_name({"failed": RED}),
                thresholds=steps((None, GREEN), (0.001, RED)),
            ),
            Query(rate(f"{queries}_failed_total", OF_RUN, "benchmark"), "failed"),
        ),
        _send_lag(),
        graph(
            About(
                "Sent by worker",
                "Queries per second of each worker. They should be alike: one that lags behind sits on a busy node.",
                "reqps",
                6,
                8,
            ),
            Query(rate(f"{queries}_sent_total", OF_RUN, "worker"), "worker {{worker}}"),
        ),
        graph(
            About(
                "Workers signed in",
                "Load pods that the coordinator hears from. One less during the run ends it: WorkerLost.",
                "short",
                6,
                8,
                decimals=0,
            ),
            Query(gauge("inferometer_load_connected_workers", OF_RUN, "benchmark"), "workers"),
            steps=True,
        ),
    )


def latency() -> tuple[Panel, ...]:
    """Quantiles beside the bound, and the whole distribution."""
    bucket = "inferometer_load_latency_seconds_bucket"
    colours = by_name({"p 0.5": GREEN, "p 0.9": BLUE, "p 0.99": AMBER}) | {"bound": line(BOUND, dashed=True)}
    return (
        graph(
            About(
                "Latency, live",
                "Quantiles of the last minute's well answered queries, out of a histogram's buckets, and the bound."
                " Close to it here, the verdict hangs on the exact percentiles. Failed queries are not in it: see"
                " Errors.",
                "s",
                12,
                9,
                overrides=colours,
            ),
            *(Query(quantile(fraction, bucket, OF_RUN), f"p {fraction}") for fraction in (0.5, 0.9, 0.99)),
            Query(gauge("inferometer_load_latency_bound_seconds", OF_RUN, "benchmark"), "bound"),
            calcs=("mean", "max"),
        ),
        density(
            About(
                "Latency, all of it",
                "How many queries were how slow. Two bands are two kinds of queries, or a replica that is slower than"
                " the others.",
                "s",
                12,
                9,
            ),
            Query(f"sum by (le) (increase({bucket}{{{OF_RUN}}}[$__rate_interval]))", "{{le}}"),
        ),
    )


def _send_lag() -> Panel:
    bucket = "inferometer_load_send_lag_seconds_bucket"
    return graph(
        About(
            "Send lag",
            "How late queries were sent, by the schedule. Over the line, at 10 ms, the client is saturated: whole CPUs"
            " for the load pods, more workers, or nodes of their own.",
            "s",
            12,
            8,
            thresholds=LAG_LIMIT,
            overrides=by_name({"p 0.5": GREEN, "p 0.99": AMBER}),
        ),
        Query(quantile(0.5, bucket, OF_RUN), "p 0.5"),
        Query(quantile(0.99, bucket, OF_RUN), "p 0.99"),
        line_at_thresholds=True,
        calcs=("mean", "max"),
    )
