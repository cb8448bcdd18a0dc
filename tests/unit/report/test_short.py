"""What is left of a report where only its coordinator's last words are left."""

import msgspec
import pytest
from msgspec.structs import replace

from inferometer_loadgen.protocol.api import FailureReport
from inferometer_loadgen.report.schema import AuditReport, OutputsReport, Reason, StepReport
from inferometer_loadgen.report.short import LIMIT_BYTES, decode, encode, in_short

from .reports import a_report

SHORT = in_short(a_report(), "ab" * 32)


def test_it_can_be_read_again() -> None:
    assert decode(encode(SHORT).decode()) == SHORT


@pytest.mark.parametrize("letter", ["x", "ü", "\x00", "\U0001f600"])
def test_it_is_never_longer_than_kubernetes_keeps_whole(letter: str) -> None:
    reason = Reason(type="LatencyBoundExceeded", message=letter * 5000)
    failure = FailureReport(type="WorkerLost", message=letter * 5000)
    long = msgspec.structs.replace(SHORT, reasons=(reason,) * 20, failure=failure)

    data = encode(long)

    assert len(data) <= LIMIT_BYTES
    found = decode(data.decode())
    assert found is not None
    assert found.reasons
    assert found.reasons[0].message.startswith(letter)
    assert found.failure is not None
    assert found.failure.type == "WorkerLost"
    assert msgspec.structs.replace(found, reasons=(), failure=None) == msgspec.structs.replace(SHORT, reasons=())


A_STEP = StepReport(
    concurrency=256,
    samples_per_second=98_765.43210987,
    p50_ns=123_456_789,
    p99_ns=123_456_789,
    errors=0,
    verdict="Invalid",
    is_result=False,
)


def test_all_steps_of_concurrency_are_there_where_they_fit_and_none_where_they_do_not() -> None:
    reason = Reason(type="LatencyBoundExceeded", message="x" * 5000)
    most = replace(in_short(a_report(steps=(A_STEP,) * 32), "ab" * 32), reasons=(reason,) * 4)
    long = in_short(a_report(steps=(replace(A_STEP, errors=10**12, p99_ns=10**12, verdict="Inconclusive"),) * 32), "")
    failed = replace(long, reasons=most.reasons, failure=FailureReport(type="WorkerLost", message="\x00" * 5000))

    kept, dropped = decode(encode(most).decode()), decode(encode(failed).decode())

    assert len(encode(most)) <= LIMIT_BYTES
    assert len(encode(failed)) <= LIMIT_BYTES
    assert kept is not None
    assert dropped is not None
    assert kept.steps == most.steps
    assert kept.steps[0].samples_per_second == 98_765.4
    assert kept.reasons
    assert dropped.steps == ()


def test_of_a_compliance_test_what_a_status_shows_is_there_however_long_a_scorers_words_are() -> None:
    outputs = OutputsReport(logged=90, different=2, differing_samples=(3, 5), not_scored="x" * 5000)
    figures = {"audited": 41.0, "reference": 40.0, "low": 36.0, "high": 44.0, "tolerance": 0.1}
    audit = AuditReport(test="TEST01", passed=False, unit="samples/s", outputs=outputs, **figures)

    data = encode(in_short(a_report(audit=audit), "ab" * 32))

    assert len(data) <= LIMIT_BYTES
    found = decode(data.decode())
    assert found is not None
    assert found.audit == replace(audit, outputs=OutputsReport(logged=90, different=2))


def test_that_a_run_was_called_off_is_never_cut() -> None:
    called_off = Reason(type="CalledOff", message="Cancelled: spec.cancel was set")
    others = (Reason(type="ServerErrors", message="\x00" * 5000),) * 9

    found = decode(encode(msgspec.structs.replace(SHORT, reasons=(*others, called_off))).decode())

    assert found is not None
    assert found.reasons[0] == called_off


@pytest.mark.parametrize(
    "text",
    ["", "Killed", "{}", encode(SHORT).decode()[1:], encode(SHORT).decode().replace("Valid", "Good"), "\ud800"],
    ids=["nothing", "words", "an empty object", "its end", "another verdict", "no text"],
)
def test_what_is_something_else_is_nothing(text: str) -> None:
    assert decode(text) is None
