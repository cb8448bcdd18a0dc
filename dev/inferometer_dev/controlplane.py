"""The command lines of etcd and the API server, shared by the cluster and by the bare API server of the tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from inferometer_dev.gotools import binary

if TYPE_CHECKING:
    from pathlib import Path

    from inferometer_dev.pki import Authority

# The TokenRequest API needs an issuer; in a cluster it is also what pods' tokens name.
ISSUER = "https://kubernetes.default.svc"
# Who did what, for tests that hold the operator to its Role; the kubelets' and our own calls would only drown it.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}


def etcd_argv(data: Path, client_port: int, peer_port: int, address: str = "127.0.0.1") -> list[str]:
    """One etcd member for one API server, without durability."""
    client, peer = f"http://{address}:{client_port}", f"http://{address}:{peer_port}"
    return [
        str(binary("etcd")),
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        # A development cluster has nothing that must survive a power cut, and fsync is most of its latency.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver_argv(
    authority: Authority, *, bind: str, port: int, etcd_port: int, service_range: str, folder: Path
) -> list[str]:
    """kube-apiserver with RBAC and an audit log in `folder`/audit.log; certificates are made as needed."""
    first_service = service_range.rsplit(".", 1)[0] + ".1"
    names = ["DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc"]
    serving = authority.sign(
        "apiserver", "/CN=kube-apiserver", [*names, f"IP:{bind}", "IP:127.0.0.1", f"IP:{first_service}"]
    )
    kubelet_client = authority.sign("apiserver-kubelet", "/O=system:masters/CN=kube-apiserver-kubelet-client")
    tokens = authority.service_account_keys()
    policy = folder / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY))
    return [
        str(binary("kube-apiserver")),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--bind-address={bind}",
        f"--advertise-address={bind}",
        f"--secure-port={port}",
        f"--service-cluster-ip-range={service_range}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={authority.pair.certificate}",
        f"--kubelet-client-certificate={kubelet_client.certificate}",
        f"--kubelet-client-key={kubelet_client.key}",
        f"--kubelet-certificate-authority={authority.pair.certificate}",
        # Node names resolve nowhere here: logs and exec go to the kubelet's address.
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={tokens.certificate}",
        f"--service-account-signing-key-file={tokens.key}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-maxsize=100",
        "--audit-log-maxbackup=3",
        "--allow-privileged=true",
        f"--cert-dir={folder / 'generated'}",
    ]
