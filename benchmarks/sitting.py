"""One sitting: every case against a server of its own, the contenders in turn, the server's counts as their witness."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import BenchmarkError, Case, Contender, Measurement, Target
from benchmarks.null_server import NullServer
from benchmarks.rounds import Ratio, compare_rounds, in_turn

CLOSED = (
    Case("closed loop, small", connections=32, body_bytes=400, answer_bytes=400, seconds=1, expected_rate=100_000),
    Case("closed loop, 150 kB", connections=8, body_bytes=150_000, answer_bytes=400, seconds=1, expected_rate=10_000),
)
OPEN = (
    Case("open loop, 1,000/s", connections=32, body_bytes=400, answer_bytes=400, seconds=1, rate=1_000),
    Case("open loop, 5,000/s", connections=32, body_bytes=400, answer_bytes=400, seconds=1, rate=5_000),
)
PAIRS = 5
OPEN_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Cores:
    """Two cores of their own; the server's would otherwise be charged with the client's waiting."""

    server: int
    client: int


@dataclass(frozen=True, slots=True)
class Duel:
    """A closed-loop case: what it cost us and them, round by round."""

    case: Case
    ours: Sequence[Measurement]
    theirs: Sequence[Measurement]
    bytes_a_request: int
    ratio: Ratio


@dataclass(frozen=True, slots=True)
class Solo:
    """An open-loop case, which our peer does not offer."""

    case: Case
    ours: Sequence[Measurement]


def duel(case: Case, ours: Contender, theirs: Contender, program: Path, cores: Cores) -> Duel:
    """Runs a case in pairs. Raises BenchmarkError where the two did not send the same."""
    with NullServer(program, cores.server, case.answer_bytes) as server:
        our_rounds, their_rounds = in_turn(
            PAIRS, lambda: _witnessed(ours, case, server, cores), lambda: _witnessed(theirs, case, server, cores)
        )
    sizes = {size for _, size in our_rounds + their_rounds}
    if len(sizes) > 1:
        raise BenchmarkError(f"{ours.name} and {theirs.name} do not send the same bytes a request: {sorted(sizes)}")
    own = [measurement for measurement, _ in our_rounds]
    other = [measurement for measurement, _ in their_rounds]
    return Duel(case, own, other, sizes.pop(), compare_rounds(own, other))


def solo(case: Case, ours: Contender, program: Path, cores: Cores) -> Solo:
    """Runs an open-loop case."""
    with NullServer(program, cores.server, case.answer_bytes) as server:
        return Solo(case, [_witnessed(ours, case, server, cores)[0] for _ in range(OPEN_ROUNDS)])


def _witnessed(contender: Contender, case: Case, server: NullServer, cores: Cores) -> tuple[Measurement, int]:
    """One run and its bytes a request, as the server counted them."""
    server.counts()
    measurement = contender.run(case, Target(server.port, cores.client))
    requests, size = server.counts()
    if requests < measurement.requests:
        raise BenchmarkError(
            f"{contender.name} counts {measurement.requests:,} requests, the server only {requests:,} of them"
        )
    return measurement, round(size / requests)
