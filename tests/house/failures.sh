#!/usr/bin/env bash
# Every test that FAILURES.md names exists, and each of its rows names one. Called as: <source dir>
set -uo pipefail
cd "$1" || exit 1
failures=0
there=$(grep -rhoE '^(TYPED_)?TEST(_F|_P)?\( *\w+ *, *\w+' --include=*.cc tests | sed -E 's/.*\( *(\w+) *, *(\w+)/\1.\2/' | sort -u)
named=$(tr '\n' ' ' <FAILURES.md | grep -oE '\[[a-z_0-9]+\.[A-Za-z_0-9., ]+\]' | tr -d '[] ' | tr ',' '\n' | sort -u)
[ "$(wc -l <<<"$named")" -ge 60 ] || { echo "FAILURES.md names only $(wc -l <<<"$named") tests"; failures=1; }
while IFS= read -r one; do echo "FAILURES.md names $one, which is no test"; failures=$((failures + 1)); done < <(comm -23 <(echo "$named") <(echo "$there"))
while IFS= read -r row; do echo "FAILURES.md: no test stands for: $row"; failures=$((failures + 1)); done \
  < <(grep -E '^\|' FAILURES.md | grep -vE '^\| when |^\|---' | grep -vE '\[[a-z_0-9]+\.')
grep -q 'FAILURES.md' README.md || { echo "README.md does not lead to FAILURES.md"; failures=$((failures + 1)); }
exit $((failures > 0))
