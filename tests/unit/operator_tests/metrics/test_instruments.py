"""What the operator counts of its own work."""

from prometheus_client import generate_latest

from inferometer_operator.looking import Outcome
from inferometer_operator.metrics.instruments import CALLS, Instruments
from unit.operator_tests.metrics.builders import samples

PREFIX = "inferometer_operator_"


def page(instruments: Instruments) -> dict[str, float]:
    found = samples(generate_latest(instruments.registry).decode())
    return {name.removeprefix(PREFIX): value for name, value in found.items()}


def test_every_counter_is_there_from_zero():
    instruments = Instruments("0.1.0")
    instruments.looks("schedule", lambda: 0, lambda: 0)

    found = page(instruments)

    counters = {name: value for name, value in found.items() if name.partition("{")[0].endswith("_total")}
    ours = {name: value for name, value in counters.items() if not name.startswith(("python_", "process_"))}
    assert len(ours) == len(CALLS) + len(Outcome) + 2
    assert set(ours.values()) == {0.0}
    assert found["reconcile_duration_seconds_count{controller=schedule}"] == 0.0


def test_a_look_is_counted_with_its_time_and_a_failed_one_as_an_error_too():
    instruments = Instruments("0.1.0")
    looked = instruments.looks("schedule", lambda: 7, lambda: 3)

    looked(Outcome.DONE, 0.5)
    looked(Outcome.CHANGED, 0.5)
    looked(Outcome.REFUSED, 2.0)

    found = page(instruments)
    assert found["reconcile_duration_seconds_sum{controller=schedule}"] == 3.0
    assert found["reconciles_total{controller=schedule,outcome=Changed}"] == 1.0
    assert found["reconcile_errors_total{controller=schedule,kind=Refused}"] == 1.0
    assert found["reconcile_errors_total{controller=schedule,kind=Fault}"] == 0.0
    assert found["queue_depth{controller=schedule}"] == 7.0
    assert found["queue_ready{controller=schedule}"] == 3.0


def test_a_call_without_an_answer_has_no_code():
    instruments = Instruments("0.1.0")

    instruments.answered("POST", "/api/v1/namespaces/a/pods", 201)
    instruments.answered("POST", "/api/v1/namespaces/b/pods", 0)

    found = page(instruments)
    assert found["api_requests_total{code=201,resource=pods,verb=create}"] == 1.0
    assert found["api_requests_total{code=none,resource=pods,verb=create}"] == 1.0
