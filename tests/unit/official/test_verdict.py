"""One verdict from two: the official LoadGen's and that of the worker's records."""

import pytest

from inferometer_loadgen.official.reporting import official_report
from inferometer_loadgen.official.results import OfficialResult
from inferometer_loadgen.official.verdict import with_official
from inferometer_loadgen.protocol.frames import OfficialRun
from inferometer_loadgen.verdict import Finding, ReasonType, Severity, Verdict
from inferometer_loadgen.verdict.judge import word_of

SLOW = Finding(ReasonType.LATENCY_BOUND_EXCEEDED, Severity.INVALID, "p99 was 17 ms, the bound is 15 ms")
FAILED = Finding(ReasonType.QUERIES_FAILED, Severity.INVALID, "1 query failed")
DOUBT = Finding(ReasonType.CLIENT_INFLUENCED, Severity.INCONCLUSIVE, "worker 0 was late")
WARNING = Finding(ReasonType.LATE_CLIENT, Severity.WARNING, "worker 0 was late")


def own(*reasons):
    return Verdict(word_of(reasons), reasons, (WARNING,))


def loadgen(*broken):
    return OfficialResult(
        is_valid=not broken, broken=tuple((type_, "it was slow") for type_ in broken), advice="Reduce target QPS.",
        metric="result_completed_samples_per_sec", value=10.0, latency_ns={"99.00": 9}, errors=(),
    )  # fmt: skip


VALID = loadgen()
INVALID = loadgen(ReasonType.LATENCY_BOUND_EXCEEDED)
CASES = {
    "both say Valid": (own(), VALID, "Valid", []),
    "both say Invalid": (own(SLOW), INVALID, "Invalid", ["LatencyBoundExceeded"]),
    "LoadGen alone says Invalid": (own(), INVALID, "Inconclusive", ["EnginesDisagree", "LatencyBoundExceeded"]),
    "the records alone say Invalid": (own(SLOW), VALID, "Inconclusive", ["EnginesDisagree"]),
    "the client is in doubt": (own(DOUBT), VALID, "Inconclusive", ["ClientInfluenced"]),
    "the client is in doubt, and both say Invalid": (
        own(DOUBT, SLOW),
        INVALID,
        "Inconclusive",
        ["ClientInfluenced", "LatencyBoundExceeded"],
    ),
    "a query failed, of which LoadGen knows nothing": (own(FAILED), VALID, "Invalid", ["QueriesFailed"]),
    "queries failed and others were slow": (
        own(FAILED, SLOW),
        VALID,
        "Invalid",
        ["QueriesFailed", "LatencyBoundExceeded"],
    ),
}


@pytest.mark.parametrize(("ours", "official", "word", "types"), CASES.values(), ids=CASES)
def test_the_verdict_is_loadgens_unless_something_speaks_against_the_measurement(ours, official, word, types):
    verdict = with_official(ours, official, "6.0.17")

    assert (verdict.word, [reason.type for reason in verdict.reasons]) == (word, types)
    assert verdict.warnings == (WARNING,)


def test_a_reason_of_loadgens_has_its_advice():
    (reason,) = with_official(own(SLOW), INVALID, "6.0.17").reasons

    assert reason.message == "LoadGen 6.0.17: it was slow. Reduce target QPS."


def test_a_disagreement_names_what_the_records_say():
    (reason,) = with_official(own(SLOW), VALID, "6.0.17").reasons

    assert "LoadGen 6.0.17 says VALID" in reason.message
    assert SLOW.message in reason.message


def a_run(detail="d"):
    return OfficialRun(
        version="6.0.17", summary="s", detail=detail, accuracy="a",
        issue_delay_p50_ns=1, issue_delay_p99_ns=2, hand_over_p50_ns=3, hand_over_p99_ns=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "official", "own_verdict", "agrees"),
    [
        (own(), VALID, "Valid", True),
        (own(DOUBT), VALID, "Valid", True),
        (own(SLOW), VALID, "Invalid", False),
        (own(FAILED), VALID, "Invalid", None),
    ],
)
def test_both_words_are_reported(ours, official, own_verdict, agrees):
    report = official_report(a_run(), official, ours)

    assert (report.verdict, report.own_verdict, report.agrees) == ("VALID", own_verdict, agrees)


def test_the_logs_are_reported_unchanged():
    report = official_report(a_run(), VALID, own())

    assert report.logs == {
        "mlperf_log_summary.txt": "s",
        "mlperf_log_detail.txt": "d",
        "mlperf_log_accuracy.json": "a",
    }
    assert report.logs_absent == ""


@pytest.mark.parametrize(
    ("run", "ours", "why"),
    [
        (a_run(), own(FAILED), "counts them as answered"),
        (a_run("9" * 2_000_000), own(), "they have 2,000,002 bytes"),
    ],
)
def test_logs_that_would_mislead_or_do_not_fit_are_left_out_with_the_reason(run, ours, why):
    report = official_report(run, VALID, ours)

    assert report.logs == {}
    assert why in report.logs_absent
