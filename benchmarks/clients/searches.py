"""Two searches for the highest rate at which p99 is within a bound: our findPeak, and perf_analyzer's binary search."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clients.contender import BenchmarkError
from benchmarks.clients.perf_analyzer import ANY, WINDOWS, PerfAnalyzer
from benchmarks.model import NAME

LIMIT_S = 240
"""For one search."""
_TRIED = re.compile(r"^Request Rate: ([\d.]+) inference requests per seconds", re.MULTILINE)
_WITHIN = re.compile(r"^Request Rate: ([\d.]+), throughput: ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What both are asked: rates in requests per second, Poisson; the bound is on p99."""

    least: float
    most: float
    bound_ms: int
    trial_s: float
    """How long queries are sent at a rate: our trial, and three of perf_analyzer's windows."""
    precision: float
    """How close, as a fraction of the middle of the range for perf_analyzer, whose step is a rate."""
    measured_s: float
    """Our measured run at the end; perf_analyzer has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search came to; `rate` is None where it found none."""

    rate: float | None
    seconds: float
    tried: int
    said: str


def ours(port: int, search: Search) -> Found:
    """`inferometer run` with findPeak, its start and its measured run included in the time."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "peak.yaml"
        spec.write_text(json.dumps(_spec(search)))
        command = [sys.executable, "-m", "inferometer_loadgen", "run", str(spec)]
        seconds, said = _timed([*command, "--endpoint", f"http://127.0.0.1:{port}", "-o", folder], {0, 3})
        report = json.loads((Path(folder) / "report.json").read_text())
    peak = report["peak"]
    words = "client-limited" if peak["clientLimited"] else report["verdict"]
    return Found(rate=peak["validQps"], seconds=seconds, tried=len(report["rounds"]), said=words or said)


def perf_analyzers(program: PerfAnalyzer, port: int, search: Search) -> Found:
    """In an open loop (--async: with a thread a request it waits for answers).

    Its windows may vary as they like: of Poisson arrivals they do, and within its 10 % it gives up at the first rate.
    """
    step = search.precision * (search.least + search.most) / 2
    options = [
        *("--request-rate-range", f"{search.least:g}:{search.most:g}:{step:g}", "--binary-search"),
        *("--request-distribution", "poisson", "--async", "--latency-threshold", str(search.bound_ms)),
        *("--percentile", "99", "--measurement-interval", str(round(search.trial_s * 1_000 / WINDOWS))),
        *("--stability-percentage", ANY),
    ]
    command, environment = program.command(port, options)
    seconds, said = _timed(command, {0}, environment)
    return parsed(said, seconds)


def parsed(said: str, seconds: float) -> Found:
    """Its summary names the rates that were within the bound; of those it has looked for the highest."""
    within = [float(rate) for rate in _WITHIN.findall(said)]
    return Found(rate=max(within, default=None), seconds=seconds, tried=len(_TRIED.findall(said)), said="")


def _spec(search: Search) -> dict[str, object]:
    return {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": "peak"},
        "spec": {
            "scenario": "Server",
            "model": {"name": NAME},
            "target": {"triton": {"image": "unused", "modelRepository": {"image": "unused"}}},
            "load": {
                "data": {"synthetic": {"samples": 4}},
                "latencyBound": f"{search.bound_ms}ms",
                "warmup": "500ms",
                "minDuration": f"{round(search.measured_s * 1_000)}ms",
                "findPeak": {
                    "min": search.least,
                    "max": search.most,
                    "tolerance": search.precision,
                    "trialDuration": f"{round(search.trial_s * 1_000)}ms",
                },
            },
        },
    }


def _timed(command: list[str], good: set[int], environment: dict[str, str] | None = None) -> tuple[float, str]:
    began_s = time.monotonic()
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"{Path(command[0]).name} did not end within {LIMIT_S} s") from error
    if done.returncode not in good:
        raise BenchmarkError(
            f"{Path(command[0]).name} ended with {done.returncode}: {(done.stdout + done.stderr)[-1000:]}"
        )
    return time.monotonic() - began_s, done.stdout
