#!/usr/bin/env bash
# Restores a stream with Litestream's own reader, the SQLite extension of its npm package, for tests that compare it with ours.
#   litestream_restore.sh CACHE URL OUT [SECONDS]
#   CACHE    directory where the package is kept between runs; fetched with npm if it is not there yet
#   URL      of the stream: file:///store/name, or s3://bucket/prefix/name?endpoint=... with AWS_* in the environment
#   OUT      the database file to make
#   SECONDS  how long it may take (default 60)
# Exit 0: OUT is complete. Else 1, with the reader's own last words on standard error.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '3,7s/^# *//p' "$0" >&2; exit 2; }
cache=$1 url=$2 out=$3 limit=${4:-60}
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

# The reader writes the whole database to the hydration path in the background while somebody has it open: keep it open until it says so.
unset AWS_CA_BUNDLE
export LITESTREAM_REPLICA_URL=$url LITESTREAM_LOG_FILE=$work/log LITESTREAM_LOG_LEVEL=DEBUG
export LITESTREAM_HYDRATION_ENABLED=true LITESTREAM_HYDRATION_PATH=$work/hydrated.db
mkfifo "$work/commands"
sqlite3 :memory: <"$work/commands" >"$work/words" 2>&1 &
shell_pid=$!
exec 3>"$work/commands"
printf '%s\n' ".load $extension sqlite3_litestreamvfs_init" ".open file:stream.db?vfs=litestream" "SELECT count(*) FROM sqlite_schema;" >&3
touch "$work/log"
until grep -q 'hydration complete' "$work/log"; do
  if [ $SECONDS -ge "$limit" ] || ! kill -0 "$shell_pid" 2>/dev/null; then
    tail -n 5 "$work/log" "$work/words" >&2
    exit 1
  fi
  sleep 0.1
done
exec 3>&-
wait "$shell_pid" || true
shell_pid=
mv "$work/hydrated.db" "$out"
