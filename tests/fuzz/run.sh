#!/usr/bin/env bash
# Runs each fuzzer for some seconds from its corpus; new inputs and findings stay in <build>/fuzz. Usage: run.sh <build directory> <seconds each>
set -euo pipefail
build=$(realpath "$1") seconds=$2
here=$(dirname "$(realpath "$0")")
failed=()
for source in "$here"/*.cc; do
  name=$(basename "$source" .cc)
  mkdir -p "$build/fuzz/$name"
  echo "== $name"
  "$build/tests/fuzz_$name" -max_total_time="$seconds" -artifact_prefix="$build/fuzz/$name-" -print_final_stats=1 \
    "$build/fuzz/$name" "$here/corpus/$name" 2>"$build/fuzz/$name.log" || failed+=("$name")
  grep -E '^stat::(number_of_executed_units|average_exec_per_sec)' "$build/fuzz/$name.log" || true
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}; see $build/fuzz/<name>.log and the inputs beside it" >&2; exit 1; }
