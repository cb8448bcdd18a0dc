"""How long pods may live."""

from msgspec import UNSET, structs

from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.spec.repeat import Repeat
from inferometer_operator.objects import deadlines
from unit.operator_tests.builders import a_spec
from unit.spec.specs import an_object


def test_pods_may_live_as_long_as_all_steps_of_concurrency_take() -> None:
    ordinary = a_spec()
    load = structs.replace(ordinary.load, target_qps=UNSET, concurrency=4)
    once = structs.replace(ordinary, scenario="Concurrency", load=load)
    steps = structs.replace(once, load=structs.replace(load, concurrency=UNSET, concurrency_steps=(1, 2, 4)))

    assert deadlines.load_bound_s(steps) >= 3 * deadlines.load_bound_s(once)


def test_pods_may_live_as_long_as_all_rounds_and_the_cooldowns_between_them_take() -> None:
    once = a_spec()
    thrice = structs.replace(once, repeat=Repeat(count=3, cooldown="10m"))

    one_s, three_s = deadlines.load_bound_s(once), deadlines.load_bound_s(thrice)

    assert three_s >= 3 * one_s + 2 * 600
    assert deadlines.server_deadline_s(thrice) - deadlines.server_deadline_s(once) >= 2 * one_s + 2 * 600 - 1
    assert deadlines.loader_deadline_s(thrice) - deadlines.loader_deadline_s(once) >= 2 * one_s + 2 * 600 - 1


def test_a_search_for_samples_per_query_may_take_its_trials_and_the_measured_runs_at_its_ticks() -> None:
    benchmark = an_object()
    benchmark["spec"] |= {"scenario": "MultiStream", "rules": "mlperf-v0.5", "task": "resnet50"}
    benchmark["spec"]["load"] = {"data": {"synthetic": {}}, "findPeak": {"maxSamplesPerQuery": 64}}
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None

    bound_s = deadlines.load_bound_s(spec)

    measured_s = 270_336 / 20
    assert bound_s > 24 * 10 + 4 * measured_s
    # A trial that is paced by answers is not given the hours that a run of unknown length has.
    assert bound_s < 24 * 200 + 4 * 1.5 * (measured_s + deadlines.PACED_BY_ANSWERS_S + 300)


def test_pods_may_live_for_the_accuracy_round_too() -> None:
    measured = a_spec()
    both = structs.replace(measured, mode="PerformanceAndAccuracy")

    more_s = deadlines.load_bound_s(both) - deadlines.load_bound_s(measured)

    assert more_s >= deadlines.PACED_BY_ANSWERS_S


def test_pods_may_live_for_both_rounds_of_a_compliance_test_and_for_a_third_one_of_test01() -> None:
    once = deadlines.load_bound_s(a_spec())

    assert deadlines.load_bound_s(a_spec(mode="Audit", audit="TEST04")) >= 2 * once
    assert deadlines.load_bound_s(a_spec(mode="Audit", audit="TEST01")) >= 2 * once + deadlines.PACED_BY_ANSWERS_S
