#!/usr/bin/env bash
# A real Slurm of two nodes on one machine, to try sweep.sbatch without a cluster. Needs slurm-wlm and munge, as root.
#   infra/slurm/two_nodes.sh start FOLDER    prints the line that points Slurm's commands to it
#   infra/slurm/two_nodes.sh stop FOLDER     ends exactly the processes that `start` began
# Jobs of the partition `low` are preempted by those of `high`: they get 60 seconds' notice and are queued again.
set -euo pipefail

# Only the owner may read what is made here, the key of munge above all.
umask 077

free_ports() {
    python3 -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in sockets))' "$1"
}

write_configuration() {
    local folder=$1 controller=$2 first=$3 second=$4 host
    host=$(hostname)
    cat >"$folder/slurm.conf" <<CONF
ClusterName=two-nodes
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=5,requeue_delay=1,preempt_send_user_signal
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=30
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$first CPUs=1 RealMemory=4000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$second CPUs=1 RealMemory=4000
PartitionName=low Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=60
PartitionName=high Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
CONF
}

start() {
    local folder controller first second
    mkdir -p "$1"
    folder=$(cd "$1" && pwd)
    mkdir -p "$folder"/{munge,state,spool-n1,spool-n2}
    head -c 1024 /dev/urandom >"$folder/munge/key"
    # munged wants to be found by everybody: its socket is no secret, its key is.
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge.pid" \
        --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    read -r controller first second < <(free_ports 3)
    write_configuration "$folder" "$controller" "$first" "$second"
    export SLURM_CONF=$folder/slurm.conf
    slurmctld -f "$SLURM_CONF" >&2
    slurmd -f "$SLURM_CONF" -N n1 >&2
    slurmd -f "$SLURM_CONF" -N n2 >&2
    for _ in $(seq 60); do
        if [ "$(sinfo --noheader --states=idle --format=%D --partition=low 2>/dev/null)" = 2 ]; then
            printf 'export SLURM_CONF=%s\n' "$SLURM_CONF"
            return
        fi
        sleep 0.5
    done
    sinfo >&2 || true
    stop "$folder"
    echo "The two nodes did not come up in 30 seconds: see the logs in $folder." >&2
    exit 1
}

stop() {
    local name pid
    for name in n1 n2 slurmctld munge; do
        if pid=$(cat "$1/$name.pid" 2>/dev/null); then
            kill "$pid" 2>/dev/null || true
            # The daemons answer each other while they end, so each is waited for.
            timeout 20 tail --pid="$pid" -f /dev/null || kill -9 "$pid"
        fi
    done
}

case "${1:-} ${2:+folder}" in
"start folder") start "$2" ;;
"stop folder") stop "$2" ;;
*)
    sed -n '3,4s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
