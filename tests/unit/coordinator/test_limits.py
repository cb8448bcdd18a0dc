"""How long a phase may take before whoever is silent in it is given up."""

from msgspec import structs

from inferometer_loadgen.coordinator.limits import phase_limit_s
from inferometer_loadgen.coordinator.state import Phase
from inferometer_loadgen.official.process import LOGGED_WITHIN_S
from unit.report.reports import PLAN


def test_a_drain_lasts_as_long_as_the_plan_says_and_a_busy_machine_needs() -> None:
    assert phase_limit_s(PLAN, Phase.DRAINING, 0) == 5.5 + 30


def test_a_worker_is_not_given_up_while_it_lets_the_official_loadgen_write_its_logs() -> None:
    """It waits once for LoadGen's word and once for its process to end."""
    limit_s = phase_limit_s(structs.replace(PLAN, engine="mlperf-loadgen"), Phase.DRAINING, 0)

    assert limit_s is not None
    assert limit_s >= PLAN.drain_ns / 1e9 + 2 * LOGGED_WITHIN_S
