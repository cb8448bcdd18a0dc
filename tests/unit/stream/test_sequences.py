"""Which queries belong together: whoever knows a query's index knows its sequence."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.plan import SequencesPlan
from inferometer_loadgen.stream.sequences import turns_of

QUERIES = 2_000


def test_two_slots_with_sequences_of_three() -> None:
    turns = turns_of(np.arange(9), SequencesPlan(count=2, length=3))

    assert turns.sequence_id.tolist() == [1, 2, 1, 2, 1, 2, 3, 4, 3]
    assert turns.start.tolist() == [True, True, False, False, False, False, True, True, False]
    assert turns.end.tolist() == [False, False, False, False, True, True, False, False, False]


def test_a_sequence_of_one_query_starts_and_ends_with_it() -> None:
    turns = turns_of(np.arange(5), SequencesPlan(count=2, length=1))

    assert turns.sequence_id.tolist() == [1, 2, 3, 4, 5]
    assert turns.start.all()
    assert turns.end.all()


@given(workers=st.integers(1, 6), replicas=st.integers(1, 6), times=st.integers(1, 4), length=st.integers(1, 30))
def test_each_sequence_is_whole_in_order_at_one_worker_and_one_replica(
    workers: int, replicas: int, times: int, length: int
) -> None:
    plan = SequencesPlan(count=int(np.lcm(workers, replicas)) * times, length=length)
    index = np.arange(QUERIES)
    turns = turns_of(index, plan)

    queries = defaultdict[int, list[int]](list)
    for query, sequence_id in zip(index.tolist(), turns.sequence_id.tolist(), strict=True):
        queries[sequence_id].append(query)
    last_of_slot = {own[0] % plan.count: sequence_id for sequence_id, own in queries.items()}
    for sequence_id, own in queries.items():
        assert {query % workers for query in own} == {own[0] % workers}
        assert {query % replicas for query in own} == {own[0] % replicas}
        assert turns.start[own].tolist() == [True] + [False] * (len(own) - 1)
        is_whole = len(own) == length
        assert turns.end[own].tolist() == [False] * (len(own) - 1) + [is_whole]
        assert is_whole or last_of_slot[own[0] % plan.count] == sequence_id
    assert min(queries) == 1


@given(st.lists(st.integers(0, 10**9), max_size=20), st.integers(1, 1_000), st.integers(1, 10**6))
def test_it_is_a_function_of_the_index_alone(queries: list[int], count: int, length: int) -> None:
    turns = turns_of(np.array(queries, dtype=np.int64), SequencesPlan(count=count, length=length))

    for at, query in enumerate(queries):
        slot, turn = query % count, query // count
        assert turns.sequence_id[at] == 1 + slot + count * (turn // length)
        assert turns.start[at] == (turn % length == 0)
        assert turns.end[at] == (turn % length == length - 1)
