#!/usr/bin/env bash
# Every benchmark, one after the other, with the machine's name on top. Usage: run.sh <build directory>
set -euo pipefail
build=$(realpath "$1")
export FLOTILLA=$build/flotilla
here=$(dirname "$(realpath "$0")")
printf '%s, %s cores; kernel %s; %s\n' "$(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo)" "$(nproc)" "$(uname -r)" \
  "$(df --output=fstype "${TMPDIR:-/tmp}" | tail -1) under ${TMPDIR:-/tmp}"
for program in wal_scan crc64 ltx_encode wal_to_ltx commit_latency spill hand_off restore reanchor s3_put s3_connections s3_large s3_commit s3_restore sim_steps steady_state outage; do
  "$build/bench/bench_$program"
done
bash "$here/idle.sh" "$build/flotilla"
