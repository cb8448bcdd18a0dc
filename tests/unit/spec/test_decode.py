import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.spec import BenchmarkSpec, SpecError
from inferometer_loadgen.spec.decode import decode_file, decode_object
from inferometer_loadgen.spec.errors import SpecErrors
from inferometer_loadgen.spec.walk import misfits
from unit.spec.specs import QUICKSTART, an_object, with_value, without


def complaints(text):
    with pytest.raises(SpecErrors) as caught:
        decode_file(text, "bad.yaml")
    return str(caught.value).splitlines()


def test_the_quickstart_of_the_first_page_is_read():
    decoded = decode_file(QUICKSTART, "quickstart.yaml")

    assert (decoded.name, decoded.namespace) == ("quickstart", "bench")
    assert decoded.spec.load.target_qps == 40
    assert decoded.spec.load.data.config_map.name == "quickstart-samples"


def test_an_object_of_the_api_server_gives_the_same_spec_as_the_file_it_was_made_from():
    spec, errors = decode_object(with_value("spec.load.workers", 4))

    assert errors == ()
    assert spec is not None
    assert spec.load.workers == 4


def test_fields_of_a_newer_client_are_passed_over_in_an_object_and_refused_in_a_file():
    benchmark = with_value("spec.load.fromTheFuture", 1)

    assert decode_object(benchmark)[1] == ()
    assert complaints(msgspec.yaml.encode(benchmark).decode())[0].endswith(
        "spec.load.fromTheFuture: is an unknown field. hint: leave it out; the fields here are data, targetQPS, "
        "findPeak, latencyBound, latencyPercentile, earlyStopping, replay, concurrency, concurrencySteps, "
        "sequences, samplesPerQuery, samplesPerRequest, inFlight, streamDialect, engine, protocol, workers, "
        "minDuration, minQueries, warmup, balance, queryTimeout, spin, seeds, resources, nodeSelector, tolerations"
    )


def test_an_object_whose_fields_contradict_each_other_keeps_its_spec_beside_the_errors():
    spec, errors = decode_object(with_value("spec.load.data.configMap", {"name": "x"}))

    assert spec is not None
    assert spec.load.workers == 1
    assert errors == (
        SpecError(
            "spec.load.data",
            "both synthetic and configMap are set",
            "set exactly one of synthetic, configMap",
        ),
    )


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("spec.load.latencyBound", 250, "`250` has no unit. hint: write 250ms"),
        ("spec.load.latencyBound", "250", "`250` has no unit. hint: write 250ms"),
        ("spec.load.latencyBound", "1.5s", "`1.5s` is no duration. hint: write 1500ms"),
        ("spec.load.latencyBound", "250 ms", "`250 ms` is no duration. hint: write 250ms"),
        ("spec.load.latencyBound", "250ms\n", "`250ms\\n` is no duration. hint: write 250ms"),
        ("spec.load.minDuration", 20, "`20` has no unit. hint: write 20s"),
        ("spec.load.minDuration", "2 minutes", "`2 minutes` is no duration. hint: write 2m"),
        (
            "spec.load.minDuration",
            "soon",
            "`soon` is no duration. hint: write a whole number and a unit (ns us ms s m h), such as 250ms",
        ),
        (
            "spec.load.minDuration",
            True,
            '`true` is a truth value, and text is expected. hint: write it in quotes: "true"',
        ),
        ("spec.load.workers", 0, "`0` is too small. hint: write a whole number from 1 up to 64"),
        ("spec.load.workers", 65, "`65` is too large. hint: write a whole number from 1 up to 64"),
        ("spec.load.workers", "4", "`4` is text, and a whole number is expected. hint: write 4 without quotes"),
        ("spec.load.workers", "four", "`four` is text, and a whole number is expected. hint: write a whole number"),
        ("spec.load.workers", 2.5, "`2.5` is no whole number. hint: write 2"),
        (
            "spec.load.workers",
            True,
            "`true` is a truth value, and a whole number is expected. hint: write a whole number",
        ),
        ("spec.load.workers", None, "is empty. hint: write a value, or leave the field out"),
        ("spec.load.targetQPS", 0, "`0` is too small. hint: write a number above 0 up to 1,000,000"),
        ("spec.load.targetQPS", math.nan, "`nan` is too small. hint: write a number above 0 up to 1,000,000"),
        ("spec.load.latencyPercentile", 99, "`99` is too large. hint: write 0.99: it is a fraction of 1"),
        ("spec.load.latencyPercentile", 1, "`1` is too large. hint: write a number above 0 below 1"),
        ("spec.load.workers", -2.5, "`-2.5` is no whole number. hint: write 1"),
        ("spec.load.protocol", "tcp", "`tcp` is none of grpc, http. hint: write one of them"),
        (
            "spec.load.seeds",
            5,
            "`5` is a number, and a mapping is expected. hint: write its fields: qsl, sampleIndex, schedule",
        ),
        (
            "spec.load.tolerations",
            {"key": "a"},
            "is a mapping, and a list is expected. hint: write - before each entry, or [a, b]",
        ),
        (
            "spec.load.nodeSelector",
            ["a"],
            "is a list, and a mapping is expected. hint: write name: value on a line of its own",
        ),
        (
            "spec.model.version",
            1,
            '`1` is a number, and text is expected. hint: write it in quotes: "1"',
        ),
        (
            "spec.model.version",
            "v1",
            '`v1` is not a version, which is a number in quotes, such as "1". hint: correct it',
        ),
        ("spec.model.name", "", "is empty. hint: write a model's name: letters, digits and _ . : -"),
        ("spec.model.name", "m" * 129, f"`{'m' * 60}…` has 129 characters. hint: use at most 128"),
        ("spec.target.triton.args", ["a"] * 65, "has 65 entries. hint: give at most 64"),
    ],
)
def test_a_value_that_does_not_fit_is_explained_and_mended_in_words(path, value, expected):
    spec, errors = decode_object(with_value(path, value))

    assert [str(error) for error in errors] == [f"{path}: {expected}"]
    assert spec is None


