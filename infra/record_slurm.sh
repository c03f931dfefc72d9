#!/usr/bin/env bash
# Records a sweep that Slurm interrupts twice, on two nodes on this machine, as docs/guides/slurm-session.md shows it.
#   infra/record_slurm.sh > docs/guides/slurm-session.md      needs slurm-wlm and munge, and the environment on the PATH
set -euo pipefail

lab=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap '"$lab/infra/slurm/two_nodes.sh" stop "$place/slurm"; rm -rf "$place"' EXIT
cd "$lab"
eval "$(infra/slurm/two_nodes.sh start "$place/slurm")"
export COLUMNS=110
sweep=(tests/infra/two_trials.yaml training.iterations=100 training.evaluate_every=50 --data "$place/data"
    --storage "$place/storage")

clean() { sed -e "s#$place#~/lab#g" -e "s#$(hostname)#node#g"; }

# shellcheck source=infra/recording.sh
. "$lab/infra/recording.sh"

has_checkpoint() { compgen -G "$place/storage/trials/*/checkpoints/step-*/manifest.json"; }
is_pending() { [ "$(squeue --noheader --format=%T --jobs "$job")" = PENDING ]; }
# Slurm holds a job that is queued again back for two minutes.
begin_now() { scontrol update "JobId=$job" StartTime=now; }
queue_is_empty() { [ -z "$(squeue --noheader)" ]; }
trains_again() { grep -q '"step"' "$place"/storage/trials/*/metrics/attempt-2.jsonl; }

combo data synth --subset s4 --out "$place/data" --clips 16 --size 32 >/dev/null
cat <<TEXT
# A sweep on Slurm

Recorded by \`infra/record_slurm.sh\` on two nodes of $(sinfo --version), which are processes of one machine with two CPU
cores.
TEXT

show "sinfo"
show "sbatch --output $place/job.log infra/slurm/sweep.sbatch ${sweep[*]} --checkpoint-every 10"
job=$(squeue --noheader --format=%i)
until_so 1200 has_checkpoint
show "squeue"

printf '\nWhat Slurm does before the time limit: a signal to the batch script.\n'
show "scancel --signal=USR1 --batch $job"
until_so 300 is_pending
show "combo status ${sweep[*]}"
begin_now
until_so 900 trains_again

printf '\nA job of a partition that goes first; the sweep is preempted for it, and continues afterwards by itself.\n'
show "sbatch --partition high --nodes 2 --output /dev/null --wrap 'sleep 10'"
until_so 600 is_pending
show "squeue"
begin_now
until_so 1800 queue_is_empty
show "combo status ${sweep[*]}"

printf '\nThe log of the job, without what Ray says:\n'
show "grep -v 'INFO\|SUCC\|rpc_client' $place/job.log"
printf '\nEvery attempt began where the one before had ended:\n'
show "combo logs ${sweep[*]} | grep -i attempt"
