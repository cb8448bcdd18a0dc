"""Parts that many queries are made of.

Every gauge of the operator is asked for by `max by (...)`: for some minutes after a restart there are two of each, from
the old pod and the new one, and who scrapes pods and services has two always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OF_NAMESPACE = 'namespace=~"$namespace"'
OF_RUN = 'namespace=~"$namespace", benchmark=~"$benchmark"'
OF_SCHEDULE = 'namespace=~"$namespace", schedule=~"$schedule"'
OF_SERVERS = 'namespace=~"$namespace", pod=~"$benchmark-server-[0-9]+"'
"""The Triton pods of a run. By their names, as every scraper calls pods; other labels depend on its configuration."""

RUN_KEY = "namespace, benchmark"
SELECTED = f'{OF_NAMESPACE}, model=~"$model", schedule=~"$schedule"'
INFO = f"max by ({RUN_KEY}, model, scenario, schedule) (inferometer_run_info{{{SELECTED}}})"
RATE = "$__rate_interval"


def gauge(metric: str, where: str, by: str) -> str:
    """A gauge, once each."""
    return f"max by ({by}) ({metric}{{{where}}})"


def of_runs(metric: str, *labels: str, where: str = "") -> str:
    """A gauge of the runs that the variables select, with model, scenario and schedule beside `labels`."""
    matchers = ", ".join(filter(None, (OF_NAMESPACE, where)))
    return with_info(gauge(metric, matchers, ", ".join((RUN_KEY, *labels))))


def with_info(expr: str) -> str:
    """The runs that the variables select, with model, scenario and schedule."""
    return f"{expr} * on ({RUN_KEY}) group_left (model, scenario, schedule) {INFO}"


def when_new(metric: str, where: str = OF_NAMESPACE, by: str = RUN_KEY) -> str:
    """A gauge at the one step of a graph at which it is seen first: a point for each run, where it ended."""
    now = gauge(metric, where, by)
    return f"({now} unless on ({RUN_KEY}) {metric}{{{where}}} offset $__interval)"


def coded(metric: str, label: str, codes: Mapping[str, int], where: str) -> str:
    """Which of the words a label has now, as the word's number: one series where there is one a word."""
    words = (f'({metric}{{{where}, {label}="{word}"}} == 1) * {code}' for word, code in codes.items())
    return f"max({' or '.join(words)})"


def any_result(*, prefix: str, where: str, by: str) -> str:
    """The result whatever its unit, which becomes the label `unit`; latencies in milliseconds."""
    figures = (("samples_per_second", "samples/s", ""), ("latency_seconds", "ms", " * 1000"))
    found = [
        _with_unit(gauge(f"{prefix}_result_{name}", where, by) + scale, unit)
        for name, unit, scale in (*figures, ("samples_per_query", "samples/query", ""))
    ]
    return " or ".join(found)


def _with_unit(expr: str, unit: str) -> str:
    return f'label_replace({expr}, "unit", "{unit}", "", "")'


def rate(metric: str, where: str, by: str) -> str:
    """How fast counters grow."""
    return f"sum by ({by}) (rate({metric}{{{where}}}[{RATE}]))"


def quantile(fraction: float, bucket: str, where: str, by: str = "") -> str:
    """Of a histogram's last minute or so."""
    return f"histogram_quantile({fraction}, {rate(bucket, where, ', '.join(filter(None, ('le', by))))})"


def each(above_us: str, below: str, by: str) -> str:
    """Microseconds of a Triton's counter for each of what another counts, in seconds; absent where there was none."""
    return f"{rate(above_us, OF_SERVERS, by)} / 1e6 / ({rate(below, OF_SERVERS, by)} > 0)"


def gpu(triton: str, exporter: str, scale: str = "") -> str:
    """A gauge of the run's GPUs: Triton's own, or dcgm-exporter's times `scale`.

    Triton has none beside another DCGM agent or under MIG. dcgm-exporter names the pod that holds the GPU in `pod`, or
    in `exported_pod` where its scraper does not honour labels.
    """
    exported = OF_SERVERS.replace("namespace=", "exported_namespace=").replace("pod=", "exported_pod=")
    ours = f'label_replace({exporter}{{{OF_SERVERS}}}, "gpu_uuid", "$1", "UUID", "(.+)")'
    theirs = f'label_replace({exporter}{{{exported}}}, "gpu_uuid", "$1", "UUID", "(.+)")'
    theirs = f'label_replace({theirs}, "pod", "$1", "exported_pod", "(.+)")'
    by = "max by (pod, gpu_uuid)"
    found = [f"{by} ({triton}{{{OF_SERVERS}}})"] if triton else []
    return " or ".join([*found, f"{by} ({ours}){scale}", f"{by} ({theirs}){scale}"])


def none_where_empty(expr: str, label: str, word: str = "none") -> str:
    """What counts something bad: 0 under a word rather than no data where there is nothing."""
    return f'({expr}) or on () label_replace(vector(0), "{label}", "{word}", "", "")'


def counted(expr: str) -> str:
    """How many there are, 0 included."""
    return f"count({expr}) or vector(0)"
