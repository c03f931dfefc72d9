#!/usr/bin/env bash
# Records a lab server with two nodes, of which one is lost during a sweep, as docs/guides/cluster-session.md shows it.
#   infra/record_cluster_session.sh > docs/guides/cluster-session.md      as root, with the environment and chromium on the PATH
set -euo pipefail

# The server is a host of its own: a network, a name, a view of the files.
[ "${INSIDE:-}" ] || INSIDE=yes exec unshare --net --uts --mount "$0" "$@"

lab=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d /tmp/lab-XXXX) # short, as Ray's sockets lie below
chmod 755 "$place" # the user of Postgres must be able to enter
mkdir -m 1777 "$place/tmp"
cd "$lab"
export XDG_CONFIG_HOME=$place/config COMBO_SERVICES=$place/services COMBO_CACHE=$place/cache TMPDIR=$place/tmp
export COLUMNS=110
sweep=(tests/faults/three_trials.yaml training.iterations=160 training.evaluate_every=80)

clean() {
    sed -e "s#$place#~/lab#g" -e '/rpc_client\|INFO /d'
}

# shellcheck source=infra/recording.sh
. "$lab/infra/recording.sh"

node="" joining=""
end_all() {
    [ -z "$node" ] || kill -9 "$node" 2>/dev/null || true
    [ -z "$joining" ] || kill "$joining" 2>/dev/null || true
    combo down --name lab >/dev/null 2>&1 || true
    rm -rf "$place"
}
trap end_all EXIT

all_past_step() {
    combo --profile lab status "${sweep[@]}" --json 2>/dev/null |
        python -c 'import json, sys; sys.exit(not all(t["step"] > int(sys.argv[1]) for t in json.load(sys.stdin)["trials"]))' "$1"
}
runs_on_node_2() { combo --profile lab logs "${sweep[@]}" 2>/dev/null | grep node-2; }

# A second host, `node-2`: a network, processes, a name, and a cable to the switch of this one.
hostname lab
printf '%s\n' '127.0.0.1 localhost' '10.78.0.1 lab' '10.78.0.2 node-2' >"$place/hosts"
mount --bind "$place/hosts" /etc/hosts
ip link set lo up
unshare --net --uts --pid --fork --kill-child --mount-proc sleep infinity &
node=$!
is_there() { first=$(cat "/proc/$node/task/$node/children") && [ "$(cat "/proc/${first// /}/comm")" = sleep ]; }
until_so 30 is_there
first=${first// /}
on_node_2() { nsenter --target="$first" --net --uts --pid --mount -- "$@"; }
ip link add switch type bridge
ip address add 10.78.0.1/24 dev switch # a cable is gone with its other end, and the address on it
ip link set switch up
ip link add cable type veth peer name eth0 netns "$first"
ip link set cable master switch up
on_node_2 hostname node-2
on_node_2 mount -t tmpfs tmpfs "$TMPDIR" # where Ray has the files of a node
on_node_2 ip link set lo up
on_node_2 ip address add 10.78.0.2/24 dev eth0
on_node_2 ip link set eth0 up

combo data synth --subset s4 --out "$place/data" --clips 20 --size 32 >/dev/null
profile=$place/config/combo/profiles/lab.yaml
cat <<TEXT
# A sweep on a lab server and a second machine

Recorded by \`infra/record_cluster_session.sh\` on $(getconf _NPROCESSORS_ONLN) CPU cores without a GPU. Server and second machine are namespaces of one
machine: each has processes and a name of its own, and a network with an address, joined by a virtual cable.

MLflow with Postgres, an S3 store and a Ray head that wants a token, found by the profile \`lab\`:
TEXT
show "combo up --name lab --host 10.78.0.1 --ray --data $place/data"

printf '\nA second machine joins. It needs the profile, and the secrets that it names:\n'
# shellcheck disable=SC2016
printf '\n```console\nroot@node-2$ python infra/join_lab.py %s 10.78.0.1:6379 --num-cpus=1\n```\n' "$profile" | clean
join() { on_node_2 python "$lab/infra/join_lab.py" "$profile" 10.78.0.1:6379 --num-cpus=1; }
until join; do sleep 1; done >"$place/node-2.log" 2>&1 & # a busy machine may be too slow for Ray at first
joining=$!
until_so 300 grep -q -- --block "$place/node-2.log"
show "combo profile check lab"

printf '\nThree trials, submitted from anywhere that has the profile:\n'
show "combo --profile lab submit ${sweep[*]} --checkpoint-every 10" | tee "$place/submitted"
job=$(sed -n 's/^submitted as job \([^ ]*\) .*/\1/p' "$place/submitted")
until_so 900 runs_on_node_2
until_so 900 all_past_step 30
show "combo --profile lab status ${sweep[*]}"

printf '\nThe second machine is gone, with whatever ran there:\n'
kill "$joining"
show "kill -9 $node"
node=""
show "combo --profile lab logs $job --address http://10.78.0.1:8265 --follow | tail -n 12"

printf '\nWhere the attempts ran, and how they ended:\n'
show "combo --profile lab logs ${sweep[*]} | grep -i attempt"

mkdir -p docs/images
python infra/screenshot_mlflow.py "$profile" combo docs/images/mlflow-cluster-session.png >&2
printf '\nThe runs in MLflow, those of the sweep below it:\n\n![Runs of the sweep in MLflow](../images/mlflow-cluster-session.png)\n'

printf '\nTables and figures from what is stored, then the end; all data stay:\n'
show "combo --profile lab report build ${sweep[*]} --out $place/reports"
show "combo down --name lab"

cat <<'TEXT'

## What could not be tried here

- Two machines: `node-2` shares kernel, cores, files and clock with the server. What a network does to a trial that spans two
  hosts is tested in namespaces as well (`tests/faults/test_two_hosts.py`): a cable that is pulled, a host that is gone.
- GPUs, and so NCCL between them.
- A container engine, Kubernetes, a cloud: see the ends of [A Kubernetes cluster](kubernetes.md) and
  [Spot instances](spot-instances.md).
- TLS: the services speak none; a proxy or SSH carries them ([A lab server](lab-server.md)).
- Two users: server, profile and browser belong to one.
TEXT
