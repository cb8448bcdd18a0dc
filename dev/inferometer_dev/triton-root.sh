#!/bin/sh
# Runs Triton on its own root file system: triton-root.sh ROOT MODELS ARGS...
# The caller has given us a mount and a pid namespace of our own, so every mount below goes when Triton goes.
set -eu
root=$1
models=$2
shift 2

# Read-only, as in a pod: the tree in the cache is shared by every Triton on this machine.
mount --bind "$root" "$root"
mount --bind -o ro "$models" "$root/models"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir -m 1777 "$root/dev/shm"
for device in null zero full random urandom; do
    : > "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -o remount,bind,ro "$root"

exec chroot "$root" /usr/local/bin/tritonserver --model-repository=/models "$@"
