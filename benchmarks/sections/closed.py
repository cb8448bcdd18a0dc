"""Closed loops in turn: each contender against the null server of its protocol, whose counts are the witness."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from benchmarks.bench import Bench
from benchmarks.clients.contender import BenchmarkError, Case, Contender, Measurement, Target
from benchmarks.model import Model
from benchmarks.null_servers import NullServer
from benchmarks.rounds import MIN_PAIRS, in_turn

ROUNDS = MIN_PAIRS


def measure(bench: Bench, case: Case, contenders: Sequence[Contender]) -> dict[str, list[Measurement]]:
    """Each contender's rounds, by its name. Raises BenchmarkError."""
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


def must_send_the_same(measured: Mapping[str, Sequence[Measurement]], *names: str) -> int:
    """The bytes of a request of clients that are given the same bytes to send. Raises BenchmarkError."""
    sizes = {measurement.bytes_a_request for name in names for measurement in measured[name]}
    if len(sizes) != 1:
        raise BenchmarkError(f"{' and '.join(names)} do not send the same bytes a request: {sorted(sizes)}")
    return sizes.pop()


def cpu_us(measured: Sequence[Measurement]) -> list[float]:
    """CPU time a request, round by round."""
    return [measurement.cpu_us for measurement in measured]


def rates(measured: Sequence[Measurement]) -> list[float]:
    """Requests per second, round by round."""
    return [measurement.rate for measurement in measured]
