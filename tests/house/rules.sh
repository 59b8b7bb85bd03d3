#!/usr/bin/env bash
# Every rule that the project promises (tests/README.md) has a test that carries its id. Called as: <source dir>
set -uo pipefail
cd "$1" || exit 1
names=$({ grep -rhoE 'TEST(_F|_P)?\( *\w+ *, *\w+' --include=*.cc tests; grep -hoE '\b[ABEF][0-9]+_\w+' tests/house/*.sh tests/*/*.sh; } 2>/dev/null | sort -u)
failures=0
rules=$(grep -oE '^\| [ABEF][0-9]+ ' tests/README.md | tr -d '| ')
[ "$(wc -l <<<"$rules")" -ge 40 ] || { echo "tests/README.md lists only $(wc -l <<<"$rules") rules"; failures=1; }
for rule in $rules; do
  grep -qE "(^|[^A-Za-z0-9])${rule}_" <<<"$names" || { echo "no test carries $rule"; failures=$((failures + 1)); }
done
exit $((failures > 0))
