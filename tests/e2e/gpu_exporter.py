"""A stand-in for dcgm-exporter, for a cluster without GPUs: it replays the shapes of its series, and says so.

The pod is named `dcgm-exporter-stand-in`, and each series bears the label `stand_in`. Names, labels, types and units
are those that dcgm-exporter documents, with Kubernetes' labels of the pod that holds the GPU. Beside them stand the
`nv_gpu_*` of a Triton that has a GPU, with the labels that its own scrape would have given them. The figures go through
a load and its end again and again. Run as a program (standard library only) it serves them.
"""

import http.server
import json
import math
import sys
import time

PERIOD_S = 60
STAND_IN = "replays recorded shapes"
MODEL = "NVIDIA A100-SXM4-80GB"
MEMORY_MIB = 81920
IDLE_W, FULL_W = 62.0, 296.0

type Series = tuple[str, str, str, float]
"""Name, type, what is special about it, value at a moment."""


def page(pods: list[dict[str, str]], at_s: float) -> str:
    """The page at a moment, for pods of one GPU each.

    A pod's `prefix` is `exported_` for labels as a scrape without honor_labels leaves them, of a server that does not
    show its GPU itself.
    """
    lines: dict[str, list[str]] = {}
    for index, pod in enumerate(pods):
        uuid = f"GPU-00000000-0000-0000-0000-{index:012d}"
        of_triton = [] if pod["prefix"] else triton(uuid, pod, at_s)
        for name, kind, labels, value in [*dcgm(index, uuid, pod, at_s), *of_triton]:
            found = lines.setdefault(name, [f"# HELP {name} {STAND_IN}", f"# TYPE {name} {kind}"])
            found.append(f'{name}{{{labels},stand_in="{STAND_IN}"}} {value:.6g}')
    return "".join(f"{line}\n" for found in lines.values() for line in found)


def dcgm(index: int, uuid: str, pod: dict[str, str], at_s: float) -> list[Series]:
    """As dcgm-exporter shows a GPU that a pod holds: percent, W, mJ, MiB, °C."""
    labels = ",".join(
        f'{name}="{value}"'
        for name, value in {
            "gpu": str(index),
            "UUID": uuid,
            "pci_bus_id": f"00000000:{0x07 + index:02X}:00.0",
            "device": f"nvidia{index}",
            "modelName": MODEL,
            "Hostname": pod["node"],
            "DCGM_FI_DRIVER_VERSION": "550.90.07",
            "container": "triton",
            f"{pod['prefix']}namespace": pod["namespace"],
            f"{pod['prefix']}pod": pod["pod"],
        }.items()
    )
    used = MEMORY_MIB * (0.1 + 0.02 * load(at_s))
    return [
        ("DCGM_FI_DEV_SM_CLOCK", "gauge", labels, 210 + 1200 * load(at_s)),
        ("DCGM_FI_DEV_GPU_TEMP", "gauge", labels, 34 + 20 * load(at_s)),
        ("DCGM_FI_DEV_POWER_USAGE", "gauge", labels, watts(at_s)),
        ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", labels, joules(at_s) * 1000),
        ("DCGM_FI_DEV_GPU_UTIL", "gauge", labels, 100 * load(at_s)),
        ("DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", labels, 40 * load(at_s)),
        ("DCGM_FI_DEV_XID_ERRORS", "gauge", labels, 0),
        ("DCGM_FI_DEV_FB_FREE", "gauge", labels, MEMORY_MIB - used),
        ("DCGM_FI_DEV_FB_USED", "gauge", labels, used),
        ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", labels, load(at_s)),
        ("DCGM_FI_PROF_DRAM_ACTIVE", "gauge", labels, 0.4 * load(at_s)),
    ]


def triton(uuid: str, pod: dict[str, str], at_s: float) -> list[Series]:
    """As Triton shows its GPU: a fraction, W, J, bytes; with the labels of the scrape of its pod."""
    places = {"gpu_uuid": uuid, "namespace": pod["namespace"], "pod": pod["pod"]}
    labels = ",".join(f'{name}="{value}"' for name, value in places.items())
    mib = 1024 * 1024
    return [
        ("nv_gpu_utilization", "gauge", labels, load(at_s)),
        ("nv_gpu_memory_total_bytes", "gauge", labels, MEMORY_MIB * mib),
        ("nv_gpu_memory_used_bytes", "gauge", labels, MEMORY_MIB * mib * (0.1 + 0.02 * load(at_s))),
        ("nv_gpu_power_usage", "gauge", labels, watts(at_s)),
        ("nv_gpu_power_limit", "gauge", labels, 400),
        ("nv_energy_consumption", "counter", labels, joules(at_s)),
    ]


def load(at_s: float) -> float:
    """A GPU's share of busy time: idle, up, busy, down."""
    return max(0.0, math.sin(2 * math.pi * at_s / PERIOD_S)) * 0.92


def watts(at_s: float) -> float:
    return IDLE_W + (FULL_W - IDLE_W) * load(at_s)


def joules(at_s: float) -> float:
    """Never falls: the mean power, for as long as the epoch lasts."""
    return (at_s % 1e6) * (IDLE_W + (FULL_W - IDLE_W) * 0.92 / math.pi)


class Handler(http.server.BaseHTTPRequestHandler):
    """Anything but /metrics is the readiness of the pod."""

    pods: list[dict[str, str]] = []

    def do_GET(self) -> None:
        body = page(self.pods, time.time()).encode() if self.path == "/metrics" else b"ok\n"
        self.send_response(200)
        # Without it Prometheus 3 refuses the page.
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    Handler.pods = json.loads(sys.argv[1])
    http.server.ThreadingHTTPServer(("", 9400), Handler).serve_forever()
