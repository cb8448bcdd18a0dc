"""Whether a run can be run at all: before anything is held, and with the API server's own word on its pods."""

from msgspec import UnsetType

from inferometer_loadgen.plan import digest
from inferometer_loadgen.spec.checks import check, check_recording
from inferometer_loadgen.spec.resolve import LibraryFacts, ReplayFacts, resolve
from inferometer_loadgen.spec.scenarios import answers_window_ns
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.api.scorer_rules import NO_COMMAND_IN_A_CLUSTER
from inferometer_operator.api.status import Versions
from inferometer_operator.objects.config_maps import plan_config_map
from inferometer_operator.objects.hardening import Manifest
from inferometer_operator.objects.load_pods import coordinator_pod, worker_pod
from inferometer_operator.objects.names import report_name, token_name
from inferometer_operator.objects.server_pods import server_pod
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.observed import Absent, Observed, Refused
from inferometer_operator.reconcile.rejection import rejection
from inferometer_operator.reconcile.status_change import TRUE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Need, ReadLibrary, ReadRecording, Step, TryPods

LIBRARY_GRACE_S = 10.0
"""`kubectl apply -f` of a folder may create the benchmark before its ConfigMap."""

EARLIER_RUN_S = 60.0
"""Pods are gone within their grace; one that is not may be on a dead node, and then a create says so."""


def refuse_what_the_api_server_refuses(observed: Observed) -> Step | Need | None:
    """A create that came back with the API server's no ends the run with it: no later try would fare better."""
    refused = observed.refused
    if refused is None:
        return None
    if (refused.kind, refused.name) == ("ConfigMap", report_name(observed.run.name)):
        message = f"the API server refuses {refused.kind} {refused.name}: {refused.words}"
        return end_without_result(observed, FailureReason.REPORT_UNREADABLE, message)
    return end_without_result(observed, *rejection(observed.run, refused))


def end_if_a_name_is_taken(observed: Observed) -> Step | Need | None:
    """Somebody else's object bears a name that the run needs, and is not going away."""
    if not observed.blocked:
        return None
    if _age_s(observed) < EARLIER_RUN_S:
        return Step(again_after_s=2.0)
    message = f"{observed.blocked}; delete it, or give the benchmark another name"
    return end_without_result(observed, FailureReason.POD_REJECTED, message)


def wait_for_an_earlier_run(observed: Observed) -> Step | None:
    """Its pods have the names that this run's need; Kubernetes is deleting them together with their benchmark."""
    if not observed.names_taken or observed.run.has_started or _age_s(observed) > EARLIER_RUN_S:
        return None
    return Step(again_after_s=EARLIER_RUN_S)


def refuse_a_spec_that_does_not_fit(observed: Observed) -> Step | Need | None:
    """What no schema can say, also of a run that is suspended: its user is there now."""
    run = observed.run
    if run.status.is_true(ConditionType.ACCEPTED):
        return None
    if run.spec is None:
        message = f"this version of the operator can't read it: {run.spec_problem}"
        return end_without_result(observed, FailureReason.SPEC_INVALID, message)
    if errors := check(run.name, run.spec):
        return end_without_result(observed, FailureReason.SPEC_INVALID, "; ".join(map(str, errors)))
    if not isinstance(run.spec.accuracy, UnsetType) and run.spec.accuracy.scorer == "command":
        message = f"spec.accuracy.scorer: {NO_COMMAND_IN_A_CLUSTER}"
        return end_without_result(observed, FailureReason.SPEC_INVALID, message)
    return None


def accept(observed: Observed) -> Step | Need | None:
    """Reads what the plan needs, asks for one of each kind of pod by way of trial, and stores the plan."""
    run = observed.run
    if run.status.is_true(ConditionType.ACCEPTED):
        return None
    load = run.wanted.load
    config_map, replay = load.data.config_map, load.replay
    library, recording = observed.library, observed.recording
    if isinstance(library, Absent):
        return _without(observed, "data", library)
    if isinstance(recording, Absent):
        return _without(observed, "replay", recording)
    if library is None and not isinstance(config_map, UnsetType):
        return Need((ReadLibrary(config_map.name, config_map.format),))
    if recording is None and not isinstance(replay, UnsetType):
        return Need((ReadRecording(replay.config_map.name, answers_window_ns(load)),))
    if recording is not None and (errors := check_recording(run.wanted, recording.lasts_ns)):
        return end_without_result(observed, FailureReason.SPEC_INVALID, "; ".join(map(str, errors)))
    match observed.trial:
        case None:
            return Need((TryPods(_one_of_each(observed)),))
        case Refused() as refused:
            return end_without_result(observed, *rejection(run, refused))
        case _:
            return _accepted(observed, library, recording)


def _without(observed: Observed, block: str, missing: Absent) -> Step | Need:
    if _age_s(observed) < LIBRARY_GRACE_S:
        return Step(again_after_s=1.0)
    return end_without_result(observed, FailureReason.SPEC_INVALID, f"spec.load.{block}.configMap: {missing.why}")


def _one_of_each(observed: Observed) -> tuple[Manifest, ...]:
    # The names of what does not exist yet play no part in whether a pod is let in.
    run, secret = observed.run, token_name(observed.run.name, observed.nonce[:8])
    launched = () if isinstance(run.wanted.target.triton, UnsetType) else (server_pod(run, 0),)
    return (
        *launched,
        coordinator_pod(run, observed.settings, secret),
        worker_pod(run, observed.settings, 0, secret, "0.0.0.0"),
    )


def _age_s(observed: Observed) -> float:
    return (observed.now - observed.run.created).total_seconds()


def _accepted(observed: Observed, library: LibraryFacts | None, recording: ReplayFacts | None) -> Step:
    run = observed.run
    plan = resolve(run.name, run.wanted, library, recording)
    said = Said(ConditionType.ACCEPTED, TRUE, "PlanStored", "the spec can be run, its plan is stored")
    status = changed(
        run.status,
        observed_generation=run.generation,
        phase="Starting",
        plan_hash=digest(plan),
        versions=Versions(operator=observed.settings.version, image=observed.settings.image),
        conditions=with_conditions(run, observed.now, said),
    )
    return Step(create=(plan_config_map(run, plan),), status=status)
