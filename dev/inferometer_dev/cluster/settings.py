"""The settings of each daemon as text. Pure: values in, file contents out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .addresses import SERVICES, Member

if TYPE_CHECKING:
    from pathlib import Path

PAUSE_IMAGE = "localhost/pause:1"


def containerd_config(root: Path, socket: Path, cni_conf: Path, opt: Path) -> str:
    """A node's containerd: pods, images and their store."""
    return f"""version = 3
root = "{root}"
state = "/run/containerd"

[grpc]
address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
# Its default would make a folder under /opt of this machine.
path = "{opt}"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE_IMAGE}"

[plugins."io.containerd.cri.v1.runtime"]
# Lowering oom_score_adj needs CAP_SYS_RESOURCE, which a container or a CI machine may lack.
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "{cni_conf}"

[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""


def image_store_config(root: Path, state: Path, socket: Path, opt: Path) -> str:
    """A containerd that only imports images: no pods, so its store can be cloned for any node."""
    return f"""version = 3
root = "{root}"
state = "{state}"
disabled_plugins = [
    "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri",
]

[grpc]
address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "{opt}"
"""


def cni_config(node: Member) -> str:
    """A bridge per node without masquerade: pod addresses are routed between nodes as they are."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        # A pod must reach itself through its own service.
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": node.pod_subnet}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            # On the node's own tmpfs: leases must die with the node, or a restarted one runs out of addresses.
            "dataDir": "/run/cni-ipam",
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "infm", "plugins": [bridge, portmap]}, indent=1)


def kubelet_config(node: Member, *, authority: Path, certificate: Path, key: Path, socket: Path, folder: Path) -> str:
    """A node's kubelet, under its own cgroup and with its own certificate."""
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
        "containerRuntimeEndpoint": f"unix://{socket}",
        "cgroupDriver": "cgroupfs",
        # Kubelets that share /kubepods would clean up each other's pods.
        "cgroupRoot": f"/infm/{node.name}",
        # The machine may still have version 1; Kubernetes works there, it only refuses by default.
        "failCgroupV1": False,
        "failSwapOn": False,
        "localStorageCapacityIsolation": True,
        # Memory only: the machine's disk is shared with everything else on it, and its filling is not the node's fault.
        "evictionHard": {"memory.available": "100Mi"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        # Empty: there is no cluster DNS, and a look-up shall fail at once instead of asking the machine's servers.
        "resolvConf": str(folder / "resolv.conf"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "logging": {"verbosity": 1},
    }
    return json.dumps(config, indent=1)


def kube_proxy_argv(node: Member, kubeconfig: Path) -> list[str]:
    """A node's kube-proxy, by iptables in the node's own network namespace."""
    return [
        "kube-proxy",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node.name}",
        "--proxy-mode=iptables",
        f"--bind-address={node.address}",
        # 0: leave the machine's connection tracking as it is; the table is not per namespace.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]


def controller_manager_argv(kubeconfig: Path, authority: Path, token_key: Path, volume_plugins: Path) -> list[str]:
    """All default controllers, without an election: there is one control plane."""
    return [
        "kube-controller-manager",
        f"--kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        f"--root-ca-file={authority}",
        f"--service-account-private-key-file={token_key}",
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=false",
        # Its default would be made under /usr/libexec of this machine.
        f"--flex-volume-plugin-dir={volume_plugins}",
        f"--service-cluster-ip-range={SERVICES}",
    ]


def scheduler_argv(kubeconfig: Path) -> list[str]:
    """The default scheduler, without an election."""
    return ["kube-scheduler", f"--kubeconfig={kubeconfig}", "--bind-address=127.0.0.1", "--leader-elect=false"]
