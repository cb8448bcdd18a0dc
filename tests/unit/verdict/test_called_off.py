"""A run that was ended before its time: its figures are kept, and nothing is concluded from them."""

from inferometer_loadgen.verdict import QueryStatus, ReasonType, judge, when_called_off
from unit.verdict.runs import a_plan, a_run


def test_a_run_that_was_called_off_is_inconclusive_and_keeps_the_queries_that_were_sent() -> None:
    run = a_run(failed=dict.fromkeys(range(600, 1000), QueryStatus.NOT_SENT))

    cut = when_called_off(run, "interrupted from the keyboard")
    verdict = judge(cut, a_plan())

    assert len(cut) == 600
    assert verdict.word == "Inconclusive"
    assert verdict.reasons[0].type is ReasonType.CALLED_OFF
    assert verdict.reasons[0].message.startswith("interrupted from the keyboard after 600 queries")


def test_queries_beyond_the_first_unsent_one_are_left_out_whoever_sent_them() -> None:
    run = a_run(failed={600: QueryStatus.NOT_SENT, 602: QueryStatus.NOT_SENT})

    assert len(when_called_off(run, "stop")) == 600
