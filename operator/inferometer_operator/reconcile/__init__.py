"""Decides what a run needs next, from what was observed and from nothing else.

The policies are asked in order; the first that answers decides. Each reconcile thus does one thing, and a crash
between any two of them leaves a state that the next one understands. Nothing here reads a clock, a cluster or a file.
"""

from collections.abc import Callable

from inferometer_operator.reconcile.accept import (
    accept,
    end_if_a_name_is_taken,
    refuse_a_spec_that_does_not_fit,
    refuse_what_the_api_server_refuses,
    wait_for_an_earlier_run,
)
from inferometer_operator.reconcile.endpoint import announce_an_endpoint
from inferometer_operator.reconcile.finishing import finish_from_the_stored_report, store_the_report
from inferometer_operator.reconcile.last_words import finish_from_the_last_words
from inferometer_operator.reconcile.loaders import (
    ask_a_ready_coordinator,
    create_coordinator,
    create_token,
    create_workers,
    drop_workers_of_another_coordinator,
    end_if_loaders_are_hopeless,
    end_if_the_run_failed,
)
from inferometer_operator.reconcile.measuring import (
    end_if_a_server_is_lost,
    end_if_a_worker_is_lost,
    end_if_the_coordinator_is_lost,
    note_the_end_of_the_load,
    release_servers,
    report_progress,
)
from inferometer_operator.reconcile.mounts import end_if_a_mount_is_missing
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.releasing import (
    delete_when_its_time_is_over,
    leave_a_deleted_run_alone,
    release_everything,
)
from inferometer_operator.reconcile.servers import announce_servers, create_servers, end_if_servers_are_hopeless
from inferometer_operator.reconcile.starting import decide_the_start, give_the_start
from inferometer_operator.reconcile.step import Need, Step
from inferometer_operator.reconcile.stopping import stop
from inferometer_operator.reconcile.suspending import hold_while_suspended
from inferometer_operator.reconcile.telling import tell_the_end, tell_the_rest
from inferometer_operator.reconcile.unserved import end_if_the_model_is_not_served
from inferometer_operator.reconcile.waiting import wait, wait_for_servers

__all__ = ["POLICIES", "Need", "Observed", "Step", "reconcile"]

Policy = Callable[[Observed], Step | Need | None]

POLICIES: tuple[Policy, ...] = (
    # The ends.
    leave_a_deleted_run_alone,
    release_everything,
    tell_the_end,
    delete_when_its_time_is_over,
    refuse_what_the_api_server_refuses,
    end_if_a_name_is_taken,
    stop,
    # Before anything is held.
    refuse_a_spec_that_does_not_fit,
    hold_while_suspended,
    wait_for_an_earlier_run,
    accept,
    # The coordinator is asked before anyone else is judged: a load that has ended makes lost pods harmless.
    ask_a_ready_coordinator,
    end_if_the_run_failed,
    note_the_end_of_the_load,
    release_servers,
    finish_from_the_stored_report,
    store_the_report,
    finish_from_the_last_words,
    end_if_the_coordinator_is_lost,
    end_if_a_server_is_lost,
    end_if_a_worker_is_lost,
    # The start, from its parts to its point of no return.
    end_if_servers_are_hopeless,
    end_if_the_model_is_not_served,
    create_servers,
    announce_an_endpoint,
    announce_servers,
    wait_for_servers,
    end_if_a_mount_is_missing,
    end_if_loaders_are_hopeless,
    create_coordinator,
    create_token,
    drop_workers_of_another_coordinator,
    create_workers,
    decide_the_start,
    give_the_start,
    # Nothing to do but to tell, and to wait.
    report_progress,
    tell_the_rest,
    wait,
)


def reconcile(observed: Observed) -> Step | Need:
    """What to do next, or what to read first."""
    for policy in POLICIES:
        if (answer := policy(observed)) is not None:
            return answer
    raise AssertionError("the last policy always answers")
