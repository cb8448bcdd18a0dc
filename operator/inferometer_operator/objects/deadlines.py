"""How long pods may live when nobody is there to end them: the kubelet alone frees GPUs when the operator is dead."""

import math

from msgspec import UnsetType

from inferometer_loadgen.rounds.search import MAX_STEPS_DOWN
from inferometer_loadgen.spec import scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.resolve import DRAIN_GRACE_NS, answers_within_ns
from inferometer_loadgen.spec.units import parse_duration_ns

LOADERS_TIMEOUT_S = 300
"""Pulling the image and making the samples: what workers and coordinator may take until they are ready."""

LINGER_S = 600
"""How long the coordinator waits for the report to be fetched."""

MARGIN_S = 600
"""For preparing, scoring and a slow operator; a deadline must never cut a good run."""

BETWEEN_S = 120
"""For judging a round and drawing the next one's stream."""

STOPPING_S = 60
"""What the operator needs to end a run whose active deadline is over: the kubelet comes only after it."""

PACED_BY_ANSWERS_S = 6 * 3600
"""For a load that goes on as answers come: how fast they do is what is measured. Who knows sets activeDeadline."""

INT32_MAX = 2**31 - 1


def startup_timeout_s(spec: BenchmarkSpec) -> float:
    """How long the servers may take; those that run already take no time."""
    if isinstance(triton := spec.target.triton, UnsetType):
        return 0.0
    return parse_duration_ns(triton.startup_timeout) / 1e9


def load_bound_s(spec: BenchmarkSpec) -> float:
    """A bound of the time from the first query to the last answer, of all rounds and what lies between them."""
    measured_s = _measured_bound_s(spec)
    if spec.mode == "Audit":
        # The reference, the audited round, and TEST01's accuracy round.
        compared_s = BETWEEN_S + _each_once_bound_s(spec) if spec.audit == "TEST01" else 0
        return 2 * measured_s + BETWEEN_S + compared_s
    return measured_s + BETWEEN_S + _each_once_bound_s(spec) if spec.mode == "PerformanceAndAccuracy" else measured_s


def _measured_bound_s(spec: BenchmarkSpec) -> float:
    search = spec.load.find_peak
    if not isinstance(search, UnsetType):
        trial_s = _of_stream_s(spec, parse_duration_ns(search.trial_duration) / 1e9)
        least_qps = scenarios.target_qps(spec.load) if search.rates is None else search.rates[0]
        full_s = _round_bound_s(
            spec, max(scenarios.min_duration_ns(spec.load) / 1e9, scenarios.min_queries(spec.load) / least_qps)
        )
        return search.max_trials * (trial_s + BETWEEN_S) + (1 + MAX_STEPS_DOWN) * (full_s + BETWEEN_S)
    if not isinstance(steps := spec.load.concurrency_steps, UnsetType):
        return len(steps) * (_round_bound_s(spec) + BETWEEN_S)
    if isinstance(spec.repeat, UnsetType):
        return _round_bound_s(spec)
    count = spec.repeat.count
    return count * _round_bound_s(spec) + (count - 1) * (parse_duration_ns(spec.repeat.cooldown) / 1e9 + BETWEEN_S)


def _round_bound_s(spec: BenchmarkSpec, stream_s: float | None = None) -> float:
    """Of one round: warm-up, stream and drain. Poisson gaps add up to a few percent more."""
    load = spec.load
    qps = scenarios.target_qps(load)
    if stream_s is None:
        stream_s = max(scenarios.min_duration_ns(load) / 1e9, scenarios.min_queries(load) / qps if qps else 0)
    if spec.scenario == "Replay":
        stream_s = scenarios.MAX_REPLAY_NS / 1e9
    elif spec.scenario != "Server" or spec.mode == "Accuracy":
        # Where each sample is asked for once, the library says how long it takes: it is not looked into here.
        stream_s += PACED_BY_ANSWERS_S
    return _of_stream_s(spec, stream_s)


def _each_once_bound_s(spec: BenchmarkSpec) -> float:
    """Of the round that asks for each sample once; as above."""
    return _of_stream_s(spec, PACED_BY_ANSWERS_S)


def _of_stream_s(spec: BenchmarkSpec, stream_s: float) -> float:
    """With warm-up, drain and some seconds."""
    drain_s = (answers_within_ns(spec.load) + DRAIN_GRACE_NS) / 1e9
    return parse_duration_ns(spec.load.warmup) / 1e9 + drain_s + 1.5 * stream_s + 10


def server_deadline_s(spec: BenchmarkSpec) -> int:
    """activeDeadlineSeconds of a server: by then the run has ended, or nobody is there to end it."""
    # Twice: a server that is replaced has the whole time again, while the others and the load pods wait for it.
    needed_s = 2 * startup_timeout_s(spec) + LOADERS_TIMEOUT_S + load_bound_s(spec) + MARGIN_S
    asked = spec.run_policy.active_deadline
    if isinstance(asked, str):
        # Beyond it nobody wants the GPUs. The load pods' own deadline stays: they hold what was measured.
        needed_s = min(needed_s, math.ceil(parse_duration_ns(asked) / 1e9) + STOPPING_S)
    return _int32(needed_s)


def loader_deadline_s(spec: BenchmarkSpec) -> int:
    """activeDeadlineSeconds of coordinator and workers; they may have to wait for a server that is replaced."""
    return _int32(startup_timeout_s(spec) + LOADERS_TIMEOUT_S + load_bound_s(spec) + LINGER_S + MARGIN_S)


def _int32(seconds: float) -> int:
    return int(min(seconds, INT32_MAX))
