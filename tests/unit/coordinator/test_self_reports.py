from inferometer_loadgen.coordinator.self_reports import vitals_of
from inferometer_loadgen.protocol.frames import Finished, Vitals
from unit.verdict.runs import stalls

MACHINE = Vitals(
    run_delay_ns=1,
    throttled_ns=None,
    stolen=0.5,
    full_collections=2,
    major_faults=3,
    segments=4,
    retransmitted=5,
    round_trip_ns=6,
)


def finished(said: bytes, vitals: Vitals | None) -> Finished:
    return Finished(
        rows=1, backlogged=7, cpu_ns=8, busy_ns=9, elapsed_ns=10, first_error="", stalls=said, vitals=vitals
    )


def test_a_worker_s_word_is_taken_as_it_is() -> None:
    vitals = vitals_of(finished(stalls((1, 3), (5, 9)).tobytes(), MACHINE))

    assert (vitals.backlogged, vitals.cpu_ns, vitals.busy_ns, vitals.elapsed_ns) == (7, 8, 9, 10)
    assert (vitals.run_delay_ns, vitals.throttled_ns, vitals.retransmitted) == (1, None, 5)
    assert (vitals.stalled_ns, vitals.longest_stall_ns) == (6_000_000, 4_000_000)


def test_what_was_not_looked_at_is_absent_and_half_a_stall_is_none() -> None:
    vitals = vitals_of(finished(stalls((1, 3)).tobytes() + b"12345678", None))

    assert (vitals.run_delay_ns, vitals.segments) == (None, None)
    assert len(vitals.stalls) == 1
