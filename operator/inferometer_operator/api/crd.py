"""The CustomResourceDefinition of InferenceBenchmark, as a value."""

from collections.abc import Iterable
from typing import Any

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_operator.api.rules import ROOT_RULES, SPEC_RULES
from inferometer_operator.api.schema import structural_schema
from inferometer_operator.api.status import BenchmarkStatus

GROUP = "inferometer.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "InferenceBenchmark"
PLURAL = "inferencebenchmarks"

type Column = tuple[str, str, str, int]

# Text that is already formatted: a column of type number would print 1.23456789e+07.
COLUMNS: tuple[Column, ...] = (
    ("Model", "string", ".spec.model.name", 0),
    ("Scenario", "string", ".spec.scenario", 0),
    ("Phase", "string", ".status.phase", 0),
    ("Progress", "string", ".status.summary.progress", 0),
    ("Result", "string", ".status.summary.result", 0),
    ("P99", "string", ".status.summary.p99", 0),
    ("Verdict", "string", ".status.verdict", 0),
    ("Age", "date", ".metadata.creationTimestamp", 0),
    ("QPS", "string", ".status.summary.qps", 1),
    ("Errors", "string", ".status.summary.errors", 1),
    ("Reason", "string", ".status.summary.reason", 1),
)


def benchmark_crd() -> dict[str, Any]:
    """The definition that `crds/` and the chart hold."""
    return definition(
        KIND,
        PLURAL,
        short="ib",
        columns=COLUMNS,
        schema=object_schema(
            "One benchmark of a served model by MLPerf's rules: it launches the servers, sends the load, "
            "judges the answers and keeps the report. It runs once, from its creation on.",
            spec=structural_schema(BenchmarkSpec, rules=SPEC_RULES, defaults=True),
            status=structural_schema(BenchmarkStatus, rules={}, defaults=False),
            rules=ROOT_RULES,
        ),
    )


def definition(
    kind: str, plural: str, *, short: str, columns: tuple[Column, ...], schema: dict[str, Any]
) -> dict[str, Any]:
    """The definition of one of our kinds."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short],
                "categories": ["inferometer"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [_column(*column) for column in columns],
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def object_schema(
    description: str, *, spec: dict[str, Any], status: dict[str, Any], rules: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """The schema of a whole object of one of our kinds."""
    return {
        "description": description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
        "x-kubernetes-validations": list(rules),
    }


def _column(name: str, kind: str, path: str, priority: int) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": kind, "jsonPath": path}
    return column | {"priority": priority} if priority else column
