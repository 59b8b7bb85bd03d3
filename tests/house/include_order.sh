#!/usr/bin/env bash
# An include against the one-way order of the folders does not compile; one along it does. Called as: <source dir> <build dir> <compiler>
set -uo pipefail
source_dir=$1 build=$2 compiler=$3
source "$source_dir/tests/house/order.inc"
failures=0
for from in $folders; do
  flags=$(flags_of "$build" "$from")
  [ -n "$flags" ] || { echo "no source of $from/ is in $build/compile_commands.json"; failures=$((failures + 1)); continue; }
  for to in $folders tests bench; do
    header=$(cd "$source_dir" && ls "$to"/*.h "$to"/support/*.h 2>/dev/null | head -1)
    [ -n "$header" ] || header="$to/README.md"  # a folder without headers: nothing in it may be found either
    said=$(echo "#include \"$header\"" | (cd "$build" && "$compiler" -x c++ $flags -E -o /dev/null - 2>&1))
    compiled=$?
    if [[ " $(may_include "$from") " == *" $to "* ]]; then
      [ $compiled -eq 0 ] || { echo "$from/ may include $to/, but: $said" | head -5; failures=$((failures + 1)); }
    elif [ $compiled -eq 0 ] || [[ $said != *"file not found"* ]]; then
      echo "$from/ can include $header: that is against the order"
      failures=$((failures + 1))
    fi
  done
  # Nor by a way around the include roots.
  around=$(grep -nE '#include "(\.\.|/)' "$source_dir/$from"/*.h "$source_dir/$from"/*.cc)
  [ -z "$around" ] || { echo "$around"; failures=$((failures + 1)); }
done
exit $((failures > 0))
