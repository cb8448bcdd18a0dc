"""Servers that run already: nothing is launched, and the operator does not dial them either.

It may be kept from them by a network policy, and an address that a user writes is none that it should be made to ask.
So their readiness is proved by the workers, which ask each server for the model before the load; what they are told is
the run's end (ModelNotFound, ServerUnreachable), with the server's own words.
"""

from msgspec import UnsetType

from inferometer_loadgen.spec.endpoint import EndpointTarget, replica_addresses
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import ServerStatus
from inferometer_operator.objects.events import Told
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.status_change import TRUE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Step
from inferometer_operator.run import Run

ENDPOINT_GIVEN = "EndpointGiven"


def announce_an_endpoint(observed: Observed) -> Step | None:
    """There is nothing to wait for: the clients may come."""
    run = observed.run
    endpoint = run.wanted.target.endpoint
    if isinstance(endpoint, UnsetType) or run.status.is_true(ConditionType.SERVERS_READY):
        return None
    count = len(endpoint.urls)
    servers = "1 server of spec.target.endpoint is" if count == 1 else f"{count} servers of spec.target.endpoint are"
    note = f"{servers} to serve {run.wanted.model.name}; the workers ask for it before the load"
    status = changed(
        run.status,
        phase="Starting",
        servers=endpoint_statuses(endpoint),
        conditions=with_conditions(run, observed.now, Said(ConditionType.SERVERS_READY, TRUE, ENDPOINT_GIVEN, note)),
    )
    return Step(status=status, tell=(Told("Normal", "ServersReady", note),))


def endpoint_statuses(endpoint: EndpointTarget) -> tuple[ServerStatus, ...]:
    """The servers as they were given; whether they are ready is not known before they are asked."""
    return tuple(ServerStatus(name=one.name, url=one.url) for one in replica_addresses(endpoint))


def url_of(run: Run, replica: str) -> str:
    """Where a replica answers that is not the operator's; empty for one that is."""
    endpoint = run.wanted.target.endpoint
    if isinstance(endpoint, UnsetType):
        return ""
    return next((one.url for one in replica_addresses(endpoint) if one.name == replica), "")
