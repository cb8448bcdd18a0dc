"""What no schema can say: that the fields of a spec fit each other. One file a subject."""

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks import basics, durations, editions, loads, modes, searches, targets
from inferometer_loadgen.spec.checks.basics import MAX_NAME_LENGTH
from inferometer_loadgen.spec.checks.durations import check_recording
from inferometer_loadgen.spec.checks.error import Rule, SpecError
from inferometer_loadgen.spec.editions import filled

__all__ = ["MAX_NAME_LENGTH", "RULES", "RULES_OF_ANY_SCENARIO", "Rule", "SpecError", "check", "check_recording"]

RULES_OF_ANY_SCENARIO: tuple[Rule, ...] = (
    basics.name_leaves_room,
    targets.one_target,
    targets.one_repository,
    targets.endpoint_fits,
    targets.header_fields_are_free,
    basics.one_library,
    basics.parameters_are_the_models_own,
    durations.durations_are_positive,
    durations.spinning_ends,
    durations.deadline_leaves_time,
    durations.queries_fit,
    targets.arguments_are_free,
    targets.gpus_are_asked_once,
    loads.one_worker_knows_what_is_open,
)
RULES: tuple[Rule, ...] = (
    *RULES_OF_ANY_SCENARIO,
    editions.the_rules_have_it,
    loads.fields_fit_the_scenario,
    loads.ticks_have_no_early_stopping,
    searches.a_search_looks_for_one_thing,
    searches.a_search_has_room,
    modes.accuracy_has_one_round,
    loads.a_recording_says_how_long,
    loads.one_worker_where_one_query_is_open,
    modes.accuracy_fits,
    modes.scorer_fits,
    modes.audit_fits,
    loads.open_requests_can_be_shared,
    loads.steps_rise,
    loads.sequences_stay_together,
    loads.the_official_engine_can,
)


def check(name: str, spec: BenchmarkSpec, rules: tuple[Rule, ...] = RULES) -> tuple[SpecError, ...]:
    """Everything that is wrong with a spec which already fits its schema; empty when it can be run."""
    spec = filled(spec)
    return tuple(error for rule in rules for error in rule(name, spec))
