"""What a client must have to be trusted, each with its limit: CPU when it needs it, a network, and time to read.

The limits come from what was seen on quiet and on crowded machines. A guard says nothing about the result: whether a
strained client leaves a doubt depends on the scenario, and that is `counterfactual`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.stream import Issue, issue_of
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.percentiles import percentile_index
from inferometer_loadgen.verdict.vitals import Vitals
from inferometer_loadgen.verdict.wording import counted, enumerated

RUN_DELAY_SHARE = 0.01
"""Of the window that a worker's thread may wait for a CPU that others have …"""
RUN_DELAY_OF_CPU = 0.25
"""… and of its own CPU time. Each wake-up waits some microseconds, so a fast quiet client waits for 7% of its CPU time
(0.06 of 0.85 s); beside a neighbour it was 94%."""
THROTTLED_SHARE = 0.001
STOLEN_SHARE = 0.01
BUSY_SHARE = 0.8
BACKLOG_SHARE = 0.001
RETRANSMITTED_SHARE = 0.0001
STALL_SHARE_OF_BOUND = 0.05
STALL_SHARE_OF_WINDOW = 0.01
"""Where no bound is: so much of a rate is lost at most."""
STALL_ALWAYS_ALLOWED_NS = 2_000_000
"""A quiet client needs a millisecond now and then for its own records; beside a neighbour it was 5 to 38 ms."""
STALL_PERCENTILE = 0.999

WHOLE_CPUS = "give each worker whole CPUs (limits equal to requests)"
MORE_WORKERS = "add workers"
QUIET_NODES = "give the workers nodes of their own"


@dataclass(frozen=True, slots=True)
class Strain:
    """One limit that one worker went over: by which factor, what was seen, and what helps."""

    factor: float
    worker: int
    fact: str
    remedy: str
    is_capacity: bool = False
    """Says how far the client is from its end, and not that anything was late."""
    is_servers_too: bool = False
    """Slow servers alone may cause it."""


def strains(measured: Measured, plan: Plan) -> tuple[Strain, ...]:
    """Each guard that is broken, at the worker that is over it most: of many, one would vanish in a mean."""
    found: list[Strain] = []
    for guard in GUARDS:
        by_worker = [
            strain
            for worker, vitals in enumerate(measured.clients)
            if vitals is not None and (strain := guard(_Client(worker, vitals, measured, plan))) is not None
        ]
        if by_worker:
            found.append(max(by_worker, key=lambda strain: strain.factor))
    return tuple(found)


def in_words(found: tuple[Strain, ...]) -> str:
    """All of them, and what helps."""
    facts = enumerated([f"worker {strain.worker} {strain.fact}" for strain in found])
    remedies = enumerated(list(dict.fromkeys(strain.remedy for strain in found)))
    return f"{facts}; {remedies}, and run again"


@dataclass(frozen=True, slots=True)
class _Client:
    worker: int
    vitals: Vitals
    measured: Measured
    plan: Plan

    def strain(self, measure: float, limit: float, fact: str, remedy: str, **kind: bool) -> Strain | None:
        return Strain(measure / limit, self.worker, fact, remedy, **kind) if measure > limit else None


def _run_delay(client: _Client) -> Strain | None:
    """Another process ran where this one would have: it shows here and nowhere else, least of all as throttling."""
    vitals = client.vitals
    if vitals.run_delay_ns is None:
        return None
    limit_ns = max(RUN_DELAY_SHARE * vitals.elapsed_ns, RUN_DELAY_OF_CPU * vitals.cpu_ns)
    return client.strain(
        vitals.run_delay_ns,
        limit_ns,
        f"waited {_of(vitals.run_delay_ns, vitals)} for a CPU that others had (limit {format_duration_ns(limit_ns)})",
        f"{QUIET_NODES} or {WHOLE_CPUS}",
    )


def _throttled(client: _Client) -> Strain | None:
    """The mean use tells nothing: at 18% use of an 18% quota a third of the periods were throttled."""
    vitals = client.vitals
    if vitals.throttled_ns is None:
        return None
    limit_ns = THROTTLED_SHARE * vitals.elapsed_ns
    return client.strain(
        vitals.throttled_ns,
        limit_ns,
        f"was throttled by its CPU limit for {_of(vitals.throttled_ns, vitals)} (limit {THROTTLED_SHARE:.1%})",
        f"raise spec.load.resources, {WHOLE_CPUS}",
    )


