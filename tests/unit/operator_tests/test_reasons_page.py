"""docs/reasons.md holds every reason that a benchmark can have, each with what to do."""

import ast
from enum import StrEnum
from pathlib import Path

import pytest

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.spec.checks import RULES
from inferometer_loadgen.spec.schedule_checks import SCHEDULE_RULES
from inferometer_loadgen.verdict.reasons import ReasonType
from inferometer_operator.api.conditions import FailureReason
from inferometer_operator.api.reasons_page import UndocumentedError, meaning_and_remedy, member_docs, reasons_page
from inferometer_operator.api.rules import ROOT_RULES, SPEC_RULES
from inferometer_operator.api.schedule_conditions import MissReason, ScheduleRefusal
from inferometer_operator.api.schedule_rules import SCHEDULE_ROOT_RULES, SCHEDULE_SPEC_RULES

REPOSITORY = Path(__file__).parents[3]
LOADGEN = REPOSITORY / "loadgen" / "inferometer_loadgen"
GIVES_UP = {"_fail", "_lose", "Broken", "PrepareError", "Failed", "FailureReport"}
"""What a run is given up with: each takes the type first, or by name."""


@pytest.mark.parametrize("enumeration", [FailureReason, RunFailure, ReasonType, ScheduleRefusal, MissReason])
def test_every_reason_is_on_the_page_with_what_it_means_and_what_to_do(enumeration: type[StrEnum]) -> None:
    page = reasons_page()

    for member, text in member_docs(enumeration).items():
        means, remedy = meaning_and_remedy(member, text)
        assert f"| `{member}` | {remedy} |" in page
        assert means in page


def test_every_rule_of_the_api_server_and_between_fields_is_on_the_page() -> None:
    page = reasons_page()

    rules_of_blocks = (*SPEC_RULES.values(), *SCHEDULE_SPEC_RULES.values())
    for rule in (*ROOT_RULES, *SCHEDULE_ROOT_RULES, *(rule for rules in rules_of_blocks for rule in rules)):
        means = rule["message"].partition("; ")[0]
        assert means in page or f"`spec{rule['fieldPath']}`" in page
    for check in (*RULES, *SCHEDULE_RULES):
        assert meaning_and_remedy("a rule", check.__doc__ or "")[0] in page


@pytest.mark.parametrize("text", ["", "It went wrong.", "Next: run again."])
def test_a_reason_without_both_halves_is_refused(text: str) -> None:
    with pytest.raises(UndocumentedError):
        meaning_and_remedy("Nameless", text)


def test_the_load_generator_gives_up_for_documented_reasons_only() -> None:
    bare = []
    for path in sorted(LOADGEN.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            types = [*call.args[:1], *(word.value for word in call.keywords if word.arg in {"type", "type_"})]
            if name in GIVES_UP and any(isinstance(one, ast.Constant) for one in types):
                bare.append(f"{path.relative_to(REPOSITORY)}:{call.lineno}")

    assert bare == []
