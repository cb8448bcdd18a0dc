"""What the API server guards of spec.accuracy, as CEL rules."""

from collections.abc import Iterator

from inferometer_loadgen.spec.scorer_checks import BEST, FIELDS_OF, NEEDED_BY
from inferometer_operator.api.schema import Rule

NO_COMMAND_IN_A_CLUSTER = (
    "scorer command does not run in a cluster, where it would stand beside the run's token; score with inferometer "
    "run, or use another scorer"
)


def _rules() -> Iterator[Rule]:
    yield {
        "rule": "self.scorer != 'command'",
        "message": NO_COMMAND_IN_A_CLUSTER,
        "fieldPath": ".scorer",
    }
    for name, scorers in FIELDS_OF.items():
        known = " || ".join(f"self.scorer == '{scorer}'" for scorer in scorers)
        yield {
            "rule": f"!has(self.{name}) || {known}",
            "message": f"{name} means nothing to this scorer; leave it out, or use scorer {' or '.join(scorers)}",
            "fieldPath": f".{name}",
        }
    for name, scorer in NEEDED_BY.items():
        yield {
            "rule": f"self.scorer != '{scorer}' || has(self.{name})",
            "message": f"{name} is missing, and scorer {scorer} needs it; add {name}",
        }
    for best in sorted(set(BEST.values())):
        scorers = tuple(scorer for scorer, most in BEST.items() if most == best)
        other = " && ".join(f"self.scorer != '{scorer}'" for scorer in scorers)
        yield {
            "rule": f"!has(self.target) || self.target <= {best:.1f} || {other}",
            "message": f"target is above {best}, the best that {' or '.join(scorers)} can be; write "
            + ("a share such as 0.757" if best == 1 else "a score from 0 to 100"),
            "fieldPath": ".target",
        }


SCORER_RULES: tuple[Rule, ...] = tuple(_rules())
