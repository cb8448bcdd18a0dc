"""32 requests in flight, less than 1 kB each: what a request costs, and how many go through one client."""

from dataclasses import asdict
from typing import Any

from benchmarks.bench import Bench, Findings, Section
from benchmarks.clients.contender import Case, Contender, or_absent
from benchmarks.clients.grpc_aio import GrpcAio
from benchmarks.clients.ours import Ours
from benchmarks.clients.perf_analyzer import PerfAnalyzer
from benchmarks.clients.wrk import Wrk
from benchmarks.goals import Goal, Row
from benchmarks.goals import measured as row_of
from benchmarks.sections.closed import ROUNDS, cpu_us, failures, measure, must_send_the_same, rates, raw_rounds

CASE = Case(in_flight=32, input_values=64)
CONTENDERS = 6


def run(bench: Bench) -> Findings:
    """All six in turn."""
    http, grpc, aio = Ours("http"), Ours("grpc"), GrpcAio()
    wrk = or_absent(Wrk.name, Wrk.protocol, Wrk)
    analyzer_http = or_absent("perf_analyzer http", "http", lambda: PerfAnalyzer("http"))
    analyzer_grpc = or_absent("perf_analyzer grpc", "grpc", lambda: PerfAnalyzer("grpc"))
    contenders: tuple[Contender, ...] = (http, wrk, grpc, analyzer_http, analyzer_grpc, aio)
    measured = measure(bench, CASE, contenders)
    http_bytes = must_send_the_same(measured, http.name, wrk.name)
    grpc_bytes = must_send_the_same(measured, grpc.name)
    conditions = {"http": f"c = 32, {http_bytes} B HTTP", "grpc": f"c = 32, {grpc_bytes} B gRPC"}

    def cost(ours: Contender, theirs: Contender, limit: float | None) -> Row:
        row = Row(
            what=f"{ours.protocol} by {theirs.name}",
            conditions=conditions[ours.protocol],
            unit="CPU us/request",
            goal=None if limit is None else Goal(limit),
        )
        return row_of(row, cpu_us(measured[ours.name]), cpu_us(measured[theirs.name]))

    def throughput(ours: Contender, theirs: Contender, limit: float) -> Row:
        row = Row(
            what=f"{ours.protocol} by {theirs.name}",
            conditions=conditions[ours.protocol] + ", one core",
            unit="requests/s",
            goal=Goal(limit, at_least=True),
        )
        return row_of(row, rates(measured[ours.name]), rates(measured[theirs.name]))

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
        "rounds": raw_rounds(measured),
    }
    return Findings(rows, raw, failures(measured))


SECTION = Section("closed loop, small", steps=ROUNDS * CONTENDERS, seconds=75, run=run)
