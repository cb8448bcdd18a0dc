"""What the operator remembers of coordinators lasts no longer than their runs."""

from typing import Any, cast

import pytest

from inferometer_operator.cache import Cache
from inferometer_operator.coordinators import Coordinators
from inferometer_operator.observe import Observer
from inferometer_operator.run import Key

from .builders import SETTINGS, T0
from .test_cache import a_stored_run

KEY = Key("bench", "quickstart")
NOON = "2026-11-25T12:00:00Z"
FINISHED = {"type": "Finished", "status": "True", "reason": "Done", "message": "", "lastTransitionTime": NOON}


def an_observer(cache: Cache) -> Observer:
    nobody = cast("Any", None)
    return Observer(nobody, Coordinators(nobody, b"k" * 48), cache, SETTINGS, lambda: T0)


def an_observer_that_has_asked() -> Observer:
    """It has looked at a run, and its coordinator did not answer."""
    cache = Cache()
    cache.put_run(a_stored_run(uid="u1"))
    observer = an_observer(cache)
    assert observer.observe(KEY) is not None
    observer.coordinators.at("198.18.0.1", "u1")
    observer.silent_since["u1"] = T0
    return observer


def test_each_run_has_a_counter_of_its_own_that_outlives_its_clients() -> None:
    coordinators = an_observer(Cache()).coordinators
    one, again, other = (coordinators.at("198.18.0.1", uid).counter for uid in ("u1", "u1", "u2"))

    assert one is again
    assert one is not other


def test_a_run_that_goes_on_is_not_forgotten() -> None:
    observer = an_observer_that_has_asked()
    counter = observer.coordinators.counters["u1"]

    observer.observe(KEY)

    assert observer.coordinators.counters == {"u1": counter}
    assert observer.silent_since == {"u1": T0}


@pytest.mark.parametrize("how", ["finished", "gone", "replaced", "asked after its end, then gone"])
def test_a_run_that_is_over_is_forgotten(how: str) -> None:
    observer = an_observer_that_has_asked()

    match how:
        case "finished":
            observer.cache.put_run(a_stored_run(6, uid="u1", conditions=[FINISHED]))
        case "gone":
            observer.cache.drop_run(KEY, "u1")
        case "replaced":
            observer.cache.put_run(a_stored_run(7, uid="u2"))
        case _:
            observer.cache.put_run(a_stored_run(6, uid="u1", conditions=[FINISHED]))
            observer.observe(KEY)
            observer.coordinators.at("198.18.0.1", "u1")
            observer.cache.drop_run(KEY, "u1")
    observer.observe(KEY)

    assert observer.coordinators.counters == {}
    assert observer.silent_since == {}


def test_a_key_whose_run_is_gone_leaves_nothing() -> None:
    observer = an_observer_that_has_asked()
    observer.cache.drop_run(KEY, "u1")

    assert observer.observe(KEY) is None
    assert observer.uids == {}