@pytest.mark.parametrize(
    ("path", "value", "where", "expected"),
    [
        (
            "spec.target.triton.env",
            {"1A": "x"},
            "spec.target.triton.env.1A",
            "`1A` is not a variable's name: letters, digits and _ . -, no digit at the beginning",
        ),
        (
            "spec.load.resources",
            {"requests": {"cpu": "much"}},
            "spec.load.resources.requests.cpu",
            "`much` is not an amount, such as 500m, 2 or 4Gi",
        ),
        (
            "spec.load.resources",
            {"limits": {"cpu": 0.5}},
            "spec.load.resources.limits.cpu",
            "`0.5` is a number, and text is expected",
        ),
        (
            "spec.load.resources",
            {"limits": {"cpu": -1}},
            "spec.load.resources.limits.cpu",
            "`-1` is too small",
        ),
        (
            "spec.runPolicy",
            {"activeDeadline": 3600},
            "spec.runPolicy.activeDeadline",
            "`3600` has no unit",
        ),
        (
            "spec.load.tolerations",
            [{}, {"operator": "Is"}],
            "spec.load.tolerations[1].operator",
            "`Is` is not Exists or Equal",
        ),
        ("spec.model.inputs", {"x": {"shape": [0]}}, "spec.model.inputs.x.shape[0]", "`0` is too small"),
    ],
)
def test_the_path_leads_into_maps_and_lists(path, value, where, expected):
    (error,) = decode_object(with_value(path, value))[1]

    assert (error.path, error.message) == (where, expected)


@pytest.mark.parametrize("amount", [2, "2", "500m", "4Gi"])
def test_an_amount_is_written_with_or_without_quotes(amount):
    spec, errors = decode_object(with_value("spec.load.resources", {"limits": {"cpu": amount}}))

    assert errors == ()
    assert spec is not None
    assert spec.load.resources.limits == {"cpu": amount}


def test_a_line_break_behind_a_duration_is_no_part_of_it():
    (error,) = decode_object(with_value("spec.load.latencyBound", "250ms\n"))[1]

    assert error.path == "spec.load.latencyBound"


def test_an_active_deadline_must_leave_time_for_the_shortest_valid_run():
    (error,) = decode_object(with_value("spec.runPolicy", {"activeDeadline": "62s"}))[1]

    assert str(error) == (
        "spec.runPolicy.activeDeadline: `62s` is over before warmup `2s` and minDuration `60s` are. "
        "hint: allow that, and some minutes more for servers to start"
    )
    assert decode_object(with_value("spec.runPolicy", {"activeDeadline": "63s"}))[1] == ()


def test_an_active_deadline_must_leave_time_for_all_rounds():
    benchmark = with_value("spec.repeat", {"count": 5, "cooldown": "10s"})
    benchmark["spec"]["runPolicy"] = {"activeDeadline": "350s"}
    (error,) = decode_object(benchmark)[1]

    assert "are in 5 rounds with cooldown `10s`" in str(error)
    benchmark["spec"]["runPolicy"] = {"activeDeadline": "351s"}
    assert decode_object(benchmark)[1] == ()


