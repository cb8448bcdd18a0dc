"""Run: one benchmark, as it goes on and afterwards."""

from __future__ import annotations

from inferometer_dev.dashboards.board import Row, Span, board, one_of
from inferometer_dev.dashboards.run_load import latency, load
from inferometer_dev.dashboards.run_servers import gpus, servers
from inferometer_dev.dashboards.run_verdict import verdict

TEXT = "One run: what came out, how the load was kept, what each replica did, and what its GPUs did meanwhile."


def run() -> str:
    """The JSON of the dashboard."""
    variables = (
        one_of("namespace", "Namespace", "label_values(inferometer_run_info, namespace)"),
        one_of("benchmark", "Benchmark", 'label_values(inferometer_run_info{namespace=~"$namespace"}, benchmark)'),
    )
    return board(
        "run",
        TEXT,
        Span("now-15m", "5s"),
        variables,
        (
            Row("What came out", verdict()),
            Row("Load", load()),
            Row("Latency", latency()),
            Row("Servers: what each replica did", servers()),
            Row("GPUs", gpus()),
        ),
    )
