#!/usr/bin/env bash
# Litestream's own reader and writer, the SQLite extension of its npm package, for tests that read what it wrote or let it read ours.
#   litestream.sh restore CACHE URL OUT [SECONDS]  restores a stream into OUT, within SECONDS (default 60)
#   litestream.sh write CACHE URL                  commits to a stream: each line of standard input is the SQL of one TXID
#   CACHE    directory where the package is kept between runs; fetched with npm if it is not there yet
#   URL      of the stream: file:///store/name, or s3://bucket/prefix/name?endpoint=... with AWS_* in the environment
# Exit 0: done. Else 1, with the extension's own last words on standard error.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,6s/^# *//p' "$0" >&2; exit 2; }
command=$1 cache=$2 url=$3 out=${4:-} limit=${5:-60}
package=litestream-vfs-linux-amd64 version=0.5.17
sum=3aadda9ae150e0f5236c0d8141e9db298361996d45d1d72500f2dd791e8ccfb9  # of the extension, SHA-256
extension=$cache/$package-$version.so
work=$(mktemp -d)
shell_pid=
trap '[ -z "$shell_pid" ] || kill "$shell_pid" 2>/dev/null || true; rm -rf "$work"' EXIT

if [ ! -f "$extension" ]; then
  mkdir -p "$cache"
  (cd "$work" && npm pack --silent "$package@$version" >/dev/null && tar xzf "$package-$version.tgz") ||
    { echo "could not fetch the npm package $package@$version" >&2; exit 1; }
  echo "$sum  $work/package/litestream-vfs.so" | sha256sum --check --quiet - >&2
  mv "$work/package/litestream-vfs.so" "$cache/.$$.so"   # into place at once: another test may be fetching, too
  mv "$cache/.$$.so" "$extension"
fi

unset AWS_CA_BUNDLE   # its S3 client does not start with it (ran)
export LITESTREAM_REPLICA_URL=$url LITESTREAM_LOG_FILE=$work/log LITESTREAM_LOG_LEVEL=DEBUG
touch "$work/log"
session() { # SQL: the lines with which a shell opens the stream
  printf '%s\n' ".bail on" ".load $extension sqlite3_litestreamvfs_init" ".open file:stream.db?vfs=litestream" "$1"
}
fail() { tail -n 5 "$work/log" "$work/words" >&2; exit 1; }

# A session a transaction, shipped when it closes: within one, its writer loses count of the pages of a database that it has grown (ran).
write() {
  export LITESTREAM_WRITE_ENABLED=true LITESTREAM_SYNC_INTERVAL=1h LITESTREAM_BUFFER_PATH=$work/buffer
  while IFS= read -r sql; do
    session "$sql" | timeout "$limit" sqlite3 :memory: >"$work/words" 2>&1 || fail
  done
}

# The reader writes the whole database to the hydration path in the background while somebody has it open: keep it open until it says so.
restore() {
  export LITESTREAM_HYDRATION_ENABLED=true LITESTREAM_HYDRATION_PATH=$work/hydrated.db
  mkfifo "$work/commands"
  sqlite3 :memory: <"$work/commands" >"$work/words" 2>&1 &
  shell_pid=$!
  exec 3>"$work/commands"
  session "SELECT count(*) FROM sqlite_schema;" >&3
  until grep -q 'hydration complete' "$work/log"; do
    if [ $SECONDS -ge "$limit" ] || ! kill -0 "$shell_pid" 2>/dev/null; then fail; fi
    sleep 0.1
  done
  exec 3>&-
  wait "$shell_pid" || true
  shell_pid=
  mv "$work/hydrated.db" "$out"
}

case $command in
  restore) restore ;;
  write) write ;;
  *) echo "unknown command $command" >&2; exit 2 ;;
esac