def _stolen(client: _Client) -> Strain | None:
    stolen = client.vitals.stolen
    if stolen is None:
        return None
    return client.strain(
        stolen,
        STOLEN_SHARE,
        f"ran on a machine of which the hypervisor took {stolen:.1%} (limit {STOLEN_SHARE:.0%})",
        "use machines that are not overcommitted",
    )


def _stall(client: _Client) -> Strain | None:
    """How long answers waited to be read, or queries to be sent: of the queries where there is a bound, else in all."""
    vitals, plan = client.vitals, client.plan
    if issue_of(plan.stream) is Issue.SCHEDULED and plan.judge.latency_bound_ns:
        own = client.measured.of_worker(client.worker, plan.workers)
        share_ns = client.measured.receive_stall_ns()[own]
        limit_ns = max(STALL_ALWAYS_ALLOWED_NS, int(STALL_SHARE_OF_BOUND * plan.judge.latency_bound_ns))
        over_ns = np.sort(share_ns[share_ns > limit_ns])
        # Most answers wait for nothing: the percentile is one of those that waited, counted from the end.
        at = over_ns.size - share_ns.size + percentile_index(share_ns.size, STALL_PERCENTILE)
        if at < 0:
            return None
        worst_ns = int(over_ns[at])
        fact = f"left answers unread for {format_duration_ns(worst_ns)} at p99.9 (limit {format_duration_ns(limit_ns)})"
        return client.strain(worst_ns, limit_ns, fact, f"{QUIET_NODES} or {MORE_WORKERS}")
    limit_ns = int(STALL_SHARE_OF_WINDOW * vitals.elapsed_ns)
    longest = format_duration_ns(vitals.longest_stall_ns)
    fact = f"read nothing for {_of(vitals.stalled_ns, vitals)}, {longest} at a time (limit {STALL_SHARE_OF_WINDOW:.0%})"
    return client.strain(vitals.stalled_ns, limit_ns, fact, f"{QUIET_NODES} or {MORE_WORKERS}")


def _backlog(client: _Client) -> Strain | None:
    """Only where a schedule says when a query is due: elsewhere it is the window that makes queries wait."""
    if issue_of(client.plan.stream) is not Issue.SCHEDULED:
        return None
    own = client.measured.of_worker(client.worker, client.plan.workers)
    queries = client.measured.index[own].size
    waited = client.vitals.backlogged
    if not queries:
        return None
    return client.strain(
        waited / queries,
        BACKLOG_SHARE,
        f"had no free connection for {waited:,} of {counted(queries, 'query', 'queries')} when they were due "
        f"(limit {BACKLOG_SHARE:.1%})",
        f"{MORE_WORKERS} or use protocol grpc, unless slow answers held the connections",
        is_servers_too=True,
    )


def _busy(client: _Client) -> Strain | None:
    vitals = client.vitals
    if not vitals.elapsed_ns:
        return None
    busy = vitals.busy_ns / vitals.elapsed_ns
    return client.strain(
        busy,
        BUSY_SHARE,
        f"was busy for {busy:.0%} of the time, near the end of what it can send (limit {BUSY_SHARE:.0%})",
        MORE_WORKERS,
        is_capacity=True,
    )


def _retransmitted(client: _Client) -> Strain | None:
    sent, again = client.vitals.segments, client.vitals.retransmitted
    if not sent or again is None:
        return None
    return client.strain(
        again / sent,
        RETRANSMITTED_SHARE,
        f"had to send {again:,} of {counted(sent, 'TCP segment', 'TCP segments')} again (limit "
        f"{RETRANSMITTED_SHARE:.2%})",
        "mend the network between workers and servers",
    )


def _full_collections(client: _Client) -> Strain | None:
    full = client.vitals.full_collections
    return client.strain(
        full,
        0.5,
        f"collected garbage {counted(full, 'time', 'times')} while it measured (limit none)",
        "report this as an error of Inferometer",
    )


def _major_faults(client: _Client) -> Strain | None:
    faults = client.vitals.major_faults
    return client.strain(
        faults,
        0.5,
        f"had to read {counted(faults, 'page', 'pages')} of memory from a disk (limit none)",
        "give each worker more memory",
    )


def _of(part_ns: int, vitals: Vitals) -> str:
    return f"{format_duration_ns(part_ns)} of {format_duration_ns(vitals.elapsed_ns)}"


type Guard = Callable[[_Client], Strain | None]

GUARDS: tuple[Guard, ...] = (
    _throttled,
    _run_delay,
    _stolen,
    _stall,
    _backlog,
    _busy,
    _retransmitted,
    _full_collections,
    _major_faults,
)
