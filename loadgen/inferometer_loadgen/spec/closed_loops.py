"""What may be wrong with steps of concurrency, and with sequences. Pure; `spec.checks` makes its errors of it."""

import math
from collections.abc import Iterator
from itertools import pairwise

from msgspec import UNSET, UnsetType

from inferometer_loadgen.rules import CUSTOM
from inferometer_loadgen.spec import scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec

type Misfit = tuple[str, str, str]
"""Where, what, and what to write instead."""

STEPS = "spec.load.concurrencySteps"
SEQUENCES = "spec.load.sequences"


def steps_misfits(spec: BenchmarkSpec) -> Iterator[Misfit]:
    """Of `concurrencySteps`; how they fit the workers is checked as for `concurrency`."""
    steps = spec.load.concurrency_steps
    if isinstance(steps, UnsetType):
        return
    if spec.load.concurrency is not UNSET:
        yield STEPS, "says how many queries are open, and concurrency is set too", "leave one of them out"
    if spec.repeat is not UNSET:
        yield "spec.repeat", "does not fit concurrencySteps, whose rounds are its steps", "leave one of them out"
    for position, (before, step) in enumerate(pairwise(steps), 1):
        if step <= before:
            rising = ", ".join(map(str, sorted(set(steps))))
            yield f"{STEPS}[{position}]", f"`{step}` does not rise above `{before}` before it", f"write [{rising}]"
            return


def sequences_misfits(spec: BenchmarkSpec) -> Iterator[Misfit]:
    """Of `sequences`, in a scenario that can have them."""
    load, asked = spec.load, spec.load.sequences
    if isinstance(asked, UnsetType) or spec.scenario not in scenarios.WITH_SEQUENCES:
        return
    if spec.rules != CUSTOM:
        yield SEQUENCES, f"means nothing by `{spec.rules}`, whose queries are independent", "set rules to custom"
    if spec.mode != "Performance":
        yield SEQUENCES, f"means nothing in mode {spec.mode}, which asks for each sample once", "leave it out"
    if load.balance != "RoundRobin":
        yield (
            "spec.load.balance",
            f"`{load.balance}` does not fit sequences, each of which stays at one replica",
            "write RoundRobin",
        )
    if load.concurrency_steps is not UNSET:
        yield (
            STEPS,
            "does not fit sequences, whose count is the number of open queries",
            f"write concurrency: {asked.count}, a run for each number",
        )
        return
    if spec.scenario == "SingleStream":
        if asked.count != 1:
            yield f"{SEQUENCES}.count", f"`{asked.count}` does not fit SingleStream, with one query open", "write 1"
            return
    elif load.concurrency not in (UNSET, asked.count):
        yield (
            f"{SEQUENCES}.count",
            f"`{asked.count}` is not concurrency `{load.concurrency}`, and each open sequence has one query open",
            f"write {load.concurrency}, or set concurrency to {asked.count}",
        )
    yield from _stay_together(spec, asked.count)


def _stay_together(spec: BenchmarkSpec, count: int) -> Iterator[Misfit]:
    """Query i goes to worker i mod W and to replica i mod R, and belongs to slot i mod count."""
    workers, replicas = spec.load.workers, spec.target.replicas
    each = math.lcm(workers, replicas)
    if count % each == 0:
        return
    next_one = -(-count // each) * each
    path = f"{SEQUENCES}.count"
    if spec.scenario == "SingleStream":
        yield path, f"`{count}` does not fit {replicas} replicas: a sequence stays at one", "use one replica"
        return
    yield (
        path,
        f"`{count}` is no multiple of {workers} workers and {replicas} replicas: a sequence would not stay with one",
        f"write {next_one} for it and for concurrency, the next that is",
    )
