"""The editions of the MLPerf rules as data, each value beside the place that it comes from."""

from inferometer_loadgen.rules.installed import installed_pack, installed_packs
from inferometer_loadgen.rules.lookup import fixed_by, scenarios_of
from inferometer_loadgen.rules.pack import CUSTOM, Fixed, RulePack, ScenarioRules, TaskRules

__all__ = [
    "CUSTOM",
    "Fixed",
    "RulePack",
    "ScenarioRules",
    "TaskRules",
    "fixed_by",
    "installed_pack",
    "installed_packs",
    "scenarios_of",
]
