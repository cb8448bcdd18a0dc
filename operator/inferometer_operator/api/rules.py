"""What the API server itself guards, as CEL rules.

A rule about a change must sit on a field's parent: on the field itself it is skipped when the field is added or
removed.
"""

from collections.abc import Iterator

import msgspec

from inferometer_loadgen.rules import CUSTOM, installed_packs, scenarios_of
from inferometer_loadgen.spec import scenarios
from inferometer_loadgen.spec.benchmark import Accuracy, BenchmarkSpec
from inferometer_loadgen.spec.checks import MAX_NAME_LENGTH
from inferometer_loadgen.spec.find_peak import FindPeak
from inferometer_loadgen.spec.load import Data, Load
from inferometer_loadgen.spec.target import ModelRepository, Target
from inferometer_operator.api import engine_rules
from inferometer_operator.api.closed_loop_rules import CLOSED_LOOP_RULES, STEPS_RULES
from inferometer_operator.api.endpoint_rules import ENDPOINT_FITS_THE_PROTOCOL, endpoint_rules
from inferometer_operator.api.schema import Rule, RulesOf
from inferometer_operator.api.scorer_rules import SCORER_RULES

NAME_LEAVES_ROOM: Rule = {
    "rule": f"self.metadata.name.size() <= {MAX_NAME_LENGTH}",
    "message": f"a benchmark's name has at most {MAX_NAME_LENGTH} characters, since its pods are named after it; "
    "use a shorter one",
}

START_IS_WRITTEN_ONCE: Rule = {
    "rule": "!has(oldSelf.status) || !has(oldSelf.status.startTime) || "
    "(has(self.status) && has(self.status.startTime) && self.status.startTime == oldSelf.status.startTime && "
    "has(self.status.startNonce) && self.status.startNonce == oldSelf.status.startNonce)",
    "message": "status.startTime and status.startNonce are written once, since load is never sent twice; leave the "
    "status to the operator",
}

START_IS_WRITTEN_WHOLE: Rule = {
    "rule": "!has(self.status) || has(self.status.startTime) == has(self.status.startNonce)",
    "message": "status.startTime and status.startNonce are written together; leave the status to the operator",
}

SUSPENDED_BEFORE_THE_START: Rule = {
    "rule": "!self.spec.suspend || oldSelf.spec.suspend || !has(self.status) || !has(self.status.startTime)",
    "message": "suspend can't be set once the load was started; set cancel to end the run",
    "fieldPath": ".spec.suspend",
    "reason": "FieldValueForbidden",
}


def _cel_list(names: tuple[str, ...]) -> str:
    return f"[{', '.join(f"'{name}'" for name in names)}]"


CANCEL_IS_A_LATCH: Rule = {
    "rule": "!oldSelf.cancel || self.cancel",
    "message": "cancel can't be taken back; create a benchmark with another name instead",
    "fieldPath": ".cancel",
    "reason": "FieldValueForbidden",
}

ROOT_RULES: tuple[Rule, ...] = (
    NAME_LEAVES_ROOM,
    START_IS_WRITTEN_ONCE,
    START_IS_WRITTEN_WHOLE,
    SUSPENDED_BEFORE_THE_START,
)

CHANGING = ("suspend", "cancel")
"""What may change after the creation, each by a rule of its own."""


def immutability_rules(cls: type[msgspec.Struct]) -> tuple[Rule, ...]:
    """One rule for each property of a spec: what was asked for does not change while it is measured."""
    fields = [field for field in msgspec.structs.fields(cls) if field.encode_name not in CHANGING]
    return tuple(_stays(field.encode_name, _is_always_there(field)) for field in fields)


def exactly_one_of(cls: type[msgspec.Struct]) -> Rule:
    """Of the fields of a block, one is set."""
    names = [field.encode_name for field in msgspec.structs.fields(cls)]
    given = ", ".join(f"has(self.{name})" for name in names)
    return {
        "rule": f"[{given}].filter(x, x).size() == 1",
        "message": f"none or several of {', '.join(names)} are set; set exactly one of {', '.join(names)}",
    }


