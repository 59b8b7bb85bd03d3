#!/usr/bin/env bash
# The drills at their full length: the soak under the sanitizers beside all others, so that it takes as long as the longer of the two.
# Usage: run.sh <release build> <build with sanitizers>. OUTAGE_SECONDS, OUTAGE_DATABASES, OUTAGE_RATE and SOAK_MINUTES may be set.
set -euo pipefail
release=$(realpath "$1") sanitized=$(realpath "$2")
export OUTAGE_SECONDS=${OUTAGE_SECONDS:-300} OUTAGE_DATABASES=${OUTAGE_DATABASES:-50} OUTAGE_RATE=${OUTAGE_RATE:-20}
export SOAK_SECONDS=$((${SOAK_MINUTES:-30} * 60))
said=$(mktemp)
soak=
trap '[ -z "$soak" ] || kill "$soak" 2>/dev/null || true; wait; rm -f "$said"' EXIT
FLOTILLA=$sanitized/flotilla "$release/tests/test_drill" --gtest_filter='soak.*' >"$said" 2>&1 &
soak=$!
code=0
FLOTILLA=$release/flotilla "$release/tests/test_drill" --gtest_filter='-soak.*' || code=1
echo "waiting for the soak of $((SOAK_SECONDS / 60)) minutes"
wait "$soak" || code=1
soak=
cat "$said"
exit $code
