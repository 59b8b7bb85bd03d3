#!/usr/bin/env bash
# Nothing names a real clock, timer, thread, sleep, random device, file or socket outside io's implementations (and SQLite's own handles in wal
# and engine/sqlite): everything else takes them from io::environment. Called as: <source dir>
set -uo pipefail
cd "$1" || exit 1

declare -A words=(
  [clock]='(system|steady|high_resolution|utc|file)_clock|clock_gettime|gettimeofday|std::time[^_a-z]|[^_a-z:.>]time\((NULL|nullptr|0|&)|localtime|ftime'
  [timer]='(steady|system|deadline|high_resolution)_timer|timerfd|timer_create|setitimer|[^_a-z]alarm\('
  [thread]='std::(j?thread|async|packaged_task)|pthread_|thread_pool|[^_a-z:.]fork\(|vfork|[^_a-z:.~]system\(|popen|posix_spawn|this_thread'
  [sleep]='this_thread::sleep|usleep|nanosleep|[^_a-z:.>]sleep\(|sqlite3_sleep|(epoll|[^_a-z:.>]p?poll|[^_a-z:.>]select)\('
  [random]='random_device|getrandom|getentropy|[^_a-z~]s?rand(om)?\(|mt19937|default_random_engine|"/dev/u?random|RAND_(priv_)?bytes|sqlite3_randomness'
  [file]='fopen|freopen|f?stream\b.*\b(open|in|out)\(|<fstream>|[io]?fstream|<filesystem>|std::filesystem|[ (!=]::(open|openat|creat|rename|renameat2?|unlink|unlinkat|mkdir|rmdir|stat|lstat|fstat|opendir|mmap|fsync|fdatasync|syncfs|link|symlink|chmod|truncate|realpath)\(|mkstemp|mkdtemp|tmpfile'
  [socket]='[ (!=]::(socket|connect|bind|accept|getaddrinfo)\(|ip::tcp|ip::udp|posix::stream_descriptor|inotify_init'
  [database]='sqlite3_open'
)

# What may name what, and why. Every line must be needed.
allowed=$(grep -v '^#' <<'LIST'
# io's implementations
clock io/clock.cc
timer io/clock.cc
clock io/random.cc
random io/random.cc
clock io/monotonic_ns.cc
thread io/offload.cc
thread io/offload.h
file io/posix_file_system.cc
socket io/watcher.cc
socket io/tcp_network.cc
# an HTTP exchange's watchdog, on the loop it watches
timer io/watchdog.cc
# SQLite's handles
database wal/connection.cc
database engine/sqlite.cc
sleep wal/connection.cc
sleep wal/connection_pin.cc
# the composition root makes the pool
thread apps/world.h
LIST
)
failures=0
used=""
for kind in "${!words[@]}"; do
  while IFS= read -r hit; do
    file=${hit%%:*}
    if grep -qx "$kind $file" <<<"$allowed"; then
      used+="$kind $file"$'\n'
    else
      echo "$kind: $hit"
      failures=$((failures + 1))
    fi
  done < <(grep -nE "${words[$kind]}" -- io/*.h io/*.cc ltx/*.h ltx/*.cc wal/*.h wal/*.cc s3/*.h s3/*.cc engine/*.h engine/*.cc apps/*.h apps/*.cc |
    grep -vE '^[^:]+:[0-9]+: *//' | sed -E 's|//.*$||' | grep -E "^[^:]+:[0-9]+:.*(${words[$kind]})")
done
while IFS= read -r line; do
  grep -qx "$line" <<<"$used" || { echo "allowed, but not needed: $line"; failures=$((failures + 1)); }
done <<<"$allowed"
exit $((failures > 0))
