"""The CRD comes from the classes alone, and a class that users or the API server could not work with is refused."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
import yaml
from msgspec import Meta

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_operator.api.crd import benchmark_crd
from inferometer_operator.api.generate import generated_files, main
from inferometer_operator.api.rules import immutability_rules
from inferometer_operator.api.schema import UnfitError, structural_schema

REPOSITORY = Path(__file__).parents[3]


def a_class(annotation: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct("Block", [("field", annotation)])


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (Annotated[str, Meta(max_length=9)], "no description"),
        (Annotated[str, Meta(description="d")], "no max_length"),
        (Annotated[list[int], Meta(description="d")], "no max_length"),
        (Annotated[dict[str, int], Meta(description="d")], "no max_length"),
        (Annotated[dict[str, int], Meta(description="d", max_length=3)], "keys without max_length and pattern"),
        (Annotated[int | None, Meta(description="d")], "UNSET instead of None"),
        (Annotated[bytes, Meta(description="d")], "no place"),
    ],
    ids=[
        "a field without a description",
        "a string without a bound",
        "a list without a bound",
        "a map without a bound",
        "a map whose keys may be anything",
        "an optional field that may be null",
        "a type that no CRD knows",
    ],
)
def test_the_generator_refuses(annotation: Any, problem: str) -> None:
    with pytest.raises(UnfitError, match=problem) as error:
        structural_schema(a_class(annotation), rules={}, defaults=True)

    assert error.value.path == "Block.field"


def test_bounds_that_exclude_their_end_are_booleans_beside_the_bound() -> None:
    schema = structural_schema(a_class(Annotated[float, Meta(gt=0, lt=1, description="d")]), rules={}, defaults=True)

    assert schema["properties"]["field"] == {
        "description": "d",
        "type": "number",
        "minimum": 0,
        "exclusiveMinimum": True,
        "maximum": 1,
        "exclusiveMaximum": True,
    }


def test_an_amount_is_a_number_or_a_text_whose_form_is_checked() -> None:
    text = Annotated[str, Meta(max_length=9, pattern="^[0-9]+$")]
    schema = structural_schema(a_class(Annotated[int | text, Meta(description="d")]), rules={}, defaults=True)

    assert schema["properties"]["field"] == {
        "description": "d",
        "x-kubernetes-int-or-string": True,
        "maxLength": 9,
        "pattern": "^[0-9]+$",
    }


def test_each_property_of_the_spec_is_immutable_but_those_that_end_and_hold_a_run() -> None:
    fields = [rule["fieldPath"] for rule in immutability_rules(BenchmarkSpec)]

    named = [f".{field.encode_name}" for field in msgspec.structs.fields(BenchmarkSpec)]
    assert fields == [name for name in named if name not in {".suspend", ".cancel"}]


def test_an_optional_property_can_be_neither_added_nor_removed() -> None:
    class Spec(msgspec.Struct):
        later: str | msgspec.UnsetType = msgspec.UNSET

    (rule,) = immutability_rules(Spec)

    assert rule["rule"] == "has(self.later) == has(oldSelf.later) && (!has(self.later) || self.later == oldSelf.later)"


def test_the_files_in_the_repository_are_those_that_the_classes_make(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--root", str(REPOSITORY)]) == 0, capsys.readouterr().err


def test_a_stale_file_fails_the_check_with_a_diff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path)]) == 0
    stale = tmp_path / "crds" / "inferometer.dev_inferencebenchmarks.yaml"
    stale.write_text(stale.read_text().replace("maxItems: 16", "maxItems: 17", 1))

    assert main(["--check", "--root", str(tmp_path)]) == 1
    assert "+maxItems:16" in capsys.readouterr().err.replace(" ", "")


def test_an_uninstalled_chart_leaves_the_definition_behind() -> None:
    of_chart = next(text for path, text in generated_files().items() if path.is_relative_to("charts"))
    of_crds = next(text for path, text in generated_files().items() if path.is_relative_to("crds"))

    kept = yaml.safe_load(of_chart)
    assert kept["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert kept == yaml.safe_load(of_crds) == benchmark_crd()
