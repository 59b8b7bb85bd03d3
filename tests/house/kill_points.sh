#!/usr/bin/env bash
# Every io::failpoint() of the program is in the table that tests/crash kills at, and the other way round; every point is in the simulator's
# marks, and every failpoint among those at which it lets an engine die by name; the program as it is released holds none of them. Called as: <source dir> <build dir>
set -uo pipefail
cd "$1" || exit 1
failures=0
complain() { echo "$1"; failures=$((failures + 1)); }
in_code=$(grep -hoE '\bfailpoint\("[^"]*"\)' {io,ltx,wal,s3,engine,apps}/*.{h,cc} 2>/dev/null | cut -d'"' -f2 | sort)
in_table=$(grep -oE '^ +\{"[^"]*"' tests/crash/kill_points.h | cut -d'"' -f2 | sort -u)
[ -n "$in_code" ] || complain "no failpoint is found in the program"
while IFS= read -r name; do complain "failpoint $name is not in tests/crash/kill_points.h"; done < <(comm -23 <(sort -u <<<"$in_code") <(echo "$in_table") | grep .)
while IFS= read -r name; do complain "tests/crash/kill_points.h names $name, which the program does not have"; done < <(comm -13 <(sort -u <<<"$in_code") <(echo "$in_table") | grep .)
while IFS= read -r name; do complain "failpoint $name is in two places: which one is meant?"; done < <(uniq -d <<<"$in_code")
grep -rnE '\bfailpoint\([^")s]' {io,ltx,wal,s3,engine,apps}/*.cc && complain "a failpoint whose name is no literal"

points=$(grep -hoE '\b(buggify|reached)\("[^"]*"\)' {io,ltx,wal,s3,engine,apps}/*.{h,cc} 2>/dev/null | cut -d'"' -f2 | sort)
while IFS= read -r name; do complain "point $name is in two places: which one is meant?"; done < <(uniq -d <<<"$points" | grep .)
listed=$(sed -E 's/ *#.*//; s/^seldom //' tests/sim/marks.txt | sort -u)
for kind in 'reached:' 'buggify:fired ' 'failpoint:died at '; do
  names=$(grep -hoE "\b${kind%%:*}\(\"[^\"]*\"\)" {io,ltx,wal,s3,engine}/*.{h,cc} | cut -d'"' -f2 | sed "s/^/${kind#*:}/" | sort -u)
  while IFS= read -r name; do complain "tests/sim/marks.txt does not have: $name"; done < <(comm -23 <(echo "$names") <(echo "$listed") | grep .)
done
in_draws=$(grep -oE '"[a-z]+\.[a-z]+"' tests/sim/point_draws.cc | tr -d '"' | sort)
while IFS= read -r name; do complain "tests/sim/point_draws.cc does not have failpoint $name, or has one that the program does not have"; done < <(comm -3 <(sort -u <<<"$in_code") <(sort -u <<<"$in_draws") | tr -d '\t' | grep .)
while IFS= read -r name; do complain "tests/sim/point_draws.cc has $name twice"; done < <(uniq -d <<<"$in_draws" | grep .)
if [ -x "$2/flotilla" ] && ! grep -q '^FLOTILLA_FAILPOINTS:[A-Z]*=ON' "$2/CMakeCache.txt"; then
  grep -qF "FLOTILLA_FAILPOINT" "$2/flotilla" && complain "the program asks for failpoints although it is built without them"
  for name in $(sort -u <<<"$in_code"$'\n'"$points"); do grep -qF "$name" "$2/flotilla" && complain "the program holds the name $name although it is built without failpoints"; done
fi
exit $((failures > 0))