def test_an_active_deadline_must_leave_time_for_a_trial_and_the_measured_run():
    benchmark = a_search()
    benchmark["spec"]["runPolicy"] = {"activeDeadline": "2m"}
    (error,) = decode_object(benchmark)[1]

    assert "are after a trial of `5m`" in str(error)


def test_a_search_holds_no_more_queries_than_a_run():
    (error,) = decode_object(a_search(max=1_000_000))[1]

    assert str(error) == (
        "spec.load.findPeak.trialDuration: `5m` at findPeak.max 1,000,000 makes 300,000,000 queries, and a run holds "
        "at most 50,000,000. hint: shorten findPeak.trialDuration or lower findPeak.max"
    )


def a_search(**changes):
    benchmark = an_object()
    del benchmark["spec"]["load"]["targetQPS"]
    benchmark["spec"]["load"]["findPeak"] = {"min": 10, "max": 100, "trialDuration": "5m", **changes}
    return benchmark


def test_every_pattern_has_words_of_its_own():
    bare = []

    def look(kind, path, form=""):
        inner = getattr(kind, "type", None)
        if isinstance(kind, msgspec.inspect.Metadata):
            look(inner, path, (kind.extra or {}).get("form", form))
        elif getattr(kind, "pattern", None) and not form:
            bare.append(path)
        for field in getattr(kind, "fields", ()):
            look(field.type, f"{path}.{field.encode_name}")
        for name in ("key_type", "value_type", "item_type"):
            if hasattr(kind, name):
                look(getattr(kind, name), f"{path}.{name}")

    look(msgspec.inspect.type_info(BenchmarkSpec), "spec")
    assert bare == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "spec.load.latencyBound",
            "is missing, and scenario Server needs it. hint: add it: the longest that an answer",
        ),
        ("spec.target", "is missing. hint: add it: the system under test"),
        ("spec", "is missing. hint: add it: what is to be measured"),
        ("metadata", "is missing. hint: add it: the benchmark's name and namespace"),
        ("metadata.name", "is missing. hint: add it: the benchmark's name"),
    ],
)
def test_a_required_field_that_is_missing_is_named_with_what_it_is_for(path, expected):
    (error,) = decode_object(without(path))[1]

    assert str(error).startswith(f"{path}: {expected}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "    workers: 2",
            "    worker: 2",
            ["bad.yaml:15: spec.load.worker: is an unknown field. hint: write workers"],
            id="a slip of the pen",
        ),
        pytest.param(
            "    latencyBound: 250ms",
            "    latencybound: 250ms",
            ["bad.yaml:17: spec.load.latencybound: is an unknown field. hint: write latencyBound"],
            id="a slip in a required field is one error, not two",
        ),
        pytest.param(
            "  scenario: Server",
            "  scenario: Server\n  workers: 2",
            ["bad.yaml:6: spec.workers: is an unknown field. hint: write it as spec.load.workers"],
            id="a field in the wrong block",
        ),
        pytest.param(
            "    workers: 2",
            "    workers: 2\n    workers: 3",
            ["bad.yaml:16: spec.load.workers: stands here a second time. hint: leave one of them"],
            id="a name that stands twice",
        ),
        pytest.param(
            "spec:",
            "sepc: 1\nspec:",
            [
                (
                    "bad.yaml:4: sepc: is an unknown field. "
                    "hint: leave it out; the fields here are apiVersion, kind, metadata, spec, status"
                )
            ],
            id="a field beside spec",
        ),
        pytest.param(
            "v1alpha1",
            "v1",
            ["bad.yaml:1: apiVersion: `inferometer.dev/v1` is not supported. hint: write inferometer.dev/v1alpha1"],
            id="another version",
        ),
        pytest.param(
            "InferenceBenchmark",
            "InferenceBenchmrk",
            ["bad.yaml:2: kind: `InferenceBenchmrk` is not supported. hint: write InferenceBenchmark"],
            id="another kind",
        ),
        pytest.param(
            "name: quickstart,",
            f"name: {'n' * 41},",
            [
                (
                    f"bad.yaml:3: metadata.name: `{'n' * 41}` has 41 characters, and the names of its pods need room. "
                    "hint: use at most 40 characters"
                )
            ],
            id="what only check knows",
        ),
    ],
)
def test_a_mistake_in_a_file_is_shown_with_its_line(old, new, expected):
    assert QUICKSTART.count(old) == 1
    assert complaints(QUICKSTART.replace(old, new)) == expected


