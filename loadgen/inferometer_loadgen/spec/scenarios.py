"""What a scenario makes of the load: which fields it needs, which mean something in it, and what they are by default.

One table for the checks here and for the rules of the API server, so that both say the same.
"""

import math
from dataclasses import dataclass
from typing import Literal

from msgspec import UNSET, UnsetType

from inferometer_loadgen.spec.load import Load
from inferometer_loadgen.spec.units import parse_duration_ns

type Scenario = Literal["SingleStream", "MultiStream", "Server", "Offline", "Concurrency", "Replay"]

ONE_AT_A_TIME = ("SingleStream", "MultiStream")
"""One query is open at any time, so there is nothing that a second worker could do: dealt out to two, each query would
wait for a message between them, and that wait would be in the result."""

TICKING = "loadgen-r0.5"
"""The dialect in which MultiStream sends a query at each tick of targetQPS."""

SCORED_MODES = ("Accuracy", "PerformanceAndAccuracy")
"""Modes with a round whose answers are scored."""

WITHOUT_ACCURACY = ("Concurrency", "Replay")
"""Not MLPerf's: nothing says how each sample would be asked for once."""

WITH_SEQUENCES: tuple[Scenario, ...] = ("SingleStream", "Concurrency")
"""Where a sequence's next query waits for its answer by nature. By a schedule it would wait in the client, which then
looks like a late one; MultiStream's batches are none of Triton's sequence batcher's."""

MULTISTREAM_SAMPLES = 8
"""Samples per query in MLPerf v6.1."""
OFFLINE_IN_FLIGHT_PER_REPLICA = 64
"""Enough for a model that batches and runs in some instances, few enough to be held by connections."""

MAX_REPLAY_NS = 6 * 3_600 * 1_000_000_000
"""The longest recording: pods are made to live so long before its times are known."""

CUSTOM_DIALECT: Literal["loadgen-6.0"] = "loadgen-6.0"
CUSTOM_MIN_DURATION = "60s"
CUSTOM_MIN_QUERIES = 100
"""What is taken where a field was left out and no edition of the rules fixes it."""

BY_RECORDING: tuple[tuple[str, str, str | int], ...] = (
    ("minDuration", "min_duration", CUSTOM_MIN_DURATION),
    ("minQueries", "min_queries", CUSTOM_MIN_QUERIES),
)
"""Fields that mean nothing in Replay, whose recording is sent as a whole: in the file, in `Load`, and the value that
was their default, which API servers have written into stored objects where users left them out."""

MAX_CONNECTIONS = 512
"""Of one worker to one replica."""
CALLS_A_CONNECTION = 100
"""gRPC calls that share a connection: what a server that limits them allows at least (RFC 9113, 6.5.2)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """In which scenarios a field of the load stands."""

    name: str
    """In the file; `attribute` is its name in `Load`."""
    attribute: str
    needed: tuple[Scenario, ...]
    allowed: tuple[Scenario, ...]
    """Beside those that need it."""
    is_for: str
    """What to write into it."""
    unlike: str
    """Why it means nothing in the others."""

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Where it may stand."""
        return self.needed + self.allowed


FITS = (
    Fit(
        "targetQPS",
        "target_qps",
        ("Server", "Offline"),
        (),
        "the queries per second; in Offline the samples per second that are expected",
        "answers or recorded times pace the load there",
    ),
    Fit(
        "findPeak",
        "find_peak",
        (),
        ("Server", "MultiStream"),
        "the rates between which to look; in MultiStream the samples per query",
        "it has nothing that is found by trying",
    ),
    Fit(
        "latencyBound",
        "latency_bound",
        ("Server", "Replay"),
        ("Concurrency",),
        "the longest that an answer may take",
        "no latency is judged there",
    ),
    Fit(
        "latencyPercentile",
        "latency_percentile",
        (),
        ("SingleStream", "MultiStream", "Server", "Concurrency", "Replay"),
        "a share of the queries",
        "its result is samples per second",
    ),
    Fit(
        "earlyStopping",
        "early_stopping",
        (),
        ("SingleStream", "MultiStream", "Server"),
        "true or false",
        "MLPerf defines it for none of them",
    ),
    Fit(
        "replay",
        "replay",
        ("Replay",),
        (),
        "the ConfigMap that holds the times",
        "only Replay sends at recorded times",
    ),
    Fit(
        "concurrency",
        "concurrency",
        ("Concurrency",),
        (),
        "the number of queries that are open at any time",
        "the scenario itself says how many queries are open",
    ),
    Fit(
        "concurrencySteps",
        "concurrency_steps",
        (),
        ("Concurrency",),
        "the numbers of queries that are open at any time, one after another",
        "the scenario itself says how many queries are open",
    ),
    Fit(
        "sequences",
        "sequences",
        (),
        WITH_SEQUENCES,
        "how many sequences are open, and how long they are",
        "a query that is due before its sequence's last answer would wait in the client, and look like a late client's",
    ),
    Fit("samplesPerQuery", "samples_per_query", (), ("MultiStream",), "the samples of a query", "a query has one"),
    Fit(
        "samplesPerRequest",
        "samples_per_request",
        (),
        ("Offline",),
        "the samples of a request",
        "only Offline's one query is dealt out in requests",
    ),
    Fit(
        "inFlight",
        "in_flight",
        (),
        ("Offline",),
        "the requests that are open at a time",
        "only in Offline all is due at once",
    ),
    Fit(
        "spin",
        "spin",
        (),
        ("Server", "Replay"),
        "how long before a query is due its worker stops sleeping",
        "no query is due at a time of its own",
    ),
)


