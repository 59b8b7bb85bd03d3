#!/usr/bin/env bash
# Each folder has a README that names everything in it, and nothing that is not there. Called as: <source dir>
set -uo pipefail
cd "$1" || exit 1
failures=0
complain() { echo "$1"; failures=$((failures + 1)); }

# names_in <README>: what the first column of its tables names in backticks.
names_in() { grep -E '^\| *`' "$1" | cut -d'|' -f2 | grep -oE '`[^`]+`' | tr -d '`' | sort -u; }

check() {  # check <folder> <what is there, one a line>
  local readme=$1/README.md
  [ -f "$readme" ] || { complain "$1/ has no README.md"; return; }
  grep -qi "does not belong here" "$readme" || complain "$readme does not say what does not belong here"
  local named there=$2
  named=$(names_in "$readme")
  while IFS= read -r each; do complain "$readme does not name $each"; done < <(comm -13 <(echo "$named") <(echo "$there") | grep .)
  while IFS= read -r each; do [ -e "$1/$each" ] || complain "$readme names $each, which is not in $1/"; done < <(comm -23 <(echo "$named") <(echo "$there") | grep .)
}

for folder in io ltx wal s3 engine apps bench; do
  check $folder "$({ ls $folder/*.h $folder/*.cc 2>/dev/null | sed -E 's|.*/||; s|\.[^.]+$||'; } | sort -u)"
done
check tests "$(ls -d tests/*/ | sed -E 's|tests/||; s|/$||' | sort -u)"
exit $((failures > 0))
