"""What the API server's no to a pod means, and what to do about it: its words stay, the remedy is added.

All of these come back as 403 or 422 with no more than a sentence, so the sentence is what there is to go by.
"""

import re

from inferometer_operator.api.conditions import FailureReason
from inferometer_operator.reconcile.observed import Refused
from inferometer_operator.run import Run

_QUOTA = re.compile(r"exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (.+)$")
_QUOTA_ASKS = re.compile(r"failed quota: ([^:]+): must specify (.+)$")
_WEBHOOK = re.compile(r'admission webhook "([^"]+)"')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']+)'")


def rejection(run: Run, refused: Refused) -> tuple[FailureReason, str]:
    """The reason of a run whose object was refused, and the sentence for its user."""
    said = f"the API server refuses {refused.kind} {refused.name}: {refused.words}"
    if quota := _QUOTA.search(refused.words):
        # The sentence lists the same amounts three times; what a reader wants first is which quota is full.
        name, requested, used, limited = quota.groups()
        return FailureReason.QUOTA_EXCEEDED, (
            f"ResourceQuota {name} of namespace {run.namespace} has no room for {refused.kind} {refused.name}, which "
            f"asks for {requested}: {used} of {limited} are used; wait until others have ended and create the "
            f"benchmark anew, lower {_resources(refused)}, or raise the quota"
        )
    if refused.kind != "Pod":
        return FailureReason.POD_REJECTED, said
    return FailureReason.POD_REJECTED, f"{said.rstrip('.')}; {_remedy(run, refused)}"


def _remedy(run: Run, refused: Refused) -> str:
    words = refused.words
    if "violates PodSecurity" in words:
        return f"run it in a namespace whose pod security admits this, since the pods of {run.namespace} may not"
    if asks := _QUOTA_ASKS.search(words):
        return f"set {asks[2]} in {_resources(refused)}: ResourceQuota {asks[1]} asks for it"
    if "per Container" in words or "per Pod" in words:
        return f"choose {_resources(refused)} within the namespace's LimitRange"
    if hook := _WEBHOOK.search(words) or _POLICY.search(words):
        return f"what {hook[1]} asks for is up to who runs it"
    if "RuntimeClass" in words or "PriorityClass" in words:
        return "create it, or have the namespace's defaults corrected"
    if "must be less than or equal to" in words:
        return f"raise the limits in {_resources(refused)} or lower the requests"
    return f"correct what it names, in {_resources(refused)} or elsewhere, and create the benchmark anew"


def _resources(refused: Refused) -> str:
    return "spec.target.triton.resources" if "-server-" in refused.name else "spec.load.resources"
