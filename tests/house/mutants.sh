#!/usr/bin/env bash
# Each patch of tests/mutants still applies, says what it must, names tests that exist and is in the README's table; each finding has one, or a row
# there that says why not. Called as: <source dir>
set -uo pipefail
cd "$1" || exit 1
source tests/mutants/patch.inc
failures=0
complain() { echo "$1"; failures=$((failures + 1)); }
readme=tests/mutants/README.md
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r $product "$copy"

declare -A tests_of
tests_in() {  # tests_in <folder>: suite.name, one a line
  [ -n "${tests_of[$1]:-}" ] || tests_of[$1]=$(grep -hoE '^(TYPED_)?TEST(_F|_P)?\( *\w+ *, *\w+' tests/"$1"/*.cc | sed -E 's/.*\( *(\w+) *, *(\w+)/\1.\2/')
}

for patch in tests/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  for word in finding what tests sim; do [ -n "$(field "$patch" $word)" ] || complain "$patch: has no line \"$word: \""; done
  [ "$(field "$patch" finding)" = "${name%%-*}" ] || complain "$patch: is about $(field "$patch" finding) by its header"
  field "$patch" sim | grep -qE '^none.*, (because|for) |^[a-z_]+ [0-9]+-[0-9]+(, [a-z_]+ [0-9]+-[0-9]+)*$' || complain "$patch: \"sim:\" is neither \"<scenario> <first>-<last>, ...\" nor \"none, because ...\""
  for file in $(touched "$patch"); do [[ " $product " == *" ${file%%/*} "* ]] || complain "$patch: changes $file, which is not the product"; done
  why=$(apply "$copy" "$patch" --check 2>&1) || complain "$patch does not apply any more: $why"
  grep -qF "| \`$name\` |" $readme || complain "$readme has no row for $name"
  for item in $(field "$patch" tests); do
    tests_in "${item%%:*}"
    for filter in $(tr ':' ' ' <<<"${item#*:}"); do
      grep -qE "^${filter//\*/.*}\$" <<<"${tests_of[${item%%:*}]//./.}" || complain "$patch: no test in tests/${item%%:*} is called $filter"
    done
  done
done
while IFS= read -r name; do [ -e "tests/mutants/$name.patch" ] || complain "$readme names $name, which is not there"; done \
  < <(grep -oE '^\| [A-Z][0-9]+ \| `[^`]+`' $readme | cut -d'`' -f2)
for finding in F{1..13} A{1..14}; do grep -q "^| $finding |" $readme || complain "$readme says nothing of $finding"; done
exit $((failures > 0))
