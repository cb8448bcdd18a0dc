"""Which runs have series of their own: a bound on what one operator may cost a Prometheus."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from inferometer_operator.run import Run

RUNS_SHOWN = 50
"""Of each namespace, the newest. A run has about 30 series and 7 more a replica, so a namespace has some thousands."""


def shown(runs: Iterable[Run], most: int = RUNS_SHOWN) -> tuple[list[Run], Counter[str]]:
    """The newest `most` runs of each namespace and, whatever their age, those that go on; how many others there are."""
    by_namespace: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_namespace[run.namespace].append(run)
    kept: list[Run] = []
    left_out: Counter[str] = Counter()
    for namespace, found in sorted(by_namespace.items()):
        found.sort(key=lambda run: (run.created, run.name), reverse=True)
        showing = [run for position, run in enumerate(found) if position < most or not run.is_finished]
        kept += sorted(showing, key=lambda run: run.name)
        left_out[namespace] = len(found) - len(showing)
    return kept, left_out
