"""Who may create a benchmark: the chart's admission policy, on a real API server."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from inferometer_dev.bare_apiserver import BareApiServer
from inferometer_dev.gotools import binary

from .conftest import REPOSITORY, ApiException, Cluster, await_true
from .rig import NAMESPACE, RELEASE, install_rights, operator_kubeconfig
from .test_crd import GROUP, PLURAL, a_benchmark

CHART = REPOSITORY / "charts" / "inferometer"
BENCHMARKS = {"apiGroups": ["inferometer.dev"], "resources": [PLURAL], "verbs": ["create", "get", "patch"]}
STRANGER = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "stranger"}
ENGINEER = {**STRANGER, "name": "engineer"}
OPERATOR = {"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}


def policies(*values: str) -> list[dict[str, Any]]:
    argv = [str(binary("helm")), "template", RELEASE, str(CHART), "--namespace", NAMESPACE, *values]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return [one for one in yaml.safe_load_all(text) if one and one["kind"].startswith("ValidatingAdmissionPolicy")]


def benchmarks_of(cluster: Cluster, user: str) -> Any:
    """The custom resources as a user sees them."""
    return client.CustomObjectsApi(config.new_client_from_config(str(cluster.server.kubeconfig_for(user))))


def grant(cluster: Cluster, namespace: str, subject: dict[str, str], *rules: dict[str, Any]) -> None:
    name = subject["name"]
    cluster.rights.create_namespaced_role(namespace, {"metadata": {"name": name}, "rules": list(rules)})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    cluster.rights.create_namespaced_role_binding(
        namespace, {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
    )


@pytest.fixture(scope="module")
def guarded() -> Iterator[Cluster]:
    """An API server with the policy in force; `stranger` may create benchmarks and no pods, in `bench`."""
    with BareApiServer() as server:
        cluster = Cluster(server)
        cluster.install_crd()
        install_rights(cluster)
        cluster.core.create_namespace({"metadata": {"name": "bench"}})
        grant(cluster, "bench", STRANGER, BENCHMARKS)
        grant(cluster, "bench", ENGINEER, BENCHMARKS, PODS)
        for one in policies():
            cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(one))
        stranger = benchmarks_of(cluster, "stranger")

        def is_in_force() -> bool:
            try:
                stranger.create_namespaced_custom_object(*GROUP, "bench", PLURAL, a_benchmark(), dry_run="All")
            except ApiException as error:
                return "launching servers" in str(error.body)
            return False

        await_true(is_in_force, "the policy is in force")
        yield cluster


def test_who_may_not_create_pods_is_refused_a_benchmark_that_would(guarded: Cluster) -> None:
    refused = guarded.kubectl(
        "--as=stranger", "-n", "bench", "create", "-f", "-", check=False, stdin=yaml.safe_dump(a_benchmark("theirs"))
    )

    assert (
        "spec.target.triton: launching servers needs the right to create pods, which stranger does not have in "
        "namespace bench; ask for it, or let somebody create the benchmark who has it"
    ) in refused
    assert "Forbidden" in refused


def test_who_may_not_create_pods_is_refused_one_of_servers_that_run_already_too(guarded: Cluster) -> None:
    """Its load pods would mount the Secrets that it names, and send them where it says."""
    endpoint = a_benchmark("theirs", target={"endpoint": {"urls": ["http://triton:8000"]}})
    words = ["-n", "bench", "create", "--dry-run=server", "-f", "-"]
    refused = guarded.kubectl("--as=stranger", *words, check=False, stdin=yaml.safe_dump(endpoint))

    assert (
        "spec.target.endpoint: sending load needs the right to create pods, which stranger does not have in namespace "
        "bench; ask for it, or let somebody create the benchmark who has it"
    ) in refused
    assert "Forbidden" in refused
    guarded.kubectl("--as=engineer", *words, stdin=yaml.safe_dump(endpoint))


def test_who_may_create_pods_in_another_namespace_only_is_refused_too(guarded: Cluster) -> None:
    guarded.core.create_namespace({"metadata": {"name": "elsewhere"}})
    grant(guarded, "elsewhere", ENGINEER, BENCHMARKS)

    with pytest.raises(ApiException) as error:
        benchmarks_of(guarded, "engineer").create_namespaced_custom_object(*GROUP, "elsewhere", PLURAL, a_benchmark())

    assert error.value.status == 403


def test_who_may_create_pods_is_accepted_and_others_may_still_suspend_and_cancel(guarded: Cluster) -> None:
    engineer, stranger = benchmarks_of(guarded, "engineer"), benchmarks_of(guarded, "stranger")
    engineer.create_namespaced_custom_object(*GROUP, "bench", PLURAL, a_benchmark("ours"))

    for change in ({"suspend": True}, {"suspend": False}, {"cancel": True}):
        stored = stranger.patch_namespaced_custom_object(*GROUP, "bench", PLURAL, "ours", {"spec": change})
        assert change.items() <= stored["spec"].items()


def test_the_operator_passes_and_writes_the_status(guarded: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its ServiceAccount may create pods, so that what creates benchmarks in its name needs no exception."""
    kubeconfig = operator_kubeconfig(guarded, tmp_path_factory.mktemp("access"))
    operator: Any = client.CustomObjectsApi(config.new_client_from_config(str(kubeconfig)))
    benchmarks_of(guarded, "engineer").create_namespaced_custom_object(*GROUP, "bench", PLURAL, a_benchmark("run"))

    written = operator.patch_namespaced_custom_object_status(
        *GROUP, "bench", PLURAL, "run", {"status": {"phase": "Starting"}}
    )
    assert written["status"]["phase"] == "Starting"

    # For a schedule.
    operator.create_namespaced_custom_object(*GROUP, "bench", PLURAL, a_benchmark("child"), dry_run="All")


def test_the_policy_can_be_left_out() -> None:
    both = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]
    assert sorted(one["kind"] for one in policies()) == sorted(2 * both), "one for benchmarks, one for schedules"
    assert policies("--set", "admissionPolicy.enabled=false") == []
