"""What a user says of the samples, and the plan that is made of it."""

import pytest

from inferometer_loadgen.plan import InputPlan, KServeJsonData, NpzData
from inferometer_loadgen.spec import LibraryFacts, resolve
from inferometer_loadgen.spec.decode import decode_object
from unit.spec.specs import an_object

FACTS = LibraryFacts(samples=3, sha256="ab" * 32)


def decoded(model=None, config_map=None):
    benchmark = an_object()
    benchmark["spec"]["model"] |= model or {}
    if config_map is not None:
        benchmark["spec"]["load"]["data"] = {"configMap": config_map}
    return decode_object(benchmark)


def a_plan(**changes):
    spec, errors = decoded(**changes)
    assert errors == ()
    assert spec is not None
    return resolve("one", spec, FACTS)


def complaints(**changes):
    return [str(error) for error in decoded(**changes)[1]]


def test_the_format_of_a_file_is_in_the_plan():
    assert a_plan(config_map={"name": "s"}).data == NpzData(samples=3, sha256=FACTS.sha256)
    json = a_plan(config_map={"name": "s", "format": "kserve-json"})
    assert json.data == KServeJsonData(samples=3, sha256=FACTS.sha256)
    assert json.stream.total_samples == 3


def test_what_is_said_of_an_input_is_in_the_plan():
    given = {"ids": {"shape": [4], "min": 1, "max": 30521}, "text": {"textBytes": 64}}

    assert a_plan(model={"inputs": given}).model.inputs == (
        InputPlan(name="ids", shape=(4,), min=1, max=30521),
        InputPlan(name="text", text_bytes=64),
    )


def test_parameters_of_texts_and_whole_numbers_are_in_the_plan():
    given = {"max_tokens": 16, "mode": "fast"}

    assert a_plan(model={"parameters": given}).model.parameters == given


@pytest.mark.parametrize("name", ["sequence_id", "priority", "triton_x"])
def test_a_parameter_that_means_something_to_triton_is_refused(name):
    assert complaints(model={"parameters": {name: 1}}) == [
        f"spec.model.parameters.{name}: is reserved: it has a meaning for Triton itself. hint: leave it out"
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"inputs": {"x": {"max": float("nan")}}}, "spec.model.inputs.x.max: `nan` is no number"),
        ({"inputs": {"x": {"min": "1"}}}, "spec.model.inputs.x.min: "),
        ({"inputs": {"x": {"textBytes": -1}}}, "spec.model.inputs.x.textBytes: `-1` is too small"),
        ({"parameters": {"x": 1.5}}, "spec.model.parameters.x: "),
    ],
)
def test_what_is_no_such_value_is_refused(model, message):
    (complaint,) = complaints(model=model)

    assert complaint.startswith(message)
