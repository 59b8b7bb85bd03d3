#!/usr/bin/env bash
# The same seed is the same history with and without optimisation and sanitizers. The other build is made first if it is not there, or older
# than the sources; after `make test` has built both that is nothing. Called as: <source dir> <this build dir> <flotilla-dst of this build> <options>...
set -euo pipefail
source=$1 build=$2 here=$3
shift 3
other=$(dirname "$build")/asan
[ -f "$other/build.ninja" ] || (cd "$source" && cmake --preset asan -B "$other" >/dev/null)
cmake --build "$other" --target flotilla-dst >/dev/null
list() { "$1" --hashes "${@:2}" | grep ': hash '; }
mine=$(list "$here" "$@")
theirs=$(list "$other/tests/flotilla-dst" "$@")
echo "$mine"
[ "$mine" = "$theirs" ] || { echo "and in $other:"; diff <(echo "$mine") <(echo "$theirs"); exit 1; }
