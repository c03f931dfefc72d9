#!/usr/bin/env bash
# Ray on one allocated node, until the step ends: the head on the first node, a worker on the others.
# Started by sweep.sbatch, which sets RAY_ADDRESS and the token.
set -euo pipefail

# Below /tmp, since paths of sockets are limited to 107 bytes. One per node, for nodes that share a /tmp.
folder=/tmp/ray-$SLURM_JOB_ID-$SLURM_NODEID
trap 'rm -rf "$folder"' EXIT
ended=''
trap 'ended=yes' TERM # ends Ray, which gets it as well

shared=(--block --log-color=false --num-cpus="$SLURM_CPUS_ON_NODE" --temp-dir="$folder" --disable-usage-stats
    --dashboard-agent-listen-port="$(python -c 'import socket; print(socket.create_server(("", 0)).getsockname()[1])')")
if [ "$SLURM_NODEID" = 0 ]; then
    address=$RAY_ADDRESS
    unset RAY_ADDRESS # with it, `ray start --head` looks for the cluster that it is to start
    ray start --head --node-ip-address="${address%:*}" --port="${address##*:}" "${shared[@]}"
else
    # A worker that comes before the head is ready gives up at once.
    for _ in $(seq 10); do
        ray start --address="$RAY_ADDRESS" "${shared[@]}" && break
        [ -z "$ended" ] || break
        sleep 3
    done
fi
