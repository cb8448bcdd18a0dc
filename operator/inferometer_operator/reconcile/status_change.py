"""How a status changes: a pure function of the old one, so that what is not carried over vanishes on purpose."""

import re
from dataclasses import dataclass
from datetime import datetime

import msgspec

from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.status import MESSAGE_LIMIT, BenchmarkStatus, Condition
from inferometer_operator.run import Run, format_time

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class Said:
    """A condition before it has a time."""

    type: ConditionType
    status: ConditionStatus
    reason: str
    message: str


def with_conditions(run: Run, now: datetime, *said: Said) -> tuple[Condition, ...]:
    """The run's conditions with what is said now, in the order in which a run comes to them."""
    conditions = {condition.type: condition for condition in run.status.conditions}
    for one in said:
        old = conditions.get(one.type)
        unchanged = old is not None and old.status == one.status
        conditions[one.type] = Condition(
            type=one.type,
            status=one.status.value,
            reason=reason_name(one.reason),
            message=shortened(one.message),
            last_transition_time=old.last_transition_time if old is not None and unchanged else format_time(now),
            observed_generation=run.generation,
        )
    order = list(ConditionType)
    return tuple(sorted(conditions.values(), key=lambda condition: order.index(ConditionType(condition.type))))


def changed(status: BenchmarkStatus, **changes: object) -> BenchmarkStatus:
    """The status with some fields replaced."""
    return msgspec.structs.replace(status, **changes)


def reason_name(text: str) -> str:
    """A reason as conditions and events allow it; another program's may be anything."""
    name = re.sub(r"[^A-Za-z0-9_]", "", text)[:64]
    return name if re.match(r"[A-Za-z]", name) else "Failed"


def shortened(message: str) -> str:
    """A message as the status can hold it."""
    return message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"
