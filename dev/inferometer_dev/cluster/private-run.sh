#!/bin/sh
# private-run.sh FOLDER COMMAND...: runs a command with a /run of its own, in which the cluster's state is still in its place.
# The caller has given us a mount namespace; FOLDER is scratch space for the move and must not lie under /run.
set -eu
folder=$1
shift
state=/run/inferometer-dev

mkdir -p "$folder/shared-state"
mount --bind "$state" "$folder/shared-state"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns "$state"
mount --move "$folder/shared-state" "$state"
exec "$@"
