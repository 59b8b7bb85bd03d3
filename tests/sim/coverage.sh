#!/usr/bin/env bash
# Runs a batch of seeds, the scenarios in turn, in a build that counts what it executes (preset `coverage`), and prints the line coverage of engine, wal and ltx.
# The lines that no seed reached are in <build dir>/coverage/unreached.txt. Called as: <source dir> <build dir> <seeds> <first seed> <runs at once>
set -euo pipefail
source=$(realpath "$1") build=$(realpath "$2") seeds=$3 first=$4 jobs=$5
for tool in llvm-profdata-19 llvm-cov-19 llvm-cxxfilt-19; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: install the package llvm-19 (.ci/install does)" >&2; exit 1; }
done
out=$build/coverage
rm -rf "$out"
mkdir -p "$out"

# Each run is a process that adds to one of four files. A run that fails is a finding, but what was reached is known all the same.
code=0
LLVM_PROFILE_FILE=$out/%4m.profraw "$build/tests/flotilla-dst" --seed "$first" --count "$seeds" --jobs "$jobs" --count-marks >"$out/batch" || code=$?
cat "$out/batch"
llvm-profdata-19 merge -sparse -o "$out/all.profdata" "$out"/*.profraw
(cd "$build" && llvm-cov-19 export -format=lcov -instr-profile="$out/all.profdata" tests/flotilla-dst >"$out/all.lcov")

# A header is named by each folder's links to it: its own name is found again, and what any of them reached is reached.
while read -r name; do echo "$name $(cd "$build" && realpath -m --relative-to="$source" "$name")"; done < <(sed -n 's/^SF://p' "$out/all.lcov" | sort -u) >"$out/names"
awk -v source="$source" '
  NR == FNR { own[$1] = $2; next }
  /^SF:/ { file = own[substr($0, 4)]; wanted = file ~ /^(engine|wal|ltx)\//; next }
  !wanted { next }
  /^FN:/ { split(substr($0, 4), f, ","); begins[file, f[2]] = f[1] }
  /^FNDA:/ { n = index($0, ","); function_hits[file, begins[file, substr($0, n + 1)]] += substr($0, 6, n - 6); name[file, begins[file, substr($0, n + 1)]] = substr($0, n + 1) }
  /^DA:/ { split(substr($0, 4), d, ","); hits[file, d[1]] += d[2]; if (d[1] > last[file]) last[file] = d[1] }
  END {
    for (file in last) {
      at = ""
      for (line = 1; line <= last[file]; ++line) {
        text = ""
        getline text <(source "/" file)
        if ((file, line) in name) at = function_hits[file, line] ? name[file, line] : "never called: " name[file, line]
        if (!((file, line) in hits)) continue
        state = hits[file, line] > 0 ? "reached" : "unreached"
        print file "\t" line "\t" state "\t" at "\t" text
      }
      close(source "/" file)
    }
  }' "$out/names" "$out/all.lcov" | sort -t$'\t' -k1,1 -k2,2n >"$out/lines"

awk -F'\t' '$3 == "unreached" { if ($1 != file) print "\n" $1; if ($4 != at || $1 != file) print "  " $4; file = $1; at = $4; printf "  %5d %s\n", $2, $5 }' "$out/lines" |
  llvm-cxxfilt-19 >"$out/unreached.txt"
awk -F'\t' '
  function row(name, all, missed) { printf "%-34s %6d %6d  %5.1f %%\n", name, all, missed, 100 * (all - missed) / all }
  function folder() { if (files != "") { row(files "/", in_folder, missed_in_folder); in_folder = missed_in_folder = 0 } }
  BEGIN { printf "%-34s %6s %6s\n", "file", "lines", "missed" }
  { ++all[$1]; if ($3 == "unreached") ++missed[$1]; if ($1 != order[n]) order[++n] = $1 }
  END {
    for (i = 1; i <= n; ++i) {
      split(order[i], part, "/")
      if (part[1] != files) { folder(); files = part[1] }
      row(order[i], all[order[i]], missed[order[i]])
      in_folder += all[order[i]]; missed_in_folder += missed[order[i]]; total += all[order[i]]; missed_total += missed[order[i]]
    }
    folder()
    row("total", total, missed_total)
  }' "$out/lines"
for file in $(cd "$source" && ls {engine,wal,ltx}/*.cc); do
  grep -q " $file$" "$out/names" || echo "$file is not in the total: nothing in flotilla-dst calls it"
done
echo "what was never reached, line by line: $out/unreached.txt"
exit $code
