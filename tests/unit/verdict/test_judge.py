"""What a run's records lead to, one sentence a row: the word, the reasons in order, and the warnings."""

import re
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict import (
    Measured,
    QueryStatus,
    ReasonType,
    Severity,
    judge,
    metric,
    when_called_off,
    without_client_share,
)
from inferometer_loadgen.verdict.checks import ACCURACY_CHECKS, CHECKS
from unit.verdict.runs import (
    MS,
    QUERIES,
    US,
    S,
    a_client,
    a_count,
    a_plan,
    a_plan_of,
    a_run,
    a_scored_run,
    a_ticking_run,
    an_accuracy_plan,
    an_offline_run,
    stalls,
    watched,
)

LATENCY = ReasonType.LATENCY_BOUND_EXCEEDED
DURATION = ReasonType.MIN_DURATION_NOT_MET
TOO_FEW = ReasonType.MIN_QUERIES_NOT_MET
FAILED = ReasonType.QUERIES_FAILED
FOREIGN = ReasonType.FOREIGN_REQUESTS
NOT_COUNTED = ReasonType.ANSWERS_NOT_COUNTED
RESTARTED = ReasonType.SERVER_RESTARTED
CLIENT = ReasonType.CLIENT_INFLUENCED
NOT_READ = ReasonType.COUNTS_NOT_READ
LATE = ReasonType.LATE_CLIENT
DISTURBED = ReasonType.CLIENT_DISTURBED
CLOCK = ReasonType.CLOCK_UNCERTAIN
CALLED_OFF = ReasonType.CALLED_OFF
UNSURE = ReasonType.EARLY_STOPPING_NOT_MET
SKIPPED = ReasonType.INTERVALS_SKIPPED


def first[Value: int](count: int, value: Value) -> dict[int, Value]:
    return dict.fromkeys(range(count), value)


@dataclass(frozen=True)
class Row:
    word: str
    run: Measured
    reasons: tuple[ReasonType, ...] = ()
    warnings: tuple[ReasonType, ...] = ()
    plan: Plan = field(default_factory=a_plan)