def test_all_mistakes_are_shown_at_once_in_the_files_order_those_between_fields_too():
    text = QUICKSTART.replace("250ms", "250").replace("workers: 2", "workers: 0")
    text = text.replace("gpu: {count: 0}", "args: [--http-port=1]").replace("{name: quickstart-samples}", "{name: A_B}")

    assert [line.split(" hint:")[0] for line in complaints(text)] == [
        "bad.yaml:11: spec.target.triton.args[0]: `--http-port` is set by the operator.",
        "bad.yaml:15: spec.load.workers: `0` is too small.",
        "bad.yaml:17: spec.load.latencyBound: `250` has no unit.",
        (
            "bad.yaml:19: spec.load.data.configMap.name: `A_B` is not a Kubernetes name: lower-case letters, digits, "
            "- and ., a letter or digit at both ends."
        ),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "bad.yaml: YAML: holds nothing. hint: write an object of kind InferenceBenchmark", id="empty"),
        pytest.param(
            "- a\n- b",
            "bad.yaml:1: kind: there is no InferenceBenchmark here, only no object at all. hint: add one",
            id="a list",
        ),
        pytest.param(
            "kind: Pod\n---\nkind: Service",
            "bad.yaml:1: kind: there is no InferenceBenchmark here, only Pod, Service. hint: add one",
            id="other objects",
        ),
        pytest.param(
            f"{QUICKSTART}---\n{QUICKSTART}",
            "bad.yaml:21: kind: there are 2 benchmarks here, at lines 1, 21. hint: keep one a file",
            id="two benchmarks",
        ),
        pytest.param("a: [1", "bad.yaml:1: YAML: is no YAML: while parsing a flow sequence", id="no YAML"),
        pytest.param("a: \x00", "bad.yaml: YAML: is no YAML: unacceptable character", id="binary"),
    ],
)
def test_a_text_that_is_no_benchmark_is_refused_as_a_whole(text, expected):
    (line,) = complaints(text)

    assert line.startswith(expected)


def test_other_objects_in_the_file_are_passed_over():
    assert decode_file(f"kind: Namespace\n---\n{QUICKSTART}---\n", "f").name == "quickstart"


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.builds(list),
    st.builds(dict),
    st.sampled_from(["1s", "5ms", "x y", "a.b", "Server", 1, 64, 0.5]),
)
_PATHS = [
    "spec", "spec.scenario", "spec.load.targetQPS", "spec.load.latencyBound", "spec.load.workers", "spec.load.data",
    "spec.load.latencyPercentile", "spec.load.seeds.qsl", "spec.load.tolerations", "spec.load.nodeSelector",
    "spec.model.version", "spec.model.inputs", "spec.target.triton.image", "spec.target.triton.env.A",
    "spec.target.triton.args", "spec.target.triton.modelRepository.image", "spec.target.triton.gpu.count",
    "spec.load.resources.requests.cpu", "spec.suspend", "spec.runPolicy.activeDeadline", "spec.runPolicy.cleanPods",
]  # fmt: skip


@given(changes=st.dictionaries(st.sampled_from(_PATHS), _VALUES, min_size=1, max_size=3))
@settings(deadline=None, max_examples=400)
def test_a_spec_without_misfits_is_one_that_msgspec_converts_and_nothing_raises(changes):
    benchmark = an_object()
    for path, value in changes.items():
        block = benchmark
        *blocks, last = path.split(".")
        for name in blocks:
            inner = block.get(name)
            block[name] = inner if isinstance(inner, dict) else {}
            block = block[name]
        block[last] = value

    spec, errors = decode_object(benchmark)
    if misfits(BenchmarkSpec, benchmark["spec"], "spec", strict=False):
        assert spec is None
        assert errors
    else:
        assert spec == msgspec.convert(benchmark["spec"], BenchmarkSpec)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, None),
        ({"targetQPS": 40}, "spec.load.findPeak"),
        ({"findPeak": {"min": 50, "max": 40}}, "spec.load.findPeak.max"),
        ({"findPeak": {"min": 10, "max": 40, "trialDuration": "0s"}}, "spec.load.findPeak.trialDuration"),
        ({"scenario": "SingleStream"}, "spec.load.findPeak"),
        ({"repeat": {"count": 2}}, "spec.repeat"),
    ],
    ids=["fits", "beside targetQPS", "max below min", "no time", "another scenario", "beside repeat"],
)
def test_a_search_for_the_peak_stands_in_place_of_a_rate(changes, path):
    benchmark = with_value("spec.load.findPeak", changes.get("findPeak", {"min": 10, "max": 40}))
    del benchmark["spec"]["load"]["targetQPS"]
    for name in ("scenario", "repeat"):
        if name in changes:
            benchmark["spec"][name] = changes[name]
    if "targetQPS" in changes:
        benchmark["spec"]["load"]["targetQPS"] = changes["targetQPS"]

    errors = decode_object(benchmark)[1]

    assert (path is None and not errors) or path in [error.path for error in errors]
