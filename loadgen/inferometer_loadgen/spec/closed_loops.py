"""What may be wrong with steps of concurrency. Pure; `spec.checks` makes its errors of it."""

from collections.abc import Iterator
from itertools import pairwise

from msgspec import UNSET, UnsetType

from inferometer_loadgen.spec.benchmark import BenchmarkSpec

type Misfit = tuple[str, str, str]
"""Where, what, and what to write instead."""

STEPS = "spec.load.concurrencySteps"


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
