#!/usr/bin/env bash
# make demo: applications with different habits write to their databases under `flotilla watch`, which is killed with SIGKILL in the
# middle and started again; then everything is restored and compared with what the applications committed.
# usage: demo.sh FLOTILLA      STORE=s3 puts the store on a throw-away RADOS gateway. KEEP=1 keeps the directory and says where it is. Exit code 0 only if every comparison agrees.
set -euo pipefail
flotilla=$(realpath "${1:?usage: demo.sh FLOTILLA}")
work=$(mktemp -d "${TMPDIR:-/tmp}/flotilla-demo.XXXXXX")
data=$work/data store=$work/store state=$work/state acked=$work/acknowledged out=$work/restored
rgw=$(dirname "$(realpath "$0")")/../../tests/support/rgw.sh
mkdir "$data" "$acked" "$out"
watcher='' failures=0 applications=()

clean_up() {
  touch "$work/stop"
  [ -z "$watcher" ] || kill -KILL "$watcher" 2>/dev/null || true
  wait 2>/dev/null || true
  [ ! -e "$work/s3" ] || bash "$rgw" stop "$work/s3"
  if [ -n "${KEEP:-}" ]; then echo "kept: databases $data, store $store, restored $out"; else rm -rf "$work"; fi
}
trap clean_up EXIT

say() { printf '\n== %s\n' "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }
ask() { sqlite3 -cmd '.timeout 20000' "$@"; }

# The applications. Each writes the ids of what was committed to $acked/<name> once SQLite has said so.

per_statement() {  # opens and closes the database for every statement
  local id=0
  while [ ! -e "$work/stop" ]; do
    id=$((id + 1))
    ask "$data/orders.db" "INSERT INTO orders VALUES($id, hex(randomblob(40)))"
    echo "$id" >>"$acked/orders.db"
    sleep 0.02
  done
}

long_lived() {  # one connection for its whole life, a commit per statement
  local id=0
  while [ ! -e "$work/stop" ]; do
    id=$((id + 1))
    echo "INSERT INTO events VALUES($id, datetime('now'), hex(randomblob(60))); SELECT $id;"
    sleep 0.005
  done | ask -bail "$data/events.db" >"$acked/events.db"
}

big_transactions() {  # thousands of pages in a commit, and large deletes
  local id=0
  while [ ! -e "$work/stop" ]; do
    id=$((id + 1))
    echo "BEGIN; INSERT INTO blobs SELECT $id, value, randomblob(3000) FROM generate_series(1, 1500);
          DELETE FROM blobs WHERE batch = $id - 3; COMMIT; INSERT INTO batches VALUES($id); SELECT $id;"
    sleep 0.3
  done | ask -bail "$data/blobs.db" >"$acked/blobs.db"
}

updates() {  # small pages, rows that change and shrink, an automatic vacuum after each commit
  local id=0
  while [ ! -e "$work/stop" ]; do
    id=$((id + 1))
    echo "BEGIN; REPLACE INTO sessions VALUES($id % 50, randomblob(1 + abs(random()) % 9000)); INSERT INTO seen VALUES($id); COMMIT; SELECT $id;"
    sleep 0.01
  done | ask -bail "$data/sessions.db" >"$acked/sessions.db"
}

ledger() {  # rows $1 to $2, for the earlier points in time
  local id
  for id in $(seq "$1" "$2"); do
    ask "$data/ledger.db" "INSERT INTO ledger VALUES($id, $id * 7)"
    echo "$id" >>"$acked/ledger.db"
  done
}

watch() {
  "$flotilla" watch "$data" --to "$store" --state "$state" --min-interval 200ms --json >>"$work/events.json" 2>>"$work/watch.log" &
  watcher=$!
}

await() {  # $1 lines that contain $2 in the events
  local i
  for i in $(seq 600); do
    [ "$(grep -c "$2" "$work/events.json" || true)" -ge "$1" ] && return
    kill -0 "$watcher" 2>/dev/null || fail "the watch ended: $(tail -3 "$work/watch.log")"
    sleep 0.05
  done
  fail "waited in vain for $2: $(tail -3 "$work/watch.log")"
}

content() { sqlite3 "$1" .dump | sha256sum | cut -d' ' -f1; }

# restore_and_compare NAME LABEL WANTED-CONTENT ARGUMENTS...: sets `verdict`.
restore_and_compare() {
  local name=$1 label=$2 wanted=$3 file=$out/$2-$1
  shift 3
  verdict=MISMATCH
  if "$flotilla" restore "$name" --from "$store" -o "$file" "$@" >"$work/restore.log" 2>&1; then
    [ "$(content "$file")" != "$wanted" ] || verdict=equal
  else
    cat "$work/restore.log" >&2
  fi
  [ "$verdict" = equal ] || failures=$((failures + 1))
}

case ${STORE:-directory} in
  directory) ;;
  s3)
    say "a throw-away S3 server"
    bash "$rgw" start "$work/s3" $$
    bash "$rgw" bucket "$work/s3" demo
    set -a; . "$work/s3/env"; set +a
    store="s3://demo/flotilla?endpoint=$S3_HTTP" ;;
  *) fail "STORE is \"$STORE\"; it can be directory or s3" ;;
