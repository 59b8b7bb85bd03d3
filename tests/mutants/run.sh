#!/usr/bin/env bash
# make mutants: brings one bug after the other back in a copy of the tree, and expects the tests and the simulator to notice each.
# Called as: <source dir> <work dir> [<patch, or a pattern of them>...]; logs, and rows for the README's table, stay in the work directory.
set -uo pipefail
source_dir=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
shift 2
tree=$work/tree
jobs=${JOBS:-$(nproc)}
source "$source_dir/tests/mutants/patch.inc"

# The copy is all that is used from here on. What was built of an older one stays, and is older than every file.
mkdir -p "$tree"
find "$tree" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
(cd "$source_dir" && cp -r CMakeLists.txt CMakePresets.json tests bench $product "$tree") || exit 2
patches=()
for pattern in "${@:-*}"; do
  for patch in "$tree"/tests/mutants/$pattern.patch; do [ -f "$patch" ] && patches+=("$patch"); done
done
[ ${#patches[@]} -gt 0 ] || { echo "no patch in tests/mutants is called ${*:-*}" >&2; exit 2; }

build() {  # build <preset> <target>...
  (cd "$tree" && cmake --build "build/$1" -j "$jobs" --target "${@:2}") >>"$log" 2>&1
}

run_tests() {  # run_tests <folder> <filter> <seconds>: 0 if they pass in time; `failed` is the first that does not, which ends the program
  local out rc
  out=$(timeout "$3" "$tree/build/asan/tests/test_$1" --gtest_filter="$2" --gtest_break_on_failure 2>&1 </dev/null)
  rc=$?
  tail -n 200 <<<"$out" >>"$log"
  [ $rc -eq 0 ] || failed=$(grep -oE '^\[ RUN      \] \w+\.\w+' <<<"$out" | tail -1 | sed 's/.*] //')
  return $rc
}

run_seeds() {  # run_seeds <scenario> <first> <last>: 0 if all pass; `failed` says which did not, `seeds` counts
  local seed out
  for ((seed = $2; seed <= $3; ++seed)); do
    seeds=$((seeds + 1))
    out=$(timeout 120 "$tree/build/release/tests/flotilla-dst" --scenario "$1" --seed "$seed" 2>&1 </dev/null) && continue
    echo "$out" >>"$log"
    failed="$1 $seed: $(grep -m1 '^FAILED: ' <<<"$out" | cut -c9-140 || echo "it hangs")"
    return 1
  done
}

scenarios_of() { field "$1" sim | grep -v '^none' | tr ',-' '\n ' | sed 's/^ *//'; }  # <scenario> <first> <last>, one a line

# The tree as it is must pass, or nothing that fails later says anything.
log=$work/baseline.log
: >"$log"
for preset in asan release; do (cd "$tree" && cmake --preset "$preset") >>"$log" 2>&1 || { tail -5 "$log"; exit 2; }; done
folders=$(for patch in "${patches[@]}"; do field "$patch" tests; done | tr ' ' '\n' | cut -d: -f1 | grep . | sort -u)
build asan $(printf 'test_%s ' $folders) && build release flotilla-dst || { tail -20 "$log"; exit 2; }
seeds=0
for folder in $folders; do
  filter=$(for patch in "${patches[@]}"; do field "$patch" tests; done | tr ' ' '\n' | grep "^$folder:" | cut -d: -f2- | sort -u | paste -sd:)
  run_tests "$folder" "$filter" 900 || { echo "without any mutant fail: $failed (see $log)"; exit 2; }
done
while read -r scenario first last; do
  run_seeds "$scenario" "$first" "$last" || { echo "without any mutant fails: $failed (see $log)"; exit 2; }
done < <(for patch in "${patches[@]}"; do scenarios_of "$patch"; done | awk '{ if (!($1 in last) || $3 > last[$1]) last[$1] = $3 } END { for (each in last) print each, 1, last[each] }' | sort)
echo "as it is: the named tests and $seeds seeds pass"

# one <patch>: leaves in `tests` and `sim` what caught it, in `missed` what did not.
one() {
  local item scenario first last
  tests="" sim="" missed=""
  apply "$tree" "$1" >>"$log" 2>&1 || { missed="does not apply"; return; }
  for item in $(field "$1" tests); do
    build asan "test_${item%%:*}" || { missed="does not compile"; return; }
    if run_tests "${item%%:*}" "${item#*:}" 120; then missed+=" $item"; else tests+=" ${failed:-test_${item%%:*}}"; fi
  done
  [ -n "$(scenarios_of "$1")" ] || return
  build release flotilla-dst || { missed="does not compile"; return; }
  seeds=0
  while read -r scenario first last; do
    run_seeds "$scenario" "$first" "$last" || { sim="$failed"; return; }
  done < <(scenarios_of "$1")
  missed+=" simulator, $seeds seeds"
}

survivors=0
: >"$work/table.md"
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  log=$work/$name.log
  : >"$log"
  began=$SECONDS
  one "$patch"
  [ "$missed" = "does not apply" ] || apply "$tree" "$patch" -R || exit 2
  if [ -n "$missed" ]; then
    survivors=$((survivors + 1))
    echo "$name: SURVIVED: ${missed# } (see $log)${tests:+; caught by${tests}}${sim:+; by seed $sim}"
  else
    echo "$name: caught by${tests:- no test}${sim:+, after $seeds seeds by $sim}; $((SECONDS - began)) s"
  fi
  shown=$(tr ' ' '\n' <<<"${tests# }" | sed 's/..*/`&`/' | paste -sd, | sed 's/,/, /g')
  seen=$(field "$patch" sim | grep '^none')
  [ -z "$sim" ] || seen="\`${sim%%:*}\`, after $seeds"
  echo "| $(field "$patch" finding) | \`$name\` | $(field "$patch" what) | $shown | $seen |" >>"$work/table.md"
done
echo "${#patches[@]} mutants, $survivors survived; $SECONDS s"
[ $survivors -eq 0 ]
