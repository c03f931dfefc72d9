#!/usr/bin/env bash
# Records a sweep that loses its driver and a data set that loses its bytes, as docs/start/session.md shows it.
#   infra/record_session.sh > docs/start/session.md
set -uo pipefail

lab=$(cd "$(dirname "$0")/.." && pwd)
PATH=$lab/.venv/bin:$PATH
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
export COMBO_DATA=data COMBO_STORAGE=storage COLUMNS=110
small="--scale demo training.iterations=60 training.evaluate_every=20"

say() { printf '\n%s\n' "$1"; }

show() {
    printf '\n```console\n$ %s\n' "$1"
    eval "$1" 2>&1 | sed "s#$place#~/lab#g"
    code=${PIPESTATUS[0]}
    [ "$code" = 0 ] || printf '(exit code %s)\n' "$code"
    printf '```\n'
}

printf '# A session\n\nRecorded by `infra/record_session.sh` on %s CPU cores without a GPU.\n' "$(nproc)"

say 'Some synthetic clips, and what a sweep of four small trials would do:'
show "combo data synth --subset s4 --out data --clips 40 --size 64"
show "combo plan combo/table7 $small"

say 'The sweep starts. As soon as a checkpoint is there, the driver is killed with `kill -9`, and all of its Ray with it:'
show "combo run combo/table7 $small --checkpoint-every 10 & until ls storage/trials/*/checkpoints/step-* >/dev/null 2>&1; do sleep 0.2; done; sleep 3; kill -9 \$!; wait"
sleep 10 # in which the processes of the trials notice
show "combo status combo/table7 $small"

say 'The same command again. Nothing that was finished is repeated, the rest continues from its checkpoints:'
show "combo run combo/table7 $small --checkpoint-every 10"

say 'Another weight, but meanwhile some pictures of the data set have lost their content (their size is the same):'
cp -r data intact
for picture in $(ls data/AVSBench_object/Single-source/s4_data/visual_frames/train/*/*/*_1.png | head -n 6); do
    head -c "$(stat -c %s "$picture")" /dev/zero >"$picture"
done
show "combo run combo/table7 $small loss.lambda_ada=7"
say 'The pictures come back, and the failed trials get another attempt:'
rm -r data && mv intact data
show "combo retry combo/table7 $small loss.lambda_ada=7 --max-concurrent 2"
say 'The table, from what is stored:'
show "combo report build combo/table7 $small --out reports"
