"""What the official LoadGen as the engine of a load cannot do, as CEL rules; `spec.engine` says why."""

from collections.abc import Iterator

from inferometer_loadgen.rules import installed_packs
from inferometer_loadgen.spec import engine, scenarios
from inferometer_operator.api.schema import Rule

_OWN_PACKS = tuple(name for name, pack in installed_packs().items() if pack.stream_dialect.takes != engine.DIALECT)


def load_rules() -> Iterator[Rule]:
    """Of the load alone."""
    for field, fits, message in (
        ("workers", "self.workers == 1", "more than one worker, and LoadGen runs on one node; set workers to 1"),
        ("findPeak", "!has(self.findPeak)", "findPeak, and a run of LoadGen has one rate; set targetQPS"),
        ("sequences", "!has(self.sequences)", "sequences, whose queries wait for one another; leave them out"),
        ("earlyStopping", "!has(self.earlyStopping) || self.earlyStopping", "earlyStopping false; leave it out"),
        ("spin", "!has(self.spin)", "spin, and it is LoadGen that waits; leave it out"),
    ):
        yield {
            "rule": f"self.engine != '{engine.OFFICIAL}' || {fits}",
            "message": f"engine {engine.OFFICIAL} with {message}, or set engine to Own",
            "fieldPath": f".{field}",
        }


def spec_rules() -> Iterator[Rule]:
    """Of the load and what stands beside it."""
    official = f"self.load.engine != '{engine.OFFICIAL}'"
    known = ", ".join(f"'{name}'" for name in engine.SCENARIOS)
    yield {
        "rule": f"{official} || self.scenario in [{known}]",
        "message": f"engine {engine.OFFICIAL} in a scenario that LoadGen has not; set engine to Own, or use "
        f"{', '.join(engine.SCENARIOS)}",
        "fieldPath": ".load.engine",
    }
    yield {
        "rule": f"{official} || self.mode == 'Performance'",
        "message": f"engine {engine.OFFICIAL} in another mode than Performance; set engine to Own",
        "fieldPath": ".load.engine",
    }
    for name, tasks in engine.equally_issued().items():
        equal = ", ".join(f"'{task}'" for task in tasks)
        yield {
            "rule": f"{official} || self.scenario != 'SingleStream' || self.rules != '{name}' || !has(self.task) || "
            f"!(self.task in [{equal}])",
            "message": f"engine {engine.OFFICIAL} with {' or '.join(tasks)} in SingleStream, whose equal issue hangs "
            "on an expected latency; set engine to Own",
            "fieldPath": ".load.engine",
        }
    others = ", ".join(f"'{name}'" for name in _OWN_PACKS)
    yield {
        "rule": f"{official} || (has(self.load.streamDialect) ? self.load.streamDialect == '{engine.DIALECT}' : "
        f"!(self.rules in [{others}]))",
        "message": f"engine {engine.OFFICIAL} with streamDialect {scenarios.TICKING}, and the package is LoadGen 6.0; "
        "set engine to Own, or use rules of LoadGen 6.0",
        "fieldPath": ".load.engine",
    }
