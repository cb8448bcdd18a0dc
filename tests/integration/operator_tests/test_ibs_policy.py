"""Nobody borrows the operator's right to create pods by way of a schedule."""

import json

from .conftest import Cluster, await_true
from .test_chart import rendered
from .test_ibs import an_example


def test_who_writes_a_template_needs_the_right_to_create_pods(cluster: Cluster, namespace: str) -> None:
    kinds = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    policies = [one for one in rendered() if one["kind"] in kinds and one["metadata"]["name"].endswith("-schedules")]
    for one in policies:
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(one))
    rule = {"apiGroups": ["inferometer.dev"], "resources": ["inferencebenchmarkschedules"], "verbs": ["*"]}
    cluster.rights.create_namespaced_role(namespace, {"metadata": {"name": "scheduler"}, "rules": [rule]})
    words = ["create", "rolebinding", "scheduler", "--role=scheduler", "--user=carol", "-n", namespace]
    cluster.kubectl(*words)
    body = json.dumps(an_example())

    def created_by_carol() -> str:
        words = ["create", "--dry-run=server", "--as=carol", "-n", namespace, "-f", "-"]
        return cluster.kubectl(*words, check=False, stdin=body)

    await_true(lambda: "sending load needs the right to create pods" in created_by_carol(), "it is refused")
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=body)
    carol = ["--as=carol", "-n", namespace, "patch", "ibs", "nightly", "--type=merge", "-p"]
    cluster.kubectl(*carol, '{"spec": {"suspend": true}}')
    image = {"spec": {"template": {"spec": {"target": {"triton": {"image": "other:1"}}}}}}
    assert "sending load needs the right" in cluster.kubectl(*carol, json.dumps(image), check=False)
    for one in policies:
        cluster.kubectl("delete", one["kind"], one["metadata"]["name"])
