"""`inferometer rules`: the editions of the MLPerf rules, what they fix, and how two of them differ."""

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from inferometer_loadgen.commands.exit_codes import ExitCode

if TYPE_CHECKING:
    from inferometer_loadgen.rules import RulePack, TaskRules

SEEDS = ("qsl", "sampleIndex", "schedule")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "rules",
        help="show what an edition of the MLPerf rules fixes",
        description="Shows the rule packs: every value that an edition fixes, with the place that it comes from.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="the packs and their tasks")
    show = actions.add_parser("show", help="what a pack fixes, or what it fixes for one task")
    show.add_argument("pack", metavar="PACK", help="for example mlperf-v6.1")
    show.add_argument("task", metavar="TASK", nargs="?", help="for example resnet50 [all]")
    diff = actions.add_parser("diff", help="what differs between two packs")
    diff.add_argument("pack", metavar="PACK")
    diff.add_argument("other", metavar="PACK")
    for action in (listed, show, diff):
        action.add_argument("--json", action="store_true", help="print it as JSON to standard output")


def execute(args: argparse.Namespace) -> int:
    """Shows the packs."""
    import msgspec

    value: object
    match args.action:
        case "list":
            value = listing()
            lines = _table(
                ("PACK", "TASK", "SCENARIOS"), [(row["pack"], row["task"], " ".join(row["scenarios"])) for row in value]
            )
        case "show":
            pack = _pack(args.pack)
            tasks = [_task(pack, args.task)] if args.task else list(pack.tasks)
            value = [row for task in tasks for row in facts(pack, task)]
            lines = _shown(pack, value)
        case _:
            value = differences(_pack(args.pack), _pack(args.other))
            lines = _table(
                ("TASK", "SCENARIO", "FIELD", args.pack, args.other),
                [(row["task"], row["scenario"] or "all", row["field"], *map(_text, row["values"])) for row in value],
            )
    if args.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return ExitCode.VALID


def listing() -> list[dict[str, Any]]:
    """Each task of each pack, and the scenarios that it has."""
    from inferometer_loadgen.rules import installed_packs, scenarios_of

    return [
        {"pack": name, "title": pack.title, "task": task, "scenarios": list(scenarios_of(pack, task))}
        for name, pack in installed_packs().items()
        for task in pack.tasks
    ]


def facts(pack: "RulePack", task: str) -> list[dict[str, Any]]:
    """All that a pack fixes for a task; scenario is empty where it is fixed for all of them."""
    from inferometer_loadgen.rules import fixed_by, scenarios_of
    from inferometer_loadgen.rules.pack import ScenarioRules

    rules = pack.tasks[task]
    rows = [
        _fact(task, "", "streamDialect", pack.stream_dialect),
        *(
            {"task": task, "scenario": "", "field": f"seeds.{name}", "takes": seed, "source": pack.seeds.source}
            for name, seed in zip(SEEDS, (pack.seeds.qsl, pack.seeds.sample_index, pack.seeds.schedule), strict=True)
        ),
        _fact(task, "", "performanceSamples", rules.performance_samples),
        *_quality(task, rules),
        *_audits(task, pack, rules),
    ]
    names = dict(zip(ScenarioRules.__struct_fields__, ScenarioRules.__struct_encode_fields__, strict=True))
    for scenario in scenarios_of(pack, task):
        fixed = fixed_by(pack, task, scenario)
        found = ((name, getattr(fixed, attribute)) for attribute, name in names.items())
        rows += [_fact(task, scenario, name, value) for name, value in found if value is not None]
    return rows


def differences(one: "RulePack", two: "RulePack") -> list[dict[str, Any]]:
    """What differs for each task that both have, then the tasks that only one of them has (value null)."""
    rows = []
    for task in (task for task in one.tasks if task in two.tasks):
        left, right = (
            {(row["scenario"], row["field"]): row["takes"] for row in facts(pack, task)} for pack in (one, two)
        )
        rows += [
            {"task": task, "scenario": key[0], "field": key[1], "values": [left.get(key), right.get(key)]}
            for key in dict.fromkeys((*left, *right))
            if left.get(key) != right.get(key)
        ]
    for task in dict.fromkeys((*one.tasks, *two.tasks)):
        if (task in one.tasks) != (task in two.tasks):
            there = [" ".join(pack.tasks[task].scenarios) if task in pack.tasks else None for pack in (one, two)]
            rows.append({"task": task, "scenario": "", "field": "scenarios", "values": there})
    return rows


