"""How long pods may live."""

from msgspec import structs

from inferometer_loadgen.spec.repeat import Repeat
from inferometer_operator.objects import deadlines
from unit.operator_tests.builders import a_spec


def test_pods_may_live_as_long_as_all_rounds_and_the_cooldowns_between_them_take() -> None:
    once = a_spec()
    thrice = structs.replace(once, repeat=Repeat(count=3, cooldown="10m"))

    one_s, three_s = deadlines.load_bound_s(once), deadlines.load_bound_s(thrice)

    assert three_s >= 3 * one_s + 2 * 600
    assert deadlines.server_deadline_s(thrice) - deadlines.server_deadline_s(once) >= 2 * one_s + 2 * 600 - 1
    assert deadlines.loader_deadline_s(thrice) - deadlines.loader_deadline_s(once) >= 2 * one_s + 2 * 600 - 1


def test_pods_may_live_for_the_accuracy_round_too() -> None:
    measured = a_spec()
    both = structs.replace(measured, mode="PerformanceAndAccuracy")

    more_s = deadlines.load_bound_s(both) - deadlines.load_bound_s(measured)

    assert more_s >= deadlines.PACED_BY_ANSWERS_S


def test_pods_may_live_for_both_rounds_of_a_compliance_test_and_for_a_third_one_of_test01() -> None:
    once = deadlines.load_bound_s(a_spec())

    assert deadlines.load_bound_s(a_spec(mode="Audit", audit="TEST04")) >= 2 * once
    assert deadlines.load_bound_s(a_spec(mode="Audit", audit="TEST01")) >= 2 * once + deadlines.PACED_BY_ANSWERS_S
