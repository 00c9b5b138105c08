#!/usr/bin/env bash
# Times a fresh clone: installation and first run, a second run, and a full rebuild. Usage: benchmarks/run.sh [runs]
set -eu
runs=${1:-3}
source=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet "$source" "$folder/veiviser"
cd "$folder/veiviser"
TIMEFORMAT='%R s wall, %U s user, %S s system'
echo "make run, with installation:"
time make run >/dev/null 2>&1
for number in $(seq "$runs"); do
    echo "veiviser run, nothing new ($number):"
    time .venv/bin/veiviser run >/dev/null 2>&1
done
for number in $(seq "$runs"); do
    echo "veiviser run --again ($number):"
    time .venv/bin/veiviser run --again >/dev/null 2>&1
done
