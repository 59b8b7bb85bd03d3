#!/usr/bin/env bash
# Every public header compiles alone, twice in one unit, with the project's flags. Called as: <source dir> <build dir> <compiler>
set -uo pipefail
source_dir=$1 build=$2 compiler=$3
source "$source_dir/tests/house/order.inc"
one() {
  local header=$1 compiler=$2 build=$3 flags=$4
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" | (cd "$build" && "$compiler" -x c++ $flags -fsyntax-only - 2>&1) || { echo "FAILED: $header"; return 1; }
}
export -f one
for folder in $folders; do
  flags=$(flags_of "$build" "$folder")
  [ -n "$flags" ] || { echo "no source of $folder/ is in $build/compile_commands.json" >&2; printf 'none\0%s\0%s\0%s\0' false "$build" "-"; continue; }
  for header in "$source_dir/$folder"/*.h; do printf '%s\0%s\0%s\0%s\0' "$folder/$(basename "$header")" "$compiler" "$build" "$flags"; done
done | xargs -0 -n 4 -P "$(nproc)" bash -c 'one "$@"' _
