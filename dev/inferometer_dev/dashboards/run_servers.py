"""What each replica and its GPUs did: from Triton's own counters, from dcgm-exporter, and from the verdict."""

from __future__ import annotations

from inferometer_dev.dashboards.colours import GREEN, NONE_IS_GOOD, RED, steps
from inferometer_dev.dashboards.panels import About, Panel, Query, bars, graph
from inferometer_dev.dashboards.promql import OF_RUN, OF_SERVERS, each, gauge, gpu, rate
from inferometer_dev.dashboards.tables import Column, rows

OF_MODEL = "pod, model"
MODEL_LEGEND = "{{pod}} {{model}}"
GPU_LEGEND = "{{pod}} {{gpu_uuid}}"
NO_GPU = "no GPU is seen"
A_MEBIBYTE = " * 1048576"


def servers() -> tuple[Panel, ...]:
    """Requests, times and batches by replica, and the exact figures once the run has ended."""
    requests = "nv_inference_request_success"
    compute_us = " + ".join(
        rate(f"nv_inference_compute_{part}_duration_us", OF_SERVERS, OF_MODEL) for part in ("input", "infer", "output")
    )
    return (
        graph(
            About(
                "Requests",
                "Requests per second that each replica answered well. Replicas should be alike: queries are dealt out"
                " by their number.",
                "reqps",
                8,
                8,
            ),
            Query(rate(requests, OF_SERVERS, OF_MODEL), MODEL_LEGEND),
        ),
        graph(
            About(
                "Time in the queue",
                "Mean seconds that a request waited in the replica's queue. More than the computation: the replica is"
                " the bottleneck, or its dynamic batcher waits too long.",
                "s",
                8,
                8,
            ),
            Query(each("nv_inference_queue_duration_us", requests, OF_MODEL), MODEL_LEGEND),
        ),
        graph(
            About(
                "Time in computation",
                "Mean seconds of a request for input, inference and output. A rise at a constant batch size is a"
                " throttled GPU, or a neighbour on it.",
                "s",
                8,
                8,
            ),
            Query(f"({compute_us}) / 1e6 / ({rate(requests, OF_SERVERS, OF_MODEL)} > 0)", MODEL_LEGEND),
        ),
        graph(
            About(
                "Batch size",
                "Mean inferences of an execution. 1 under load means that the model does not batch: see"
                " dynamic_batching in its config.pbtxt.",
                "short",
                8,
                8,
                decimals=1,
            ),
            Query(
                f"{rate('nv_inference_count', OF_SERVERS, OF_MODEL)}"
                f" / ({rate('nv_inference_exec_count', OF_SERVERS, OF_MODEL)} > 0)",
                MODEL_LEGEND,
            ),
        ),
        graph(
            About(
                "Pending requests",
                "Requests that wait for an execution. A steady rise is a rate over what the replica can do.",
                "short",
                8,
                8,
            ),
            Query(gauge("nv_inference_pending_request_count", OF_SERVERS, OF_MODEL), MODEL_LEGEND),
        ),
        graph(
            About(
                "Failed requests",
                "Requests per second that a replica refused or failed. Its log says why.",
                "reqps",
                8,
                8,
                thresholds=steps((None, GREEN), (0.001, RED)),
            ),
            Query(rate("nv_inference_request_failure", OF_SERVERS, OF_MODEL), MODEL_LEGEND),
        ),
        _exact(),
        bars(
            About(
                "Share of the queries",
                "Which part of all queries each replica was asked, as the verdict counts it. Uneven shares with an even"
                " schedule are a replica that was lost or restarted.",
                "percentunit",
                8,
                7,
                decimals=1,
                no_value="none yet",
            ),
            Query(gauge("inferometer_run_replica_share_ratio", OF_RUN, "replica"), "{{replica}}"),
            most=1,
        ),
    )


def _exact() -> Panel:
    def of(figure: str, where: str = OF_RUN) -> str:
        return gauge(f"inferometer_run_replica_{figure}", where, "replica")

    return rows(
        About(
            "Replicas",
            "Each replica in the report: where it ran, and its exact figures once the run has ended. One that is slower"
            " than the others sits on another kind of node, or has a neighbour.",
            "short",
            16,
            7,
        ),
        Column("Replica", label="replica"),
        Column("Node", label="node", query=gauge("inferometer_run_replica_info", OF_RUN, "replica, node, gpu")),
        Column("GPU", label="gpu"),
        Column("Queries", query=of("queries"), unit="short"),
        Column("p99", query=of("latency_seconds", OF_RUN + ', percentile="0.99"'), unit="s", decimals=2),
        Column("Mean in queue", query=of("queue_seconds"), unit="s", decimals=2),
        Column("Mean in computation", query=of("compute_seconds"), unit="s", decimals=2),
        sorted_by="Replica",
    )


def gpus() -> tuple[Panel, ...]:
    """From Triton's nv_gpu_* or from dcgm-exporter, whichever is there."""
    return (
        graph(
            About(
                "GPU utilisation",
                "Share of time in which the GPU did something. Low under full load: the batches are small, or the time"
                " goes into moving data.",
                "percentunit",
                6,
                8,
                no_value=NO_GPU,
            ),
            Query(gpu("nv_gpu_utilization", "DCGM_FI_DEV_GPU_UTIL", " / 100"), GPU_LEGEND),
        ),
        graph(
            About(
                "GPU memory used",
                "A rise over the run is a leak in a model; close to the card's size the next model instance does not"
                " fit.",
                "bytes",
                6,
                8,
                no_value=NO_GPU,
            ),
            Query(gpu("nv_gpu_memory_used_bytes", "DCGM_FI_DEV_FB_USED", A_MEBIBYTE), GPU_LEGEND),
        ),
        graph(
            About(
                "GPU power",
                "Draw of each GPU. Flat at the limit is throttling: figures of two runs compare only at the same"
                " limit.",
                "watt",
                6,
                8,
                no_value=NO_GPU,
            ),
            Query(gpu("nv_gpu_power_usage", "DCGM_FI_DEV_POWER_USAGE"), GPU_LEGEND),
        ),
        graph(
            About(
                "GPU errors (XID)",
                "The number of the last XID error, 0 for none; from dcgm-exporter alone. Any other number taints the"
                " run: NVIDIA's list of XIDs says whether the card must go.",
                "none",
                6,
                8,
                decimals=0,
                thresholds=NONE_IS_GOOD,
                no_value="no dcgm-exporter is seen",
            ),
            Query(gpu("", "DCGM_FI_DEV_XID_ERRORS"), GPU_LEGEND),
            steps=True,
        ),
    )
