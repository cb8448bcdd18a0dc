"""Rules and their tasks."""

from collections.abc import Iterator

from msgspec import UNSET

from inferometer_loadgen.rules import CUSTOM, installed_packs, scenarios_of
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.error import SpecError


def the_rules_have_it(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Rules, a task or a scenario that no pack has. Next: one of those that the message lists."""
    packs = installed_packs()
    if spec.rules == CUSTOM:
        if spec.task is not UNSET:
            yield SpecError(
                "spec.task",
                f"`{spec.task}` means nothing with custom rules",
                f"leave it out, or set rules to {' or '.join(packs)}",
            )
        return
    pack = packs.get(spec.rules)
    if pack is None:
        yield SpecError("spec.rules", f"`{spec.rules}` is no pack", f"write {', '.join(packs)} or {CUSTOM}")
    elif spec.task is UNSET:
        yield SpecError("spec.task", f"is missing, and {pack.name} needs it", f"write one of {', '.join(pack.tasks)}")
    elif spec.task not in pack.tasks:
        yield SpecError(
            "spec.task", f"`{spec.task}` is no task of {pack.name}", f"write one of {', '.join(pack.tasks)}"
        )
    elif spec.scenario not in pack.tasks[spec.task].scenarios:
        yield SpecError(
            "spec.scenario",
            f"`{spec.scenario}` is no scenario of {spec.task} in {pack.name}",
            f"write one of {', '.join(scenarios_of(pack, spec.task))}",
        )
