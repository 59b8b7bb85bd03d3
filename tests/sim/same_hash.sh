#!/usr/bin/env bash
# The same seed is the same history with and without optimisation and sanitizers. The other build is made first if it is not there, or older
# than the sources; after `make test` has built both that is nothing. Called as: <source dir> <this build dir> <flotilla-dst of this build> <the other's preset> <options>...
set -euo pipefail
source=$1 build=$2 here=$3 preset=$4
shift 4
other=$(dirname "$build")/$preset
[ -f "$other/build.ninja" ] || (cd "$source" && cmake --preset "$preset" -B "$other" >/dev/null)
cmake --build "$other" --target flotilla-dst >/dev/null
list() {
  local out
  out=$("$1" --hashes "${@:2}") || { echo "$out" >&2; return 1; }
  grep ': hash ' <<<"$out"
}
mine=$(list "$here" "$@")
theirs=$(list "$other/tests/flotilla-dst" "$@")
echo "$mine"
[ "$mine" = "$theirs" ] || { echo "and in $other:"; diff <(echo "$mine") <(echo "$theirs"); exit 1; }