def _fact(task: str, scenario: str, field: str, fixed: Any) -> dict[str, Any]:
    row = {"task": task, "scenario": scenario, "field": field, "takes": fixed.takes, "source": fixed.source}
    if fixed.other:
        row["other"] = [{"says": one.says, "source": one.source} for one in fixed.other]
    return row


def _quality(task: str, rules: "TaskRules") -> Iterator[dict[str, Any]]:
    from inferometer_loadgen.rules.pack import least_score

    for one in rules.quality:
        ratios = " or ".join(f"{ratio:.4g}" for ratio in one.ratios)
        most = "" if one.most is None else f", at most {one.most:g}"
        takes = f"{ratios} x {one.reference:g} {one.metric}{most}"
        yield {"task": task, "scenario": "", "field": "quality", "takes": takes, "source": one.source}
    if len(rules.quality) == 1:
        (one,) = rules.quality
        targets = {f"accuracy.target ({ratio:.4g})": least_score(one, ratio) for ratio in one.ratios}
        for field, value in {"accuracy.scorer": one.scorer, **targets}.items():
            yield {"task": task, "scenario": "", "field": field, "takes": value, "source": one.source}


def _audits(task: str, pack: "RulePack", rules: "TaskRules") -> Iterator[dict[str, Any]]:
    """The compliance tests that the task needs, and what each of them fixes."""
    yield _fact(task, "", "audits", rules.audits)
    of_test = {"TEST01": pack.audits.outputs, "TEST04": pack.audits.caching, "TEST05": pack.audits.seeds}
    for test in rules.audits.takes:
        fixed = of_test[test]
        names = dict(zip(fixed.__struct_fields__, fixed.__struct_encode_fields__, strict=True))
        for attribute, name in names.items():
            value = getattr(fixed, attribute)
            if attribute == "log_samples" and rules.log_samples is not None:
                value = rules.log_samples
            if attribute == "seeds":
                seeds = (value.qsl, value.sample_index, value.schedule)
                for seed, taken in zip(SEEDS, seeds, strict=True):
                    field = f"{test}.seeds.{seed}"
                    yield {"task": task, "scenario": "", "field": field, "takes": taken, "source": value.source}
            elif value is not None:
                yield _fact(task, "", f"{test}.{name}", value)


def _shown(pack: "RulePack", rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"{pack.name}  {pack.title}"
    for task in dict.fromkeys(row["task"] for row in rows):
        yield ""
        yield f"{task}  {pack.tasks[task].data}".rstrip()
        cells = []
        for row in (row for row in rows if row["task"] == task):
            cells.append((row["scenario"] or "all", row["field"], _text(row["takes"]), row["source"]))
            cells += [("", "", f"not {_text(one['says'])}", one["source"]) for one in row.get("other", ())]
        yield from (f"  {line}" for line in _table(("SCENARIO", "FIELD", "VALUE", "SOURCE"), cells))
        if pack.tasks[task].note:
            yield f"  note: {pack.tasks[task].note}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() if value < 2**40:
            return f"{value:,}"
        case float():
            return f"{value:.8g}"
        case tuple():
            return ", ".join(map(_text, value)) or "none"
        case dict() if len(set(value.values())) == 1:
            return _text(next(iter(value.values())))
        case dict():
            return ", ".join(f"{key} {_text(one)}" for key, one in value.items())
        case _:
            return str(value)


def _pack(name: str) -> "RulePack":
    from inferometer_loadgen.rules import installed_packs

    packs = installed_packs()
    if name not in packs:
        raise _unknown("pack", name, list(packs))
    return packs[name]


def _task(pack: "RulePack", name: str) -> str:
    if name not in pack.tasks:
        raise _unknown(f"task of {pack.name}", name, list(pack.tasks))
    return name


def _unknown(what: str, name: str, names: list[str]) -> Exception:
    from inferometer_loadgen.commands.inputs import InputError

    near = difflib.get_close_matches(name, names, n=1)
    hint = f"write {near[0]}" if near else f"write one of {', '.join(names)}"
    return InputError(f"`{name}` is no {what}", hint)
