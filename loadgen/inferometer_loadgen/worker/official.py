"""One test of the official LoadGen as a worker lives through it: from its process to its logs and its time 0."""

import importlib.util
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.official.process import MODULE, LoadGenProcess, Logs, OfficialEndedError
from inferometer_loadgen.official.results import LogError, read_result
from inferometer_loadgen.official.settings import settings_of
from inferometer_loadgen.plan import Assignment, Plan, ReplicaAddress
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.protocol.frames import OfficialRun
from inferometer_loadgen.rules.submittable import is_over_a_network
from inferometer_loadgen.stream import Issue
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.verdict.percentiles import percentile
from inferometer_loadgen.worker.access import Access
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.prepare import ask
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Feeding, Work

FIRST_QUERY_WITHIN_NS = 1_000_000
"""LoadGen begins at most so long before it asks the first query of a closed loop."""


def require_official(plan: Plan) -> None:
    """Raises PrepareError where the plan asks for LoadGen and it is not installed."""
    if plan.engine != "Own" and importlib.util.find_spec(MODULE) is None:
        raise PrepareError(
            RunFailure.OFFICIAL_ENGINE_MISSING,
            "spec.load.engine is mlperf-loadgen, and MLPerf's LoadGen is not installed here: pip install "
            "'inferometer[official]', or set spec.load.engine to Own",
        )


class OfficialTest:
    """LoadGen's process for one round."""

    def __init__(
        self, work: Work, feeding: Feeding, warm_up: Records, replicas: Sequence[ReplicaAddress], access: Access
    ) -> None:
        """`warm_up` says how fast the servers are. Raises PrepareError where the process cannot be started."""
        self._issue, self._feeding = work.issue, feeding
        plan = feeding.plan
        settings = settings_of(plan, median_ns(warm_up))
        try:
            self._process = LoadGenProcess(settings, lambda: sut_name(plan, replicas, access))
        except OSError as error:
            raise _ended(OfficialEndedError(f"LoadGen's process cannot be started: {error}")) from error
        self._feed = feeding.feed = self._process.feed
        feeding.begin = self._begin

    def await_ready(self) -> None:
        """Waits until it can begin. Raises PrepareError."""
        try:
            self._process.await_ready()
        except OfficialEndedError as error:
            raise _ended(error) from error

    def finish(self, records: Records, t0_ns: int) -> tuple[int, OfficialRun | None]:
        """LoadGen's time 0 (monotonic), or `t0_ns` where it asked nothing, and what it left where it came to its end.

        Raises PrepareError where its process has ended before its test did.
        """
        logs = self._logs() if self._feed.is_over else None
        issued_ns = np.frombuffer(self._feed.issued_ns, dtype=np.int64)[:: self._feeding.samples_per_row]
        if not len(issued_ns):
            return t0_ns, None
        time_0_ns = self._time_0_ns(issued_ns, logs)
        if logs is None:
            return time_0_ns, None
        delay_ns = np.empty(0, dtype=np.int64)
        if self._issue is Issue.SCHEDULED:
            delay_ns = issued_ns - time_0_ns - self._feeding.scheduled_ns[: len(issued_ns)]
        sent_ns = np.frombuffer(records.sent_ns, dtype=np.int64)[: len(issued_ns)]
        was_sent = np.frombuffer(records.status, dtype=np.int8)[: len(issued_ns)] != QueryStatus.NOT_SENT
        # Where all is asked at once, a sample waits for its place in flight.
        handed_over_ns = (sent_ns - issued_ns)[was_sent] if self._issue is not Issue.AT_ONCE else sent_ns[:0]
        return time_0_ns, OfficialRun(
            version=logs.version,
            summary=logs.summary,
            detail=logs.detail,
            accuracy=logs.accuracy,
            issue_delay_p50_ns=_percentile(delay_ns, 0.5),
            issue_delay_p99_ns=_percentile(delay_ns, 0.99),
            hand_over_p50_ns=_percentile(handed_over_ns, 0.5),
            hand_over_p99_ns=_percentile(handed_over_ns, 0.99),
        )

    def close(self) -> None:
        """Ends the process, whatever it is at."""
        self._process.close()

    def _begin(self, t0_ns: int) -> None:
        time.sleep(max(0, t0_ns - time.monotonic_ns()) / 1e9)
        self._process.begin()

    def _logs(self) -> Logs:
        self._feed.finish()
        try:
            return self._process.logs()
        except OfficialEndedError as error:
            raise _ended(error) from error

    def _time_0_ns(self, issued_ns: NDArray[np.int64], logs: Logs | None) -> int:
        """No query was issued before it was due, and some were at once: so a schedule's time 0 is known to some us.

        In Offline it is as long before the last answer as LoadGen's own figure says.
        """
        first_ns = int(issued_ns[0])
        match self._issue:
            case Issue.SCHEDULED:
                return int((issued_ns - self._feeding.scheduled_ns[: len(issued_ns)]).min())
            case Issue.AT_ONCE if logs is not None:
                try:
                    result = read_result(logs.detail, self._feeding.plan.stream.scenario)
                except LogError:
                    return first_ns
                return min(first_ns, logs.last_ns - result.latency_ns.get("max", 0))
            case Issue.AT_ONCE:
                return first_ns
            case _:
                return first_ns - FIRST_QUERY_WITHIN_NS


def median_ns(warm_up: Records) -> int | None:
    """The median latency of a warm-up; None where nothing was answered."""
    good = np.frombuffer(warm_up.status, dtype=np.int8) == QueryStatus.OK
    latency_ns = (np.frombuffer(warm_up.done_ns, dtype=np.int64) - np.frombuffer(warm_up.sent_ns, dtype=np.int64))[good]
    return _percentile(latency_ns, 0.5)


def sut_name(plan: Plan, replicas: Sequence[ReplicaAddress], access: Access) -> str:
    """The system's name, from a round trip to each of its nodes, as the Network division asks."""
    versions = set()
    for replica in replicas:
        try:
            versions.add(ask(plan, replica, access).server_version or "an unnamed server")
        except (PrepareError, DataError):
            versions.add("a server that did not answer")
    name = f"{plan.model.name} on {' and '.join(sorted(versions))}, {len(replicas)} of them"
    return f"Network SUT: {name}" if is_over_a_network(Assignment(replicas=tuple(replicas))) else name


def _percentile(values_ns: NDArray[np.int64], fraction: float) -> int | None:
    return percentile(np.sort(values_ns), fraction) if values_ns.size else None


def _ended(error: OfficialEndedError) -> PrepareError:
    return PrepareError(
        RunFailure.OFFICIAL_ENGINE_ENDED,
        f"{error}. Give spec.load.resources more memory if that is what it lacked; else report it, or set "
        "spec.load.engine to Own",
    )
