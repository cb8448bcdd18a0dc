"""What a pack fixes for one task in one scenario: pure look-ups."""

from inferometer_loadgen.rules.pack import RulePack, ScenarioRules


def scenarios_of(pack: RulePack, task: str) -> tuple[str, ...]:
    """The scenarios of a task, in the pack's order; empty where the pack has no such task."""
    found = pack.tasks.get(task)
    return () if found is None else tuple(found.scenarios)


def fixed_by(pack: RulePack, task: str, scenario: str) -> ScenarioRules | None:
    """What is fixed for a task in a scenario: the task's own value before the pack's; None where it has no such."""
    found = pack.tasks.get(task)
    if found is None or scenario not in found.scenarios:
        return None
    of_task = next(rules for name, rules in found.scenarios.items() if name == scenario)
    of_pack = next((rules for name, rules in pack.scenarios.items() if name == scenario), ScenarioRules())
    names = ScenarioRules.__struct_fields__
    merged = {name: getattr(of_task, name) or getattr(of_pack, name) for name in names}
    return ScenarioRules(**merged)
