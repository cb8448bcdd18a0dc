#!/bin/sh
# Gives a node the places that kubelet, CNI and containerd insist on, for itself alone: node-prepare.sh NAME FOLDER
# Runs in the node's own mount namespace, so the machine sees none of these mounts; /run is private already.
set -eu
name=$1
folder=$2
state=/run/inferometer-dev

mkdir -p "$folder/kubelet" "$folder/cni" "$folder/log/pods" "$folder/log/containers"
mount --bind "$folder/kubelet" /var/lib/kubelet
# Volumes that kubelet mounts must show up in containers.
mount --make-shared /var/lib/kubelet
mount --bind "$folder/cni" /var/lib/cni
mount --bind "$folder/log" /var/log

# A socket that a dead containerd left would let kubelet start too early, and end.
rm -f "$state/$name/containerd.sock" "$state/$name/containerd.sock.ttrpc"
