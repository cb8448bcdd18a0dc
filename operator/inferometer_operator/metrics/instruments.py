"""What the operator counts of its own work. Thin: nothing here decides anything.

The calls that are counted are the operator's own. Its watches are the informer library's, which does not tell them.
"""

import platform
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from inferometer_operator.looking import Outcome
from inferometer_operator.metrics.requests import call_of

PREFIX = "inferometer_operator_"
BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
"""A look that has nothing to do takes less than 1 ms; one that waits for a silent coordinator 3 s."""
NO_ANSWER = "none"
"""The code of a call without an answer."""
ERRORS = (Outcome.REFUSED, Outcome.FAULT)
CALLS = (
    ("create", "pods", 201),
    ("create", "configmaps", 201),
    ("create", "secrets", 201),
    ("create", "events", 201),
    ("create", "inferencebenchmarks", 201),
    ("delete", "pods", 200),
    ("delete", "inferencebenchmarks", 200),
    ("get", "configmaps", 200),
    ("get", "inferencebenchmarks", 200),
    ("get", "pods/log", 200),
    ("list", "events", 200),
    ("list", "inferencebenchmarks", 200),
    ("list", "pods", 200),
    ("patch", "inferencebenchmarks", 200),
    ("patch", "inferencebenchmarks/status", 200),
    ("patch", "inferencebenchmarkschedules/status", 200),
)
"""What the operator asks of the API server, with the answer that it hopes for: counted from 0."""


class Instruments:
    """Counters and histograms of one process."""

    def __init__(self, version: str) -> None:
        # A second series for each counter, which says since when it counts: `process_start_time_seconds` does.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types for it
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = Gauge(f"{PREFIX}build_info", "What runs here.", ("version", "python_version"), registry=self.registry)
        build.labels(version, platform.python_version()).set(1)
        self._durations = Histogram(
            f"{PREFIX}reconcile_duration_seconds",
            "How long it took to look at an object once.",
            ("controller",),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._reconciles = Counter(
            f"{PREFIX}reconciles",
            "Looks at an object, by what came of it.",
            ("controller", "outcome"),
            registry=self.registry,
        )
        self._errors = Counter(
            f"{PREFIX}reconcile_errors",
            "Looks at an object that failed: the API server or a coordinator refused (Refused), or a fault of ours.",
            ("controller", "kind"),
            registry=self.registry,
        )
        self._depth = Gauge(
            f"{PREFIX}queue_depth",
            "Objects that wait to be looked at again, or are being looked at.",
            ("controller",),
            registry=self.registry,
        )
        self._ready = Gauge(
            f"{PREFIX}queue_ready",
            "Objects that should be looked at now, and wait for their turn.",
            ("controller",),
            registry=self.registry,
        )
        self._requests = Counter(
            f"{PREFIX}api_requests",
            "Calls of the API server, without watches; the code is that of HTTP, or none where no answer came.",
            ("verb", "resource", "code"),
            registry=self.registry,
        )
        for verb, resource, code in CALLS:
            self._requests.labels(verb, resource, str(code))

    def looks(
        self, controller: str, depth: Callable[[], int], ready: Callable[[], int]
    ) -> Callable[[Outcome, float], None]:
        """What a controller tells after each look; `depth` and `ready` are asked when somebody scrapes."""
        self._depth.labels(controller).set_function(depth)
        self._ready.labels(controller).set_function(ready)
        durations = self._durations.labels(controller)
        outcomes = {one: self._reconciles.labels(controller, one) for one in Outcome}
        errors = {one: self._errors.labels(controller, one) for one in ERRORS}

        def looked(outcome: Outcome, seconds: float) -> None:
            durations.observe(seconds)
            outcomes[outcome].inc()
            if outcome in errors:
                errors[outcome].inc()

        return looked

    def answered(self, method: str, path: str, status: int) -> None:
        """A call of the API server came to its end; status 0 where no answer came."""
        self._requests.labels(*call_of(method, path), str(status) if status else NO_ANSWER).inc()