esac

say "five applications in $data"
ask "$data/orders.db" "PRAGMA journal_mode=WAL; CREATE TABLE orders(id INTEGER PRIMARY KEY, what)" >/dev/null
ask "$data/events.db" "PRAGMA journal_mode=WAL; CREATE TABLE events(id INTEGER PRIMARY KEY, at, what)" >/dev/null
ask "$data/blobs.db" "PRAGMA journal_mode=WAL; CREATE TABLE blobs(batch, n, data); CREATE TABLE batches(id INTEGER PRIMARY KEY)" >/dev/null
ask "$data/sessions.db" "PRAGMA page_size=1024; PRAGMA auto_vacuum=FULL; PRAGMA journal_mode=WAL;
                         CREATE TABLE sessions(id INTEGER PRIMARY KEY, data); CREATE TABLE seen(id INTEGER PRIMARY KEY)" >/dev/null
ask "$data/ledger.db" "PRAGMA journal_mode=WAL; CREATE TABLE ledger(id INTEGER PRIMARY KEY, value)" >/dev/null
for application in per_statement long_lived big_transactions updates; do
  $application & applications+=($!)
done

say "flotilla watch $data --to $store"
watch
await 1 '"watching"'
await 5 '"attached"'
ledger 1 60
txid=$("$flotilla" snapshot ledger.db --state "$state")
content_then=$(content "$data/ledger.db")
sleep 0.05
moment=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
sleep 0.05
echo "ledger.db has 60 rows at TXID $txid, $moment"
ledger 61 120

say "kill -9, and the applications go on"
kill -KILL "$watcher"
wait "$watcher" 2>/dev/null || true
ledger 121 180
sleep 1

say "started again"
attached=$(grep -c '"attached"' "$work/events.json")
watch
await $((attached + 5)) '"attached"'
ledger 181 240
sleep 1
touch "$work/stop"
for application in "${applications[@]}"; do wait "$application" || fail "an application failed"; done
kill -TERM "$watcher"
wait "$watcher" || fail "the watch did not end well: $(tail -3 "$work/watch.log")"
watcher=''
grep -v ' info ' "$work/watch.log" | cut -c1-180 || true

say "restored and compared"
row='%-12s %-24s %9s %9s %8s %10s\n'
# shellcheck disable=SC2059
printf "$row" DATABASE HABIT COMMITTED RESTORED LATEST 'AT TXID'
while read -r name table habit; do
  restore_and_compare "$name" latest "$(content "$data/$name")"
  committed=$(wc -l <"$acked/$name")
  restored=$(sqlite3 "$out/latest-$name" "SELECT count(*) FROM $table" 2>/dev/null || echo none)
  if ! diff -q <(sort -n "$acked/$name") <(sqlite3 "$out/latest-$name" "SELECT id FROM $table ORDER BY id" 2>/dev/null) >/dev/null; then
    verdict=MISMATCH failures=$((failures + 1))
  fi
  # shellcheck disable=SC2059
  printf "$row" "$name" "$habit" "$committed" "$restored" "$verdict" \
    "$("$flotilla" list "$name" --from "$store" --json | sed 's/.*"newest_txid":\([0-9]*\).*/\1/')"
done <<'LIST'
orders.db orders a connection a statement
events.db events long-lived connection
blobs.db batches big transactions
sessions.db seen updates, auto_vacuum
ledger.db ledger in steps
LIST
restore_and_compare ledger.db txid "$content_then" --txid "$txid"
# shellcheck disable=SC2059
printf "$row" ledger.db "--txid $txid" 60 "$(sqlite3 "$out/txid-ledger.db" 'SELECT count(*) FROM ledger' || echo none)" "$verdict" "$txid"
restore_and_compare ledger.db time "$content_then" --timestamp "$moment"
# shellcheck disable=SC2059
printf "$row" ledger.db "--timestamp ${moment:11:12}" 60 "$(sqlite3 "$out/time-ledger.db" 'SELECT count(*) FROM ledger' || echo none)" "$verdict" "$txid"

say "flotilla verify"
"$flotilla" verify --from "$store" || failures=$((failures + 1))
[ "$failures" -eq 0 ] || fail "$failures comparisons failed"
echo
echo "everything the applications committed came back, exactly (${SECONDS} s)"
