#!/usr/bin/env bash
# Runs the README's demo as a new user would, twice, from a fresh clone in an empty folder, and prints how long it took.
#   infra/measure_demo.sh [FOLDER]    the clone stays in FOLDER (default: a temporary one) for a look at the results
set -euo pipefail
source=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=${1:-$(mktemp -d)}
git clone --quiet "$source" "$folder/combo-lab"
cd "$folder/combo-lab"
run() {
  local start=$SECONDS
  "${@:2}"
  printf '\n== %s: %d s\n' "$1" "$((SECONDS - start))"
}
run "install" make .venv/installed
run "first demo, after install" make demo
run "second demo" make demo
echo "results: $PWD/.demo"
