#!/usr/bin/env bash
# Ray on one allocated node, until the step is killed: the head on the first node, a worker on the others.
# Started by sweep.sbatch, which sets RAY_ADDRESS, the token, BATCH_SCRIPT (its process id on the first node), and FOLDER.
set -euo pipefail

# Slurm announces a preemption by SIGTERM to all processes of a job's steps, and tells the batch script nothing. Ray has to
# live on until the trials have written their checkpoints, so SIGTERM is kept from it, and passed on to the batch script.
# shellcheck disable=SC2329  # the trap calls it
pass_on() {
    [ "$SLURM_NODEID" != 0 ] || kill -USR1 "$BATCH_SCRIPT"
}
trap pass_on TERM

address=$RAY_ADDRESS
if [ "$SLURM_NODEID" = 0 ]; then
    unset RAY_ADDRESS # with it, `ray start --head` looks for the cluster that it is to start
    role=(--head --node-ip-address="${address%:*}" --port="${address##*:}")
else
    role=(--address="$address")
fi
# By default all agents of a machine want the same port, and two jobs may share a node.
agent=$(python -c 'import socket; print(socket.create_server(("", 0)).getsockname()[1])')

# Ray gives a node 30 seconds to come up, too few where many read Python from one shared file system, and a worker that is
# there before its head gives up as well.
for _ in $(seq 10); do
    env --block-signal=TERM ray start --block --log-color=false --disable-usage-stats --num-cpus="$SLURM_CPUS_ON_NODE" \
        --temp-dir="$FOLDER-$SLURM_NODEID" --dashboard-agent-listen-port="$agent" "${role[@]}" &
    while kill -0 $! 2>/dev/null; do wait $! || true; done
    sleep 3
done