def _is_always_there(field: msgspec.structs.FieldInfo) -> bool:
    return field.required or field.default not in (msgspec.NODEFAULT, msgspec.UNSET)


def _stays(name: str, always_there: bool) -> Rule:
    equal = f"self.{name} == oldSelf.{name}"
    rule = equal if always_there else f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || {equal})"
    return {
        "rule": rule,
        "message": f"{name} can't be changed; create a benchmark with another name instead",
        "fieldPath": f".{name}",
        "reason": "FieldValueForbidden",
    }


ONE_WORKER: Rule = {
    "rule": f"self.load.workers == 1 || !(self.scenario in {_cel_list(scenarios.ONE_AT_A_TIME)})",
    "message": f"more than one worker in {' or '.join(scenarios.ONE_AT_A_TIME)}, which keep one query open at a time; "
    "set workers to 1, or use scenario Server",
    "fieldPath": ".load.workers",
}


ONE_WORKER_KNOWS: Rule = {
    "rule": "self.balance == 'RoundRobin' || self.workers == 1",
    "message": "LeastOutstanding with more than one worker, each of which knows of its own queries only; set workers "
    "to 1, or balance to RoundRobin",
    "fieldPath": ".balance",
}


_SCORED = f"self.mode in {_cel_list(scenarios.SCORED_MODES)}"

ACCURACY_RULES: tuple[Rule, ...] = (
    {
        "rule": f"({_SCORED}) == has(self.accuracy) || (self.mode == 'Audit' && has(self.audit) && "
        "self.audit == 'TEST01')",
        "message": f"accuracy belongs to mode {' and '.join(scenarios.SCORED_MODES)}, which need it, and may stand "
        "with audit TEST01; set both, or leave both out",
        "fieldPath": ".mode",
    },
    {
        "rule": "(self.mode == 'Audit') == has(self.audit)",
        "message": "audit belongs to mode Audit, which needs it; set both, or leave both out",
        "fieldPath": ".mode",
    },
    {
        "rule": f"self.mode != 'Audit' || !(self.scenario in {_cel_list(scenarios.WITHOUT_ACCURACY)})",
        "message": f"mode Audit does not fit {' or '.join(scenarios.WITHOUT_ACCURACY)}, for which MLPerf has no "
        "compliance tests; use scenario SingleStream, MultiStream, Server or Offline",
        "fieldPath": ".mode",
    },
    {
        "rule": "self.mode != 'Audit' || !has(self.repeat) && !has(self.load.findPeak)",
        "message": "the rounds of mode Audit are those of the test; leave repeat and findPeak out",
        "fieldPath": ".mode",
    },
    {
        "rule": f"!({_SCORED}) || !(self.scenario in {_cel_list(scenarios.WITHOUT_ACCURACY)})",
        "message": f"scored answers do not fit {' or '.join(scenarios.WITHOUT_ACCURACY)}, which do not ask for each "
        "sample once; use scenario Offline or Server",
        "fieldPath": ".mode",
    },
    {
        "rule": "!has(self.accuracy) || !has(self.load.data.synthetic)",
        "message": "synthetic samples have no right answers, and this mode needs them; give real samples with "
        "their labels, load.data.configMap",
        "fieldPath": ".load.data",
    },
    {
        "rule": "!has(self.accuracy) || !has(self.load.data.configMap) || self.load.data.configMap.format == 'npz'",
        "message": "samples in JSON hold no labels, and this mode needs them; give an npz with arrays label:NAME",
        "fieldPath": ".load.data",
    },
    {
        "rule": "self.mode != 'Accuracy' || !has(self.repeat) && !has(self.load.findPeak)",
        "message": "mode Accuracy asks for each sample once, in one round; leave repeat and findPeak out",
        "fieldPath": ".mode",
    },
)

