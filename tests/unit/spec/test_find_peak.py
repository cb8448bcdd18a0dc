"""What a search for samples per query may say, and the plan that is made of it."""

import pytest

from inferometer_loadgen.plan import FindPeakPlan
from inferometer_loadgen.spec import LibraryFacts, resolve
from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.spec.scenarios import TICKING
from unit.spec.specs import an_object

PATH = "spec.load.findPeak"


def a_search(*, search, scenario="MultiStream", **load):
    benchmark = an_object()
    benchmark["spec"]["scenario"] = scenario
    given = {"streamDialect": TICKING, "targetQPS": 20, "data": {"synthetic": {}}, "findPeak": search} | load
    benchmark["spec"]["load"] = {name: value for name, value in given.items() if value is not None}
    return benchmark


def test_it_prepares_for_the_most_samples_at_its_ticks():
    spec, errors = decode_object(a_search(search={"maxSamplesPerQuery": 64, "trialDuration": "2s"}))
    assert errors == ()
    assert spec is not None

    plan = resolve("one", spec, None)

    assert plan.find_peak == FindPeakPlan(
        min_samples_per_query=1,
        max_samples_per_query=64,
        tolerance=0.02,
        trial_duration_ns=2 * 10**9,
        max_trials=24,
    )
    assert (plan.stream.samples_per_query, plan.stream.target_qps, plan.in_flight) == (64, 20, 1)


def test_the_rules_of_2019_give_the_ticks():
    benchmark = a_search(search={"maxSamplesPerQuery": 64}, streamDialect=None, targetQPS=None)
    benchmark["spec"] |= {"rules": "mlperf-v0.5", "task": "gnmt"}
    spec, errors = decode_object(benchmark)
    assert errors == ()
    assert spec is not None

    plan = resolve("one", spec, LibraryFacts(samples=4_000_000, sha256=""))

    assert (plan.stream.target_qps, plan.stream.samples_per_query) == (10, 64)


REFUSED = {
    "rates": ({"min": 1, "max": 9}, {}, f"{PATH}.min: means nothing in MultiStream"),
    "both": ({"min": 1, "max": 9, "maxSamplesPerQuery": 9}, {}, f"{PATH}.max: means nothing in MultiStream"),
    "no most": ({"minSamplesPerQuery": 2}, {}, f"{PATH}.maxSamplesPerQuery: is missing"),
    "the most below the fewest": (
        {"minSamplesPerQuery": 9, "maxSamplesPerQuery": 8},
        {},
        f"{PATH}.maxSamplesPerQuery: `8` is below minSamplesPerQuery `9`",
    ),
    "a tolerance": ({"maxSamplesPerQuery": 8, "tolerance": 0.1}, {}, f"{PATH}.tolerance: `0.1` means nothing"),
    "beside samplesPerQuery": (
        {"maxSamplesPerQuery": 8},
        {"samplesPerQuery": 4},
        f"{PATH}: says which samples per query are tried",
    ),
    "without ticks": (
        {"maxSamplesPerQuery": 8},
        {"streamDialect": None, "targetQPS": None},
        f"{PATH}: does not fit streamDialect loadgen-6.0",
    ),
    "samples in Server": (
        {"maxSamplesPerQuery": 8},
        {"scenario": "Server", "targetQPS": None, "latencyBound": "1s"},
        f"{PATH}.maxSamplesPerQuery: means nothing in Server",
    ),
    "half of the rates": (
        {"min": 8},
        {"scenario": "Server", "targetQPS": None, "latencyBound": "1s"},
        f"{PATH}.max: is missing",
    ),
}


@pytest.mark.parametrize(("search", "changes", "line"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(search, changes, line):
    errors = decode_object(a_search(search=search, **changes))[1]

    assert any(str(error).startswith(line) for error in errors), errors
