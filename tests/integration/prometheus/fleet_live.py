"""The newest run as it went on: pages of its coordinator, its Tritons and of dcgm-exporter, all of them pretended."""

import numpy as np
from msgspec.structs import replace as replaced
from prometheus_client import generate_latest

from inferometer_loadgen.coordinator.live_metrics import Families, LoadMetrics
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.protocol.frames import Progress, Records
from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.verdict.measured import QueryStatus
from unit.verdict.runs import a_plan

from .fleet import GPUS, LIVE, LIVE_S, MINUTE, MS, S, record_the_operator
from .recording import Recording


def the_plan() -> Plan:
    """Of the run that was live: 200 queries a second for eight minutes, two workers."""
    ordinary = a_plan(latency_bound_ns=250 * MS)
    stream = replaced(ordinary.stream, target_qps=200.0, min_duration_ns=480 * S, min_queries=96_000)
    return replaced(ordinary, name=LIVE, stream=stream)


def record_the_live_run(recording: Recording, end_s: float) -> None:
    """The coordinator's, Tritons' and dcgm-exporter's pages of the newest run, every five seconds."""
    plan = the_plan()
    stream = make_stream(plan.stream)
    metrics = LoadMetrics(plan, stream)
    chance = np.random.default_rng(5)
    scheduled_ns = stream.scheduled_ns
    zero_s = end_s - LIVE_S + MINUTE
    told = 0
    for at_s in np.arange(end_s - LIVE_S + 20, end_s + 1, 5.0):
        since_ns = int((at_s - zero_s) * S)
        due = int(np.searchsorted(scheduled_ns, since_ns))
        done = due if due == len(scheduled_ns) else max(told, due - 20)
        for worker in range(plan.workers):
            indices = np.arange(told, done)
            _tell(metrics, worker, indices[indices % plan.workers == worker], plan, scheduled_ns, chance, at_s - zero_s)
            metrics.note_progress(
                worker, Progress(sent=due // 2, completed=0, failed=0, all_sent=False, latencies_ns=())
            )
        told = done
        state = RunState.READY if since_ns < 0 else RunState.RUNNING
        if due >= len(scheduled_ns):
            state = RunState.SCORING
        if at_s > end_s - 80:
            break
        page = generate_latest(_families(metrics, state, since_ns)).decode()
        pod = f"{LIVE}-coordinator"
        recording.take(at_s, page, job="pods", instance="10.1.0.20:9180", namespace="bench", pod=pod)
        for replica in range(2):
            _record_a_replica(recording, at_s, replica, done // 2, at_s - zero_s)


def _families(metrics: LoadMetrics, state: RunState, since_ns: int) -> Families:
    return Families(lambda: metrics.families(state, 2, since_ns))


def _tell(
    metrics: LoadMetrics, worker: int, indices: np.ndarray, plan: Plan, scheduled_ns: np.ndarray, chance, since_s: float
) -> None:
    if not len(indices):
        return
    # A neighbour disturbs for a minute in the middle of the run.
    slow = 1.7 if 230 < since_s < 290 else 1.0
    sent = scheduled_ns[indices] + chance.lognormal(11.3, 0.5, len(indices)).astype("<i8")
    done = scheduled_ns[indices] + (chance.lognormal(17.7, 0.42, len(indices)) * slow).astype("<i8")
    status = np.full(len(indices), QueryStatus.OK, dtype=np.int8)
    if 255 < since_s < 262:
        status[:3] = QueryStatus.CONNECTION_LOST
    metrics.note_records(
        worker,
        Records(
            rows=(indices // plan.workers).astype("<i8").tobytes(),
            sent_ns=sent.astype("<i8").tobytes(),
            done_ns=done.astype("<i8").tobytes(),
            status=status.tobytes(),
        ),
    )


def _record_a_replica(recording: Recording, at_s: float, replica: int, requests: int, since_s: float) -> None:
    pod, busy = f"{LIVE}-server-{replica}", 0.62 + 0.2 * (since_s > 230) * (since_s < 290)
    batch = 3.4 - 0.6 * replica
    counters = {
        "nv_inference_request_success": requests,
        "nv_inference_request_failure": 0,
        "nv_inference_count": requests,
        "nv_inference_exec_count": int(requests / batch),
        "nv_inference_queue_duration_us": requests * 900 * (replica + 1),
        "nv_inference_compute_input_duration_us": requests * 150,
        "nv_inference_compute_infer_duration_us": requests * 3600,
        "nv_inference_compute_output_duration_us": requests * 90,
        "nv_inference_pending_request_count": int(7 + 5 * busy * np.sin(at_s)),
    }
    page = "".join(f'{name}{{model="magika",version="1"}} {value}\n' for name, value in counters.items())
    recording.take(at_s, page, job="pods", instance=f"10.1.0.3{replica}:8002", namespace="bench", pod=pod)
    working = busy if 0 < since_s < 480 else 0.02
    gauges = {
        "DCGM_FI_DEV_GPU_UTIL": round(100 * working + 3 * np.sin(at_s / 9 + replica)),
        "DCGM_FI_DEV_FB_USED": 9_120 + 40 * replica,
        "DCGM_FI_DEV_POWER_USAGE": 92 + 260 * working + 6 * np.sin(at_s / 7),
        "DCGM_FI_DEV_XID_ERRORS": 0,
    }
    labels = (
        f'gpu="{replica}",UUID="{GPUS[replica]}",modelName="NVIDIA L4",exported_namespace="bench",exported_pod="{pod}"'
    )
    page = "".join(f"{name}{{{labels}}} {value}\n" for name, value in gauges.items())
    recording.take(at_s, page, job="dcgm", instance="10.1.0.40:9400", namespace="gpu-operator", pod="dcgm-exporter-x2x")


def recorded(end_s: float) -> Recording:
    """All of it."""
    recording = Recording()
    record_the_operator(recording, end_s)
    record_the_live_run(recording, end_s)
    return recording
