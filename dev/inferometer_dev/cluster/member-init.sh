#!/bin/sh
# Pid 1 of a member: member-init.sh NAME FOLDER [PREPARE]
# Runs every daemon in FOLDER/daemons and starts one again when it ends: killing a daemon must not end the member.
# The member ends when the `unshare` above it is killed; the kernel then takes every process and mount with it.
name=$1
folder=$2
prepare=${3:-}

hostname "$name"
if [ -n "$prepare" ]; then
    sh "$prepare" "$name" "$folder" || exit 1
fi
cd /
for daemon in "$folder"/daemons/*; do
    log=$folder/logs/${daemon##*/}.log
    while :; do
        "$daemon" >>"$log" 2>&1
        echo "$(date -u +%FT%TZ) ${daemon##*/} ended with $?" >>"$log"
        sleep 1
    done &
done
wait