ROWS = {
    "an ordinary run is valid": Row("Valid", a_run()),
    "a latency on the bound is within it": Row("Valid", a_run(latency_ns=15 * MS)),
    "a latency a nanosecond over the bound is over it": Row(
        "Invalid", a_run(latency_ns=15 * MS + 1, lag_ns=0), (LATENCY,)
    ),
    "nine late queries of a thousand may be at p99": Row("Valid", a_run(latency_ns=first(9, 16 * MS))),
    "ten late queries of a thousand are too many at p99": Row(
        "Invalid", a_run(latency_ns=first(10, 16 * MS)), (LATENCY,)
    ),
    "nine late queries of a thousand are too many to be sure of p99": Row(
        "Invalid", a_run(latency_ns=first(9, 16 * MS)), (UNSURE,), plan=a_plan(early_stopping=True)
    ),
    "a hundred late queries are too many at p90": Row(
        "Invalid", a_run(latency_ns=first(100, 16 * MS)), (LATENCY,), plan=a_plan(latency_percentile=0.9)
    ),
    "one failed query makes a run invalid": Row("Invalid", a_run(failed={3: QueryStatus.TIMED_OUT}), (FAILED,)),
    "failed queries stay in n and count as late": Row(
        # Without the ten, 990 queries would remain, of which 9 may be late: the run would look as fast as any.
        "Invalid",
        a_run(failed=first(10, QueryStatus.CONNECTION_LOST)),
        (FAILED, LATENCY),
    ),
    "a late and a failed query weigh the same": Row(
        "Invalid",
        a_run(latency_ns=first(9, 16 * MS), failed={500: QueryStatus.BAD_ANSWER}),
        (FAILED, LATENCY),
    ),
    "a run that was cut short misses its minima and has failed queries": Row(
        "Invalid",
        a_run(failed=dict.fromkeys(range(500, QUERIES), QueryStatus.NOT_SENT)),
        (FAILED, LATENCY, DURATION, TOO_FEW),
    ),
    "a run that sent nothing is invalid": Row(
        "Invalid", a_run(failed=first(QUERIES, QueryStatus.NOT_SENT)), (FAILED, LATENCY, DURATION, TOO_FEW)
    ),
    "an empty run is invalid": Row("Invalid", a_run(queries=0), (DURATION, TOO_FEW)),
    "a last query due before the minimum duration is too early": Row(
        "Invalid", a_run(), (DURATION,), plan=a_plan(min_duration_ns=999 * MS + 1)
    ),
    "a last query due at the minimum duration is late enough": Row(
        "Valid", a_run(), plan=a_plan(min_duration_ns=999 * MS)
    ),
    "one query fewer than the minimum is too few": Row(
        "Invalid", a_run(), (TOO_FEW,), plan=a_plan(min_queries=QUERIES + 1)
    ),
    "one foreign request makes a run inconclusive": Row(
        "Inconclusive", a_run(counts={1: a_count(1, successes=501)}), (FOREIGN,)
    ),
    "foreign requests leave an exceeded bound in doubt": Row(
        "Inconclusive",
        a_run(latency_ns=16 * MS, counts={1: a_count(1, successes=501)}),
        (FOREIGN, LATENCY),
    ),
    "a success that the client gave up waiting for is not foreign": Row(
        "Invalid",
        a_run(failed={3: QueryStatus.TIMED_OUT}, counts={1: a_count(1, successes=500)}),
        (FAILED,),
    ),
    "an unsent query explains no success": Row(
        "Inconclusive",
        a_run(failed={3: QueryStatus.NOT_SENT}, counts={1: a_count(1, successes=500)}),
        (FOREIGN, FAILED, TOO_FEW),
    ),
    "an answer that no server counted makes a run inconclusive": Row(
        "Inconclusive", a_run(counts={0: a_count(0, successes=499)}), (NOT_COUNTED,)
    ),
    "a surplus here does not make up for a gap there": Row(
        "Inconclusive",
        a_run(counts={0: a_count(0, successes=501), 1: a_count(1, successes=499)}),
        (FOREIGN, NOT_COUNTED),
    ),
    "a restart makes a run inconclusive, even if the counts agree": Row(
        "Inconclusive", a_run(counts={0: a_count(0, restarted=True)}), (RESTARTED,)
    ),
    "counts across a restart are not compared": Row(
        "Inconclusive", a_run(counts={0: a_count(0, successes=17, restarted=True)}), (RESTARTED,)
    ),
    "counts that could not be read are a warning": Row(
        "Valid",
        a_run(counts={0: a_count(0, successes=None, failures=None, absent_reason="503 to 3 of 3 scrapes")}),
        warnings=(NOT_READ,),
    ),
    "a run that was called off is inconclusive, whatever else is held against it": Row(
        "Inconclusive",
        when_called_off(a_run(failed=dict.fromkeys(range(600, QUERIES), QueryStatus.NOT_SENT)), "Ctrl-C"),
        (CALLED_OFF, DURATION, TOO_FEW),
        (NOT_READ,),
    ),
    "a valid run with a late client stays valid, with a warning": Row("Valid", a_run(lag_ns=MS), warnings=(LATE,)),
    "a worker that is late at its own p99 is a late client": Row(
        # Seven of the 500 queries of worker 1, and fewer than one in a hundred of all.
        "Valid",
        a_run(lag_ns=dict.fromkeys(range(1, 15, 2), 2 * MS)),
        warnings=(LATE,),
    ),
    "a run that passes without the client's share is inconclusive": Row(
        "Inconclusive",
        a_run(latency_ns=first(10, 16 * MS), lag_ns=first(10, 2 * MS)),
        (CLIENT, LATENCY),
        (LATE,),
    ),
    "a run that passes without the client's share is inconclusive, however small the share": Row(
        "Inconclusive", a_run(latency_ns=15 * MS + 30 * US), (CLIENT, LATENCY)
    ),
    "servers so slow that queries wait for a connection leave no doubt": Row(
        "Invalid", a_run(latency_ns=90 * MS, lag_ns=59 * MS), (LATENCY,), (LATE,)
    ),
    "a punctual client leaves no doubt in an exceeded bound": Row("Invalid", a_run(latency_ns=16 * MS), (LATENCY,)),
    "in Offline no latency is judged, nor when a request was sent": Row(
        "Valid", an_offline_run(), plan=a_plan_of("Offline", bound_ns=0)
    ),
    "Offline's minimum is of samples": Row(
        "Invalid", an_offline_run(), (TOO_FEW,), plan=a_plan_of("Offline", bound_ns=0, min_queries=4 * QUERIES)
    ),
    "Offline ends with its last answer": Row(
        "Invalid", an_offline_run(), (DURATION,), plan=a_plan_of("Offline", bound_ns=0, min_duration_ns=1004 * MS + 1)
    ),
    "a query in a hundred may be open at the next tick": Row(
        "Valid", a_ticking_run(skipped=9), plan=a_plan_of("MultiStream", bound_ns=0)
    ),
    "more than one in a hundred may not": Row(
        "Invalid", a_ticking_run(skipped=10), (SKIPPED,), plan=a_plan_of("MultiStream", bound_ns=0)
    ),
    "an answer of the last query that took two ticks counts as one of them": Row(
        "Invalid", a_ticking_run(skipped=9, last_ns=2 * MS), (SKIPPED,), plan=a_plan_of("MultiStream", bound_ns=0)
    ),
    "a late client is no excuse for failed queries": Row(
        "Invalid",
        a_run(latency_ns=16 * MS, lag_ns=2 * MS, failed={3: QueryStatus.ERROR_STATUS}),
        (FAILED, LATENCY),
        (LATE,),
    ),
    "a strained client leaves a valid Server run valid, with a warning": Row(
        "Valid", watched(a_run(), a_client(), a_client(throttled_ns=20 * MS)), warnings=(DISTURBED,)
    ),
    "a busy client is a note on its capacity, and no doubt in an exceeded bound": Row(
        "Invalid",
        watched(a_run(latency_ns=16 * MS, lag_ns=0), a_client(busy_ns=900 * MS), a_client()),
        (LATENCY,),
        (DISTURBED,),
    ),
    "bursts of a strained client may have made servers slow": Row(
        "Inconclusive",
        watched(a_run(latency_ns=first(10, 90 * MS)), a_client(), a_client(run_delay_ns=700 * MS)),
        (CLIENT, LATENCY),
    ),
    "a strained client is no excuse where even the fastest answer was late": Row(
        "Invalid",
        watched(a_run(latency_ns=16 * MS), a_client(), a_client(run_delay_ns=700 * MS)),
        (LATENCY,),
        (DISTURBED,),
    ),
    "a client that sent late for no lack of connections leaves a doubt": Row(
        "Inconclusive", watched(a_run(latency_ns=first(50, 90 * MS), lag_ns=MS)), (CLIENT, LATENCY), (LATE,)
    ),
    "queries that waited for connections that slow servers held leave none": Row(
        "Invalid",
        watched(a_run(latency_ns=first(50, 90 * MS), lag_ns=MS), a_client(backlogged=400), a_client(backlogged=400)),
        (LATENCY,),
        (LATE, DISTURBED),
    ),
    "answers that waited in the client to be read are not the servers'": Row(
        # Sent at 0 ms and so on; all of them read at 20 ms, when worker 0 was let run again.
        "Inconclusive",
        watched(
            a_run(latency_ns={i: (20 - i) * MS for i in range(0, 6, 2)} | dict.fromkeys(range(101, 115, 2), 20 * MS)),
            a_client(stalls=stalls((0.1, 20.1))),
            a_client(stalls=stalls(*((i + 0.1, i + 20.01) for i in (101,)))),
        ),
        (CLIENT, LATENCY),
    ),
    "a strained client sends less where answers pace the load": Row(
        "Inconclusive",
        watched(an_offline_run(), a_client(), a_client(busy_ns=900 * MS)),
        (CLIENT,),
        plan=a_plan_of("Offline", bound_ns=0),
    ),
    "a quiet client leaves no doubt in Offline": Row(
        "Valid", watched(an_offline_run()), plan=a_plan_of("Offline", bound_ns=0)
    ),
    "a client's strain does not excuse failed requests of Offline": Row(
        "Invalid",
        watched(
            replace(an_offline_run(), status=a_run(failed={3: QueryStatus.BAD_ANSWER}).status),
            a_client(),
            a_client(busy_ns=900 * MS),
        ),
        (FAILED,),
        (DISTURBED,),
        plan=a_plan_of("Offline", bound_ns=0),
    ),
    "ticks that a stalled client may have skipped are in doubt": Row(
        "Inconclusive",
        watched(a_ticking_run(skipped=11), a_client(stalls=stalls((0, 30))), a_client()),
        (CLIENT, ReasonType.INTERVALS_SKIPPED),
        plan=a_plan_of("MultiStream", bound_ns=0),
    ),
    "a lost worker's word is missed, and nothing held against it": Row("Valid", watched(a_run(), a_client(), None)),
    "clocks that are known to a hundredth of the bound are known well enough": Row(
        "Valid", watched(a_run(), uncertainty_ns=150 * US)
    ),
    "clocks further apart than a hundredth of the bound are not": Row(
        "Inconclusive", watched(a_run(), uncertainty_ns=150 * US + 1), (CLOCK,)
    ),
    "clocks not known to half a thousandth of the run make its rate uncertain": Row(
        "Inconclusive",
        watched(an_offline_run(), uncertainty_ns=600 * US),
        (CLOCK,),
        plan=a_plan_of("Offline", bound_ns=0),
    ),
    "one worker compares its clock with none": Row(
        "Valid",
        watched(a_run(), a_client(), uncertainty_ns=MS),
        plan=msgspec.structs.replace(a_plan(), workers=1),
    ),
    "a score on its target is met": Row("Valid", a_scored_run(0.75), plan=an_accuracy_plan(target=0.75)),
    "a score below its target is not": Row(
        "Invalid", a_scored_run(0.7499), (ReasonType.ACCURACY_BELOW_TARGET,), plan=an_accuracy_plan(target=0.75)
    ),
    "a score without a target is only reported": Row("Valid", a_scored_run(0.0), plan=an_accuracy_plan()),
    "answers that nobody could score say nothing of the model": Row(
        "Inconclusive",
        a_scored_run(None),
        (ReasonType.ACCURACY_NOT_SCORED,),
        plan=an_accuracy_plan(target=0.75),
    ),
    "of an accuracy run no time is judged": Row(
        "Valid", replace(a_scored_run(0.9), done_ns=a_run(latency_ns=S).done_ns), plan=an_accuracy_plan()
    ),
    "a sample without an answer makes an accuracy run invalid, unscored": Row(
        "Invalid", a_run(failed={3: QueryStatus.TIMED_OUT}), (FAILED,), plan=an_accuracy_plan(target=0.75)
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_verdict(row: Row) -> None:
    verdict = judge(row.run, row.plan)

    found = (
        verdict.word,
        tuple(reason.type for reason in verdict.reasons),
        tuple(warning.type for warning in verdict.warnings),
    )
    assert found == (row.word, row.reasons, row.warnings)
    assert all(reason.severity is not Severity.WARNING for reason in verdict.reasons)
    assert all(warning.severity is Severity.WARNING for warning in verdict.warnings)


def test_the_rows_above_show_every_reason_and_every_check() -> None:
    """A new reason or check comes with a row; those of compliance tests are of several runs, and shown in `audits/`."""
    known = {*CHECKS, *ACCURACY_CHECKS}
    found = {check for row in ROWS.values() for check in known if check(row.run, row.plan) is not None}
    shown = {reason for row in ROWS.values() for reason in (*row.reasons, *row.warnings)}

    assert found == known
    # Compliance tests (audits/) and what the official LoadGen says (official/test_verdict.py) have tables of their own.
    elsewhere = {reason for reason in ReasonType if reason.startswith("Audit")} | {ReasonType.ENGINES_DISAGREE}
    assert shown == set(ReasonType) - elsewhere


def test_a_late_client_never_makes_a_valid_run_anything_else() -> None:
    for lag_ns in (0, 100 * US, 4 * MS):
        assert judge(a_run(latency_ns=15 * MS, lag_ns=lag_ns), a_plan()).word == "Valid"


def test_without_the_client_s_share_every_query_was_sent_on_time_and_failures_stay() -> None:
    run = a_run(queries=4, lag_ns={1: MS}, failed={2: QueryStatus.TIMED_OUT, 3: QueryStatus.NOT_SENT})
    without = without_client_share(run)

    assert without.send_lag_ns()[without.was_sent()].tolist() == [0, 0, 0]
    assert without.latency_ns()[:2].tolist() == [5 * MS - 50 * US, 4 * MS]
    assert without.latency_ns()[2:].tolist() == run.latency_ns()[2:].tolist()
    assert run.send_lag_ns()[1] == MS, "the run itself is unchanged"


def test_a_query_sent_early_does_not_get_slower_without_the_client_s_share() -> None:
    assert without_client_share(a_run(queries=1, lag_ns=-US)).latency_ns().tolist() == [5 * MS]


def test_counts_of_another_number_of_servers_are_refused() -> None:
    with pytest.raises(ValueError, match="counts of 2 servers, but the plan has 3 replicas"):
        judge(a_run(), msgspec.structs.replace(a_plan(), replicas=3))


MESSAGES = {
    "late queries": (
        a_run(latency_ns=first(12, 17_210 * US)),
        ("p99 was 17.2 ms, the bound of magika in Server is 15.0 ms", "12 of 1,000 queries were late, 9 may be"),
        "lower spec.load.targetQPS, add replicas or make the model faster",
    ),
    "a latency that rounds to the bound": (
        a_run(latency_ns=15 * MS + 1, lag_ns=0),
        (
            "p99 was 15,000,001 ns, the bound of magika in Server is 15,000,000 ns",
            "1,000 of 1,000 queries were late, 9 may be",
        ),
        (
            "the fastest took 15,000,001 ns, so no lower load helps: raise spec.load.latencyBound (15,000,000 ns) or "
            "make the model faster"
        ),
    ),
    "failures that the servers know of": (
        a_run(failed={1: QueryStatus.ERROR_STATUS, 2: QueryStatus.TIMED_OUT, 3: QueryStatus.TIMED_OUT}),
        ("3 of 1,000 queries failed: 2 timed out and 1 answered with an error status",),
        "the servers counted 1 failure, read their logs, correct the cause and run again",
    ),
    "a run that ended early": (
        a_run(failed=dict.fromkeys(range(997, QUERIES), QueryStatus.NOT_SENT)),
        ("3 of 1,000 queries failed: 3 never sent",),
        "find what ended the run early and run again",
    ),
    "foreign requests": (
        a_run(counts={1: a_count(1, successes=1_617)}),
        (
            (
                "server-1 counted 1,617 successes, 1,117 more than this run's queries explain: "
                "somebody else uses the servers, and slows them down"
            ),
        ),
        "find out who, and run again alone",
    ),
    "a client's share": (
        a_run(latency_ns=first(10, 16 * MS), lag_ns=first(10, 2 * MS)),
        (
            (
                "without the client's own send lag and unread answers, p99 would have been 14.0 ms, "
                "within the bound of 15.0 ms"
            ),
            "the send lag of worker 1 at p99 was 2.0 ms (limit 0.30 ms)",
        ),
        "give the workers more CPU, or more workers, or nodes of their own, and run again",
    ),
}


@pytest.mark.parametrize(("run", "facts", "next_step"), MESSAGES.values(), ids=MESSAGES.keys())
def test_the_first_reason_says_what_was_found_and_then_what_to_do(
    run: Measured, facts: tuple[str, ...], next_step: str
) -> None:
    assert judge(run, a_plan()).reasons[0].message == "; ".join((*facts, next_step))


def test_every_message_is_one_line_without_a_placeholder() -> None:
    for row in ROWS.values():
        verdict = judge(row.run, row.plan)
        for finding in (*verdict.reasons, *verdict.warnings):
            assert re.fullmatch(r"[^\n{}]+;[^\n{}]+[a-z]", finding.message), finding.message
            assert str(2**63 - 1) not in finding.message.replace(",", ""), "infinity is not a number"


def test_without_the_client_s_share_an_answer_was_there_when_its_reader_fell_asleep() -> None:
    """Of worker 0, queries 0, 2 and 4 are read at 20 ms; the reader slept from 0.1 ms on, or since each was sent."""
    run = a_run(queries=6, latency_ns={i: (20 - i) * MS for i in range(0, 6, 2)})
    without = without_client_share(watched(run, a_client(stalls=stalls((0.1, 20.1))), a_client()))

    sent_after_100_us, sent_within = 100 * US - 50 * US, 0
    assert without.latency_ns()[0::2].tolist() == [sent_after_100_us, sent_within, sent_within]
    assert without.latency_ns()[1::2].tolist() == [5 * MS - 50 * US] * 3


def test_by_the_rules_of_2019_the_rate_of_the_schedule_is_the_result() -> None:
    run = a_run(latency_ns=5 * MS)

    by_2019 = metric(run, a_plan(server_metric="Scheduled"))

    assert (by_2019.name, by_2019.value) == ("scheduled_samples_per_second", 1000.0)
    assert metric(run, a_plan()).value == pytest.approx(999 / 1.004)
