"""What the API server itself guards of a schedule, as CEL rules; all of it may be edited, but for its name."""

from inferometer_loadgen.spec.load import Data
from inferometer_loadgen.spec.schedule import ScheduleSpec, Template
from inferometer_loadgen.spec.schedule_checks import MAX_SCHEDULE_NAME_LENGTH, SHORTEST_DEADLINE
from inferometer_loadgen.spec.target import ModelRepository, Target
from inferometer_operator.api.endpoint_rules import endpoint_rules
from inferometer_operator.api.rules import exactly_one_of
from inferometer_operator.api.schema import Rule, RulesOf

NAME_LEAVES_ROOM: Rule = {
    "rule": f"self.metadata.name.size() <= {MAX_SCHEDULE_NAME_LENGTH}",
    "message": f"a schedule's name has at most {MAX_SCHEDULE_NAME_LENGTH} characters, since its runs are named after "
    "it and their slot; use a shorter one",
}

DEADLINE_CAN_BE_KEPT: Rule = {
    "rule": f"duration(self.startingDeadline) >= duration('{SHORTEST_DEADLINE}')",
    "message": f"startingDeadline is at least {SHORTEST_DEADLINE}, since an operator that restarts may need that; "
    "write a longer one",
    "fieldPath": ".startingDeadline",
}

RUNS_ARE_NOT_CANCELLED: Rule = {
    "rule": "!self.spec.cancel",
    "message": "a template's cancel would end each run before it begins; leave it out",
    "fieldPath": ".spec.cancel",
    "reason": "FieldValueForbidden",
}

HISTORY_DELETES: Rule = {
    "rule": "!has(self.spec.runPolicy.ttlAfterFinished)",
    "message": "a template's ttlAfterFinished would delete runs that the schedule counts; leave it out, and write how "
    "many runs are kept into spec.historyLimits",
    "fieldPath": ".spec.runPolicy",
    "reason": "FieldValueForbidden",
}

SCHEDULE_ROOT_RULES: tuple[Rule, ...] = (NAME_LEAVES_ROOM,)

SCHEDULE_SPEC_RULES: RulesOf = {
    ScheduleSpec: (DEADLINE_CAN_BE_KEPT,),
    Template: (RUNS_ARE_NOT_CANCELLED, HISTORY_DELETES),
    Target: (exactly_one_of(Target),),
    **endpoint_rules(exactly_one_of),
    ModelRepository: (exactly_one_of(ModelRepository),),
    Data: (exactly_one_of(Data),),
}
