#!/usr/bin/env bash
# The README's own example, run as it is written: E8_documentation_says_only_what_was_run. Called as: <source dir> <build dir>
set -uo pipefail
source_dir=$1 build=$2
[ -x "$build/flotilla" ] || { echo "$build/flotilla is not built"; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk '/^<!-- run -->/ { armed = 1 } /^```/ && inside { exit } inside { print } armed && /^```sh/ { inside = 1 }' "$source_dir/README.md" >"$scratch/example.sh"
[ -s "$scratch/example.sh" ] || { echo "README.md has no sh block after <!-- run -->"; exit 1; }
mkdir "$scratch/here"
cd "$scratch/here" || exit 1
PATH="$build:$PATH" HOME=$scratch timeout 120 bash -euo pipefail "$scratch/example.sh" >"$scratch/out" 2>"$scratch/err" </dev/null
status=$?
show() { echo "$1"; echo "--- standard output"; cat "$scratch/out"; echo "--- standard error"; cat "$scratch/err"; exit 1; }
[ $status -eq 0 ] || show "the example ended with $status"
grep -qx hello "$scratch/out" && grep -qx world "$scratch/out" || show "the restored database does not hold hello and world"
[ "$(sqlite3 latest.db 'SELECT group_concat(x) FROM t')" = "hello,world" ] || show "latest.db is not what was written"
[ "$(sqlite3 first.db 'SELECT group_concat(x) FROM t')" = "hello" ] || show "first.db is not the first transaction"

# Every command that the README shows exists.
for command in $(grep -oE '\bflotilla (watch|restore|list|verify|snapshot|status|[a-z]+)\b' "$source_dir/README.md" | awk '{ print $2 }' | sort -u); do
  case $command in keeps | wrote | follows | restarts | never | has | can | and | is) continue ;; esac
  "$build/flotilla" "$command" --help >/dev/null 2>&1 || { echo "README.md speaks of \"flotilla $command\", which the program does not know"; exit 1; }
done
