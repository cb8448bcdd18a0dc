"""32 requests in flight, less than 1 kB each: what a request costs, and how many go through one client."""

from dataclasses import asdict
from typing import Any

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case, Contender
from benchmarks.clients.grpc_aio import GrpcAio
from benchmarks.clients.ours import Ours
from benchmarks.clients.perf_analyzer import PerfAnalyzer
from benchmarks.clients.wrk import Wrk
from benchmarks.goals import Goal, Row
from benchmarks.sections.closed import ROUNDS, cpu_us, measure, must_send_the_same, rates

CASE = Case(in_flight=32, input_values=64)
CONTENDERS = 6


def run(bench: Bench) -> Findings:
    """All six in turn."""
    http, grpc, wrk, aio = Ours("http"), Ours("grpc"), Wrk(), GrpcAio()
    analyzer_http, analyzer_grpc = PerfAnalyzer("http"), PerfAnalyzer("grpc")
    contenders: tuple[Contender, ...] = (http, wrk, grpc, analyzer_http, analyzer_grpc, aio)
    measured = measure(bench, CASE, contenders)
    http_bytes = must_send_the_same(measured, http.name, wrk.name)
    grpc_bytes = measured[grpc.name][0].bytes_a_request
    conditions = {"http": f"c = 32, {http_bytes} B HTTP", "grpc": f"c = 32, {grpc_bytes} B gRPC"}

    def cost(ours: Contender, theirs: Contender, limit: float | None) -> Row:
        return Row(
            what=f"{ours.protocol} by {theirs.name}",
            conditions=conditions[ours.protocol],
            unit="CPU us/request",
            ours=cpu_us(measured[ours.name]),
            theirs=cpu_us(measured[theirs.name]),
            goal=None if limit is None else Goal(limit),
        )

    def throughput(ours: Contender, theirs: Contender, limit: float) -> Row:
        return Row(
            what=f"{ours.protocol} by {theirs.name}",
            conditions=conditions[ours.protocol] + ", one core",
            unit="requests/s",
            ours=rates(measured[ours.name]),
            theirs=rates(measured[theirs.name]),
            goal=Goal(limit, at_least=True),
        )

    rows = [
        cost(http, wrk, 1.15),
        cost(grpc, http, 1.15),
        cost(http, analyzer_http, 0.125),
        cost(grpc, analyzer_grpc, 0.125),
        cost(grpc, aio, None),
        throughput(http, wrk, 0.95),
        throughput(http, analyzer_http, 1.0),
        throughput(grpc, analyzer_grpc, 1.0),
    ]
    raw: dict[str, Any] = {
        "case": asdict(CASE),
        "versions": {contender.name: contender.version for contender in contenders},
        "rounds": {name: [asdict(measurement) for measurement in rounds] for name, rounds in measured.items()},
    }
    return Findings(rows, raw)


SECTION = Section("closed loop, small", steps=ROUNDS * CONTENDERS, seconds=75, run=run)
