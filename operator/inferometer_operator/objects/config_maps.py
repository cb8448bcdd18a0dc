"""The plan and the report of a run, each written once."""

import base64

from inferometer_loadgen.plan import Plan, encode
from inferometer_operator.objects.hardening import Manifest
from inferometer_operator.objects.labels import labels, owned_by
from inferometer_operator.objects.load_pods import PLAN_KEY
from inferometer_operator.objects.names import plan_name, report_name
from inferometer_operator.run import Run

REPORT_KEY = "report.json.gz"


def plan_config_map(run: Run, plan: Plan) -> Manifest:
    """What the load pods are started with."""
    return _config_map(run, plan_name(run.name)) | {"data": {PLAN_KEY: encode(plan).decode()}}


def report_config_map(run: Run, compressed: bytes) -> Manifest:
    """The report as the coordinator gave it."""
    return _config_map(run, report_name(run.name)) | {"binaryData": {REPORT_KEY: base64.b64encode(compressed).decode()}}


def _config_map(run: Run, name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": run.namespace,
            "labels": labels(run),
            "ownerReferences": owned_by(run),
        },
        "immutable": True,
    }
