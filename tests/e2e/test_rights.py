"""What the operator asked of the API server over all of these tests is what it may ask, and all that it may ask.

The last file to run: the audit log holds what the others made the operator do.
"""

import json
import os
import tomllib
from pathlib import Path

import pytest

from inferometer_dev.cluster.access import audit_log, kubectl

HERE = Path(__file__).parent
UNUSED = HERE / "unused_rights.toml"
OPERATOR = "system:serviceaccount:inferometer-system:inferometer"
OTHERS = {path.name for path in HERE.glob("test_*.py")} - {"test_cluster_life.py", "test_rights.py"}


def test_the_operator_uses_each_of_its_rights_but_those_that_are_listed_with_a_reason(
    operator: int, request: pytest.FixtureRequest
) -> None:
    if missing := OTHERS - {item.path.name for item in request.session.items}:
        pytest.skip(f"says something only together with {', '.join(sorted(missing))}")
    used, refused = asked_since(operator)
    listed = set(tomllib.loads(UNUSED.read_text()))

    # An API server that was killed refuses, until it has read the roles again, what it grants.
    assert refused <= granted()
    assert used <= granted()
    assert granted() - used <= listed <= granted()


def asked_since(position: int) -> tuple[set[str], set[str]]:
    """What was asked and allowed, and what was forbidden."""
    used: set[str] = set()
    refused: set[str] = set()
    with audit_log().open("rb") as log:
        assert log.seek(0, os.SEEK_END) >= position, "the audit log was rotated meanwhile: take the cluster down first"
        log.seek(position)
        entries = [json.loads(line) for line in log]
    for entry in entries:
        # Without a reference to an object it is discovery, which everyone may.
        if entry["user"]["username"] == OPERATOR and (reference := entry.get("objectRef")):
            name = "/".join(filter(None, [reference["resource"], reference.get("subresource")]))
            right = f"{reference.get('apiGroup', '')}/{name} {entry['verb']}"
            is_allowed = entry["annotations"]["authorization.k8s.io/decision"] == "allow"
            (used if is_allowed else refused).add(right)
    return used, refused


def granted() -> set[str]:
    role = json.loads(kubectl("read the role", "get", "clusterrole", "inferometer-inferometer", "-o", "json"))
    return {
        f"{group}/{resource} {verb}"
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