def is_ticking(scenario: str, load: Load) -> bool:
    """Whether queries are sent at ticks of a clock: MultiStream by the rules of 2019."""
    return scenario == "MultiStream" and stream_dialect(load) == TICKING


def stream_dialect(load: Load) -> Literal["loadgen-6.0", "loadgen-r0.5"]:
    """Whose query stream is sent."""
    return CUSTOM_DIALECT if load.stream_dialect is UNSET else load.stream_dialect


def min_duration(load: Load) -> str:
    """The least duration, as written."""
    return CUSTOM_MIN_DURATION if load.min_duration is UNSET else load.min_duration


def min_duration_ns(load: Load) -> int:
    """The least duration."""
    return parse_duration_ns(min_duration(load))


def min_queries(load: Load) -> int:
    """The least number of queries; in Offline of samples."""
    return CUSTOM_MIN_QUERIES if load.min_queries is UNSET else load.min_queries


def target_qps(load: Load) -> float:
    """The rate, of a search the highest that is tried; 0 where the scenario has none."""
    if not isinstance(load.find_peak, UnsetType) and load.find_peak.rates is not None:
        return load.find_peak.rates[1]
    return 0.0 if load.target_qps is UNSET else load.target_qps


def latency_bound_ns(load: Load) -> int:
    """The bound; 0 where none is judged."""
    return 0 if load.latency_bound is UNSET else parse_duration_ns(load.latency_bound)


def latency_percentile(scenario: Scenario, load: Load) -> float:
    """The percentile that is judged, or reported as the result: MLPerf's by default."""
    if load.latency_percentile is not UNSET:
        return load.latency_percentile
    return 0.9 if scenario == "SingleStream" else 0.99


def samples_per_query(scenario: Scenario, load: Load) -> int:
    """The samples of a query, of a search the most that are tried."""
    if scenario != "MultiStream":
        return 1
    if not isinstance(load.find_peak, UnsetType) and load.find_peak.sample_counts is not None:
        return load.find_peak.sample_counts[1]
    return MULTISTREAM_SAMPLES if load.samples_per_query is UNSET else load.samples_per_query


def samples_per_request(load: Load) -> int:
    """Into requests of so many samples Offline's query is dealt out: one, so that the client batches nothing."""
    return 1 if load.samples_per_request is UNSET else load.samples_per_request


def in_flight(scenario: Scenario, load: Load, replicas: int) -> int:
    """The requests that may be open at a time, over all workers, of steps the most; 0 for no limit."""
    match scenario:
        case "SingleStream" | "MultiStream":
            return 1
        case "Concurrency":
            if not isinstance(load.concurrency_steps, UnsetType):
                return max(load.concurrency_steps)
            return 0 if load.concurrency is UNSET else load.concurrency
        case "Offline":
            return OFFLINE_IN_FLIGHT_PER_REPLICA * replicas if load.in_flight is UNSET else load.in_flight
        case "Server" | "Replay":
            return 0


def answers_window_ns(load: Load) -> int:
    """Answers may take so long without a query waiting for a connection."""
    return 2 * latency_bound_ns(load)


def requests_at_once(scenario: Scenario, load: Load, replicas: int, burst: int = 0) -> int:
    """How many requests of one worker to one replica there are at a time, or, in Server, most likely at most.

    `burst` is Replay's: the most queries that are due within `answers_window_ns`.
    """
    is_by_index = load.balance == "RoundRobin"
    # Dealt out by index, both to workers and to replicas: some of these pairs may never meet.
    ways = math.lcm(load.workers, replicas)
    if scenario == "Replay":
        return max(1, math.ceil(burst / (ways if is_by_index else 1)))
    if scenario == "Server":
        return expected_in_flight(target_qps(load) / ways, latency_bound_ns(load))
    of_worker = math.ceil(in_flight(scenario, load, replicas) / load.workers)
    # Offline has a window at each replica; elsewhere all that is open may be at one of them.
    asked = ways // load.workers
    return math.ceil(of_worker / asked) if scenario == "Offline" and is_by_index else of_worker


def expected_in_flight(qps: float, bound_ns: int) -> int:
    """So many that no query waits for a connection while answers take up to 2x the bound.

    Arrivals are Poisson, so the number in flight is too: its mean (Little's law) and four standard deviations.
    """
    mean = qps * 2 * bound_ns / 1e9
    return math.ceil(mean + 4 * math.sqrt(mean)) + 2


def connections_needed(scenario: Scenario, load: Load, replicas: int, burst: int = 0) -> int:
    """Connections of one worker to one replica: HTTP/1.1 carries one request at a time, gRPC many."""
    at_once = requests_at_once(scenario, load, replicas, burst)
    needed = at_once if load.protocol == "http" else math.ceil(at_once / CALLS_A_CONNECTION)
    return min(MAX_CONNECTIONS, needed)
