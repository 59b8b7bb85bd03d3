#!/usr/bin/env bash
# A throw-away S3 server on loopback for tests and the demo: Ceph's RADOS gateway over one monitor and one OSD that keeps its objects in memory.
#   rgw.sh start DIR [PID]   starts it; everything is in DIR, nothing but 127.0.0.1 is bound. With PID it stops by itself when that process ends
#   rgw.sh restart DIR       ends the gateway and starts it again on the same ports; the objects stay. RGW_OPTIONS are options for it
#   rgw.sh pause DIR         ends the gateway; restart brings it back
#   rgw.sh stop DIR          ends everything
#   rgw.sh bucket DIR NAME   creates a bucket
# After start DIR/env holds S3_HTTP and S3_HTTPS (URLs), S3_CA (PEM file), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.
# DIR/access.log has a line `"PUT /bucket/key HTTP/1.1" 200` for each request. Facts about Ceph 16.2.15 (Debian 12) are marked with "ran".
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
fail() { echo "rgw: $*" >&2; exit 1; }
[ $# -ge 2 ] || fail "usage: $0 start|restart|pause|stop|bucket DIR [PID or NAME]"
command=$1; mkdir -p "$2"; dir=$(cd "$2" && pwd); owner=${3:-}; name=${3:-}
[ ${#dir} -le 80 ] || fail "$dir: too long for the path of a unix socket"
conf=$dir/ceph.conf

running() { # NAME: the process in NAME.pid lives and is ours
  local pid; pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$conf"
}
launch() { # NAME COMMAND...
  local name=$1; shift
  setsid "$@" </dev/null >"$dir/$name.out" 2>&1 &
  echo $! >"$dir/$name.pid"; disown
}
end() { # NAME: nothing here needs a gentle end
  if running "$1"; then kill -9 "$(cat "$dir/$1.pid")" 2>/dev/null || true; fi
  while running "$1"; do sleep 0.01; done
  rm -f "$dir/$1.pid"
}
# The gateway is asked first: one that was killed still holds its watch on the OSD, and for half a minute creating a bucket waits for it (ran).
end_gateway() {
  if running gateway; then
    kill "$(cat "$dir/gateway.pid")" 2>/dev/null || true
    for _ in $(seq 250); do running gateway || break; sleep 0.02; done
  fi
  end gateway
}
until_true() { # NAME SECONDS WHAT CONDITION...: waits for the condition while NAME runs
  local name=$1 tries=$(($2 * 50)) what=$3; shift 3
  for _ in $(seq "$tries"); do
    if "$@" 2>/dev/null; then return 0; fi
    running "$name" || break
    sleep 0.02
  done
  tail -n 20 "$dir/$name.out" "$dir/$name.log" >&2 || true
  fail "$what"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
booted() { grep -q 'osd\.0 .* boot' "$dir/cluster.log"; }
answers() { curl -sf -m 2 -o /dev/null "http://127.0.0.1:$1/"; }

start_gateway() { # HTTP HTTPS
  # shellcheck disable=SC2086
  launch gateway radosgw -f -c "$conf" -n client.rgw ${RGW_OPTIONS:-} --rgw-frontends="beast endpoint=127.0.0.1:$1 ssl_endpoint=127.0.0.1:$2 ssl_certificate=$dir/server.pem ssl_private_key=$dir/server.pem tcp_nodelay=1 ${RGW_FRONTEND:-}"
  until_true gateway 30 "the gateway does not answer on port $1" answers "$1"
}

# Three neighbouring free ports below the range that outgoing connections use.
find_ports() {
  local first i
  for _ in $(seq 100); do
    first=$((20000 + RANDOM % 4000 * 3))
    for i in 0 1 2; do ! listens $((first + i)) 2>/dev/null || continue 2; done
    echo $first; return
  done
  fail "no free ports"
}

write_conf() { # MONITOR_PORT FSID
  cat >"$conf" <<END
[global]
fsid = $2
mon host = [v2:127.0.0.1:$1]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind ipv6 = false
# Without authentication there are no secure connections, and the gateway hangs asking for one (ran).
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms client mode = crc
ms crc data = false
keyring = /dev/null
auth allow insecure global id reclaim = true
run dir = $dir
admin socket = $dir/\$name.asok
crash dir = $dir/crash
log file = $dir/\$type.log
log to stderr = false
mon cluster log file = $dir/cluster.log
mon data = $dir/mon
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = ${RGW_MEMORY:-8589934592}
# A nearly full disk would stop the monitor (ran); nothing is kept on it.
mon data avail warn = 0
mon data avail crit = 0
# Map changes at once instead of after a second.
paxos propose interval = 0.01
paxos min wait = 0.01
mon allow pool size one = true
mon max pg per osd = 1000
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd op num shards = 4
osd op num threads per shard = 1
$(for part in none lockdep context crush buffer timer objecter rados client osd optracker objclass ms mon monc paxos tp auth crypto finisher heartbeatmap perfcounter asok throttle memdb mgrc; do echo "debug $part = 0/0"; done)
[client]
log file = $dir/access.log
debug rgw = 1/1
rgw dns name = localhost
rgw enable apis = s3, admin
rgw thread pool size = 64
rgw rados pool pg num min = 1
rgw num control oids = 1
rgw dynamic resharding = false
rgw override bucket index max shards = 1
rgw run sync thread = false
rgw enable quota threads = false
rgw enable lc threads = false
END
}

stop() {
  end guard; end gateway; end osd; end mon
  rm -rf "$dir"/{mon,osd,crash,monmap,server.pem,key.pem,ca.pem,env} "$dir"/*.asok
}

start() {
  for tool in ceph-mon ceph-osd radosgw radosgw-admin ceph monmaptool curl openssl; do
    type -P $tool >/dev/null || fail "$tool is not installed (.ci/install does it)"
  done
  stop
  trap '[ $? = 0 ] || stop' EXIT
  trap 'exit 1' INT TERM HUP
  local ports fsid osd access=flotilla-test-access secret=flotilla-test-secret-0123456789 making certifying
  ports=$(find_ports)
  fsid=$(cat /proc/sys/kernel/random/uuid); osd=$(cat /proc/sys/kernel/random/uuid)
  mkdir -p "$dir"/{mon,osd,crash}
  rm -f "$dir"/*.log
  write_conf "$ports" "$fsid"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/key.pem" -out "$dir/ca.pem" -days 30 \
    -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1' 2>"$dir/openssl.out" & certifying=$!
  ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd" --no-mon-config >"$dir/mkfs.out" 2>&1 & making=$!
  monmaptool --create --clobber --addv a "[v2:127.0.0.1:$ports]" --fsid "$fsid" "$dir/monmap" >/dev/null
  ceph-mon -c "$conf" -i a --mkfs --monmap "$dir/monmap" >"$dir/mon.out" 2>&1 || fail "monitor: $(cat "$dir/mon.out")"
  launch mon ceph-mon -f -c "$conf" -i a
  until_true mon 20 "the monitor does not listen" listens "$ports"
  timeout 30 ceph -c "$conf" osd new "$osd" >/dev/null 2>"$dir/ceph.out" || fail "osd new: $(cat "$dir/ceph.out")"
  wait $making || fail "osd: $(cat "$dir/mkfs.out")"
  launch osd ceph-osd -f -c "$conf" -i 0
  wait $certifying || fail "openssl: $(cat "$dir/openssl.out")"
  cat "$dir/key.pem" "$dir/ca.pem" >"$dir/server.pem"
  # Whoever makes a pool before the OSD is up may sleep for five seconds (ran).
  until_true osd 30 "the OSD does not come up" booted
  timeout 60 radosgw-admin -c "$conf" -n client.rgw user create --uid=test --display-name=test --access-key=$access --secret=$secret \
    >"$dir/user.out" 2>&1 || fail "user: $(cat "$dir/user.out")"
  start_gateway $((ports + 1)) $((ports + 2))
  cat >"$dir/env" <<END
S3_HTTP=http://127.0.0.1:$((ports + 1))
S3_HTTPS=https://127.0.0.1:$((ports + 2))
S3_CA=$dir/ca.pem
AWS_ACCESS_KEY_ID=$access
AWS_SECRET_ACCESS_KEY=$secret
AWS_REGION=us-east-1
END
  if [ -n "$owner" ]; then
    # shellcheck disable=SC2016
    launch guard bash -c 'while kill -0 "$2" 2>/dev/null; do sleep 0.5; done; exec bash "$1" stop "$3"' "$conf" "$0" "$owner" "$dir"
  fi
  trap - EXIT
}

make_bucket() { # NAME
  . "$dir/env"
  local now signature
  now=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
  signature=$(printf 'PUT\n\n\n%s\n/%s' "$now" "$1" | openssl dgst -sha1 -hmac "$AWS_SECRET_ACCESS_KEY" -binary | base64)
  curl -sf -m 60 -o "$dir/bucket.out" -X PUT -H "Date: $now" -H "Authorization: AWS $AWS_ACCESS_KEY_ID:$signature" "$S3_HTTP/$1" ||
    fail "bucket $1 was not created: $(cat "$dir/bucket.out")"
}

case $command in
  bucket) make_bucket "$name" ;;
  start) start ;;
  stop) stop ;;
  pause) end_gateway ;;
  restart)
    [ -f "$dir/env" ] || fail "not started"
    . "$dir/env"; end_gateway
    start_gateway "${S3_HTTP##*:}" "${S3_HTTPS##*:}" ;;
  *) fail "unknown command $command" ;;
esac
