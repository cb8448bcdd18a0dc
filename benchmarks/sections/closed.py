"""Closed loops in turn: each contender against the null server of its protocol, whose counts are the witness."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients.contender import BenchmarkError, Case, Contender, Measurement, Target
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.rounds import MIN_PAIRS, Rounds, in_turn

ROUNDS = MIN_PAIRS


def measure(bench: Bench, case: Case, contenders: Sequence[Contender]) -> dict[str, Rounds[Measurement]]:
    """Each contender's rounds, by its name. Raises BenchmarkError where a server fails."""
    model = Model(case.input_values)
    with ExitStack() as stack:
        servers = {
            protocol: stack.enter_context(NullServer(bench.folder, protocol, bench.cores.server, model))
            for protocol in sorted({contender.protocol for contender in contenders})
        }
        rounds = in_turn(
            ROUNDS,
            [partial(_witnessed, bench, case, contender, servers[contender.protocol]) for contender in contenders],
        )
    return {contender.name: measured for contender, measured in zip(contenders, rounds, strict=True)}


def _witnessed(bench: Bench, case: Case, contender: Contender, server: NullServer) -> Measurement:
    bench.progress.step(contender.name)
    server.counts()
    measurement = contender.run(case, Target(server.port, bench.cores.client))
    requests, size = server.counts()
    if not requests or requests < measurement.requests:
        raise BenchmarkError(
            f"{contender.name} counts {measurement.requests:,} requests, the server only {requests:,} of them"
        )
    return replace(measurement, requests=measurement.requests or requests, bytes_a_request=round(size / requests))


def must_send_the_same(measured: Mapping[str, Rounds[Measurement]], *names: str) -> int:
    """The bytes of a request of clients that are given the same bytes to send, of those that sent any.

    Raises BenchmarkError where they differ, or none sent any.
    """
    sizes = {measurement.bytes_a_request for name in names for measurement in measured[name].results}
    if not sizes:
        raise BenchmarkError("; ".join(f"{name}: {measured[name].why_not}" for name in names))
    if len(sizes) != 1:
        raise BenchmarkError(f"{' and '.join(names)} do not send the same bytes a request: {sorted(sizes)}")
    return sizes.pop()


def cpu_us(measured: Rounds[Measurement]) -> Rounds[float]:
    """CPU time a request, round by round."""
    return measured.each(lambda measurement: measurement.cpu_us)


def rates(measured: Rounds[Measurement]) -> Rounds[float]:
    """Requests per second, round by round."""
    return measured.each(lambda measurement: measurement.rate)


def raw_rounds(measured: Mapping[str, Rounds[Measurement]]) -> dict[str, Any]:
    """All figures by contender, those of one that failed later too."""
    return {name: [asdict(measurement) for measurement in rounds.results] for name, rounds in measured.items()}


def failures(measured: Mapping[str, Rounds[Measurement]]) -> dict[str, str]:
    """Why, by contender, of those that failed."""
    return {name: rounds.why_not for name, rounds in measured.items() if rounds.why_not}