ONE_RATE: Rule = {
    "rule": "!has(self.findPeak) || !has(self.findPeak.max) || !has(self.targetQPS)",
    "message": "findPeak says which rates are tried, and targetQPS is set too; leave one of them out",
    "fieldPath": ".findPeak",
}


def recording_rules() -> Iterator[Rule]:
    """In Replay nothing is set that the recording decides; a stored object may have what was the default."""
    for name, _, ordinary in scenarios.BY_RECORDING:
        written = f"'{ordinary}'" if isinstance(ordinary, str) else str(ordinary)
        yield {
            "rule": f"self.scenario != 'Replay' || !has(self.load.{name}) || self.load.{name} == {written}",
            "message": f"{name} means nothing in scenario Replay, which sends the whole recording; leave it out",
            "fieldPath": f".load.{name}",
        }


_TICKING_PACKS = tuple(
    name for name, pack in installed_packs().items() if pack.stream_dialect.takes == scenarios.TICKING
)


def _is_ticking() -> str:
    return (
        f"(has(self.load.streamDialect) ? self.load.streamDialect == '{scenarios.TICKING}' : "
        f"self.rules in {_cel_list(_TICKING_PACKS)})"
    )


NO_EARLY_STOPPING_AT_TICKS: Rule = {
    "rule": "!has(self.load.earlyStopping) || !self.load.earlyStopping || self.scenario != 'MultiStream' || "
    f"!{_is_ticking()}",
    "message": f"earlyStopping does not fit streamDialect {scenarios.TICKING}, whose rules have none; leave it out, or "
    "set streamDialect to loadgen-6.0",
    "fieldPath": ".load.earlyStopping",
}


SEARCH_RULES: tuple[Rule, ...] = (
    {
        "rule": "!has(self.load.findPeak) || self.scenario != 'Server' || has(self.load.findPeak.max)",
        "message": "findPeak looks for a rate in Server; set findPeak.min and findPeak.max",
        "fieldPath": ".load.findPeak",
    },
    {
        "rule": "!has(self.load.findPeak) || self.scenario != 'MultiStream' || "
        f"({_is_ticking()} && has(self.load.findPeak.maxSamplesPerQuery) && !has(self.load.samplesPerQuery))",
        "message": "findPeak looks for samples per query in MultiStream, in the dialect "
        f"{scenarios.TICKING} only; set findPeak.maxSamplesPerQuery, and leave samplesPerQuery out",
        "fieldPath": ".load.findPeak",
    },
    {
        "rule": "!has(self.repeat) || !has(self.load.findPeak)",
        "message": "repeat does not fit findPeak, whose rounds are its trials; leave one of them out",
        "fieldPath": ".repeat",
    },
)

SEARCHES_UPWARDS: Rule = {
    "rule": "(!has(self.min) || !has(self.max) || self.min <= self.max) && (!has(self.minSamplesPerQuery) || "
    "!has(self.maxSamplesPerQuery) || self.minSamplesPerQuery <= self.maxSamplesPerQuery)",
    "message": "findPeak has a highest load below its lowest; write the lower one into min or minSamplesPerQuery",
}

ONE_SEARCH: Rule = {
    "rule": "has(self.min) == has(self.max) && has(self.max) != has(self.maxSamplesPerQuery) && "
    "(!has(self.minSamplesPerQuery) || has(self.maxSamplesPerQuery))",
    "message": "findPeak looks for one thing; set min and max, or maxSamplesPerQuery",
}


