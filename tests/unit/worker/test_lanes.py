"""A closed loop in lanes: each answer sends the next row of its own lane, and no other."""

import random
import time
from array import array
from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.stream import Issue
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.issuers import InLanes, issuer_of
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Work


class Servers:
    """What a carrier hands rows to: they are open until a test answers one."""

    def __init__(self) -> None:
        self.open: deque[int] = deque()
        self.asked: list[int] = []

    def ask(self, _replica: int, row: int) -> None:
        self.open.append(row)
        self.asked.append(row)

    def flush(self) -> None:
        """Each row has gone already."""


class FirstReplica:
    is_by_index = True

    def replica_of(self, _row: int) -> int:
        return 0


def a_loop(rows: int, lanes: int, least: int, *, grows: bool) -> tuple[InLanes, Servers, Records, Work]:
    """Over, by its time, with the first row of `least`."""
    work = Work(body=array("q", range(rows)), first=0, step=1, issue=Issue.COMPLETION, scheduled_ns=array("q"))
    work.lanes = work.window = lanes
    work.is_open_ended, work.min_rows = True, least
    work.extend = (lambda more: array("q", range(more))) if grows else None
    records, servers = Records(rows), Servers()
    issuer = issuer_of(work, time.monotonic_ns(), servers, FirstReplica(), records)  # type: ignore[arg-type]
    assert isinstance(issuer, InLanes)
    return issuer, servers, records, work


def answer(servers: Servers, records: Records, chance: random.Random) -> None:
    """Whichever of the open rows."""
    servers.open.rotate(chance.randrange(len(servers.open)))
    row = servers.open.popleft()
    records.status[row] = QueryStatus.OK
    records.ended.append(row)


@given(
    lanes=st.integers(1, 8), rows=st.integers(0, 40), least=st.integers(1, 200), grows=st.booleans(), seed=st.integers()
)
def test_each_lane_goes_on_in_order_with_one_row_open(
    lanes: int, rows: int, least: int, grows: bool, seed: int
) -> None:
    issuer, servers, records, _ = a_loop(rows, lanes, least, grows=grows)
    chance = random.Random(seed)

    issuer.wake(0)
    while servers.open:
        assert len({row % lanes for row in servers.open}) == len(servers.open) <= lanes
        answer(servers, records, chance)
        issuer.refill()

    assert issuer.over
    assert issuer.handed == len(servers.asked) == len(records.ended)
    assert len(servers.asked) == max(1, least) if grows else len(servers.asked) <= rows
    for lane in range(lanes):
        own = [row for row in servers.asked if row % lanes == lane]
        assert own == list(range(lane, lane + lanes * len(own), lanes))


@given(lanes=st.integers(1, 6), least=st.integers(1, 60), seed=st.integers())
def test_at_the_end_the_records_are_of_what_was_issued(lanes: int, least: int, seed: int) -> None:
    issuer, servers, records, _ = a_loop(4, lanes, least, grows=True)
    chance = random.Random(seed)
    issuer.wake(0)
    while len(records.ended) < least // 2 and servers.open:
        answer(servers, records, chance)
        issuer.refill()

    issuer.cut(records)

    ended = records.newly_ended(0)
    never = list(records.never_ended(0))
    handed_over = [frame.rows for frame in ([ended] if ended else []) + never]
    rows = np.concatenate([np.frombuffer(own, "<i8") for own in handed_over]).tolist()
    assert sorted(rows) == sorted(servers.asked)
    assert records.issued == len(servers.asked)


def test_an_answer_that_failed_sends_the_next_one_of_its_lane_too() -> None:
    issuer, servers, records, _ = a_loop(8, 2, 8, grows=True)
    issuer.wake(0)

    servers.open.remove(1)
    records.status[1] = QueryStatus.ERROR_STATUS
    records.ended.append(1)
    issuer.refill()

    assert servers.asked == [0, 1, 3]
