#!/usr/bin/env bash
# No source over 800 lines, no function over 70. Prints how large headers and sources are. Called as: <source dir>
set -uo pipefail
cd "$1" || exit 1
failures=0
all=$(ls {io,ltx,wal,s3,engine,apps,bench}/*.{h,cc} tests/*/*.{h,cc} 2>/dev/null)
while read -r lines file; do
  [ "$file" = total ] && continue
  [ "$lines" -le 800 ] || { echo "$file has $lines lines, at most 800"; failures=$((failures + 1)); }
done < <(wc -l $all)

for kind in h cc; do
  wc -l {io,ltx,wal,s3,engine,apps}/*.$kind 2>/dev/null | awk -v kind=$kind '$2 != "total" { n++; sum += $1; if ($1 > most) { most = $1; which = $2 } }
    END { printf "*.%s: %d files, %d lines on average, most %d (%s)\n", kind, n, sum / n, most, which }'
done

# A block that opens at the margin or one step in, and is no namespace, type or table, is a function (or should have been one).
long=$(awk '
  FNR == 1 { delete start }
  /^(    )?[^ \/#}].*\{$/ && !/^ *(namespace|class|struct|union|enum|extern|template)[ {]/ && !/= \{$/ { indent = match($0, /[^ ]/) - 1; start[indent] = FNR; if (indent == 0) delete start[4] }
  /^}/ { if (start[0] && FNR - start[0] - 1 > 70) print FILENAME ":" start[0] ": a function of " FNR - start[0] - 1 " lines, at most 70"; delete start[0]; delete start[4] }
  /^    }/ { if (start[4] && FNR - start[4] - 1 > 70) print FILENAME ":" start[4] ": a block of " FNR - start[4] - 1 " lines, at most 70"; delete start[4] }
' {io,ltx,wal,s3,engine,apps}/*.{h,cc} 2>/dev/null)
[ -z "$long" ] || { echo "$long"; failures=$((failures + 1)); }
exit $((failures > 0))