def edition_rules() -> Iterator[Rule]:
    """A pack that there is, with a task and a scenario that it has."""
    packs = installed_packs()
    yield {
        "rule": f"self.rules in {_cel_list((CUSTOM, *packs))}",
        "message": f"rules of another name than those there are; use {', '.join(packs)} or {CUSTOM}",
        "fieldPath": ".rules",
    }
    yield {
        "rule": f"self.rules != '{CUSTOM}' || !has(self.task)",
        "message": f"task means nothing with custom rules; leave it out, or set rules to {' or '.join(packs)}",
        "fieldPath": ".task",
    }
    for name, pack in packs.items():
        tasks = tuple(pack.tasks)
        yield {
            "rule": f"self.rules != '{name}' || (has(self.task) && self.task in {_cel_list(tasks)})",
            "message": f"{name} needs a task that it has; set task to one of {', '.join(tasks)}",
            "fieldPath": ".task",
        }
        by_scenarios: dict[tuple[str, ...], list[str]] = {}
        for task in tasks:
            by_scenarios.setdefault(scenarios_of(pack, task), []).append(task)
        for ruled, of in by_scenarios.items():
            yield {
                "rule": f"self.rules != '{name}' || !has(self.task) || !(self.task in {_cel_list(tuple(of))}) || "
                f"self.scenario in {_cel_list(ruled)}",
                "message": f"{' and '.join(of)} of {name} in another scenario than the rules have; use "
                f"{' or '.join(ruled)}",
                "fieldPath": ".scenario",
            }


def scenario_rules() -> tuple[Rule, ...]:
    """Each field of the load stands where its scenario needs it, and nowhere else."""
    return tuple(rule for fit in scenarios.FITS for rule in _fit_rules(fit))


def _fit_rules(fit: scenarios.Fit) -> Iterator[Rule]:
    given, ticking = f"has(self.load.{fit.name})", "false"
    if fit.name == "targetQPS":
        ticking = f"(self.scenario == 'MultiStream' && {_is_ticking()})"
    filled = ""
    if fit.name == "latencyBound":
        filled = f" || self.rules != '{CUSTOM}'"
    elif fit.name == "targetQPS":
        filled = f" || (self.scenario == 'MultiStream' && self.rules in {_cel_list(_TICKING_PACKS)})"
    if fit.needed:
        needed = given
        if fit.name == "targetQPS":
            needed = f"{given} || (self.scenario == 'Server' && has(self.load.findPeak))"
        elif fit.name == "concurrency":
            needed = f"{given} || has(self.load.concurrencySteps)"
        also = "" if ticking == "false" else f", and MultiStream in the dialect {scenarios.TICKING},"
        yield {
            "rule": f"{needed} || !(self.scenario in {_cel_list(fit.needed)} || {ticking}){filled}",
            "message": f"{fit.name} is missing, and {' and '.join(fit.needed)}{also} need it; set {fit.is_for}",
            "fieldPath": ".load",
        }
    yield {
        "rule": f"!{given} || self.scenario in {_cel_list(fit.scenarios)} || {ticking}",
        "message": f"{fit.name} means nothing in this scenario: {fit.unlike}; leave it out, or use "
        f"{' or '.join(fit.scenarios)}",
        "fieldPath": f".load.{fit.name}",
    }


SPEC_RULES: RulesOf = {
    BenchmarkSpec: (
        *immutability_rules(BenchmarkSpec),
        CANCEL_IS_A_LATCH,
        ONE_WORKER,
        NO_EARLY_STOPPING_AT_TICKS,
        *SEARCH_RULES,
        *edition_rules(),
        *scenario_rules(),
        *recording_rules(),
        *ACCURACY_RULES,
        ENDPOINT_FITS_THE_PROTOCOL,
        *CLOSED_LOOP_RULES,
        *engine_rules.spec_rules(),
    ),
    Target: (exactly_one_of(Target),),
    **endpoint_rules(exactly_one_of),
    ModelRepository: (exactly_one_of(ModelRepository),),
    Data: (exactly_one_of(Data),),
    FindPeak: (ONE_SEARCH, SEARCHES_UPWARDS),
    Load: (ONE_WORKER_KNOWS, ONE_RATE, *STEPS_RULES, *engine_rules.load_rules()),
    Accuracy: SCORER_RULES,
}
