#!/usr/bin/env bash
# What flotilla costs while nothing is written: CPU, memory and descriptors with 0, 1 and 100 idle databases, all attached and snapshotted.
# Usage: idle.sh <flotilla> [seconds]
set -euo pipefail
flotilla=$(realpath "$1") seconds=${2:-10}
work=$(mktemp -d "${TMPDIR:-/tmp}/flotilla-idle-XXXXXX")
watcher=
trap '[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
memory() { awk '/^Pss:/ {print $2}' "/proc/$1/smaps_rollup"; }

printf 'idle, %s s each:\n' "$seconds"
empty=
for count in 0 1 100; do
  run=$work/$count
  mkdir -p "$run/databases"
  for ((i = 0; i < count; ++i)); do
    sqlite3 "$run/databases/$i.db" "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(hex(randomblob(20000)))" >/dev/null
  done
  mkfifo "$run/events"
  "$flotilla" watch "$run/databases" --to "$run/store" --state "$run/state" --json --log-level warning >"$run/events" &
  watcher=$!
  exec 3<"$run/events"
  attached=0
  while ((attached < count)) && IFS= read -r -t 60 line <&3; do [[ $line != *'"attached"'* ]] || attached=$((attached + 1)); done
  ((attached == count)) || { echo "only $attached of $count databases were attached" >&2; exit 1; }
  sleep 2 # what comes right after attaching is not idling
  before=$(ticks "$watcher")
  sleep "$seconds"
  used=$(($(ticks "$watcher") - before)) kilobytes=$(memory "$watcher") files=$(ls "/proc/$watcher/fd" | wc -l)
  : "${empty:=$kilobytes}"
  awk -v n="$count" -v t="$used" -v hz="$(getconf CLK_TCK)" -v s="$seconds" -v kb="$kilobytes" -v e="$empty" -v f="$files" 'BEGIN {
    printf "  %3d databases: CPU %.2f %% of a core, %.1f MB, %d descriptors", n, 100 * t / hz / s, kb / 1024, f
    if (n > 0) printf " (%.0f kB a database beyond the empty process)", (kb - e) / n
    printf "\n" }'
  kill "$watcher"
  cat <&3 >/dev/null
  exec 3<&-
  wait "$watcher" || { echo "flotilla ended with an error" >&2; exit 1; }
  watcher=
  for ((i = 0; i < count; i += 33)); do
    "$flotilla" restore "$i.db" --from "$run/store" -o "$run/$i.db" >/dev/null
    [ "$(sqlite3 "$run/$i.db" 'SELECT x FROM t')" = "$(sqlite3 "$run/databases/$i.db" 'SELECT x FROM t')" ] || { echo "$i.db restores wrongly" >&2; exit 1; }
  done
done
