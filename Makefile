# Two commands do everything on a fresh Debian 12, packages included: make demo, make test.
.PHONY: build demo test drill bench fuzz mutants crash-loops nightly coverage packages clean
JOBS ?= $(shell nproc)
N ?= 20

packages:
	@.ci/install

build/%/build.ninja: CMakePresets.json | packages
	@cmake --preset $* >build-$*.log 2>&1 || { cat build-$*.log; rm -f build-$*.log; exit 1; }
	@rm -f build-$*.log

# The program: build/release/flotilla
build: build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target flotilla

demo: build
	bash apps/demo/demo.sh build/release/flotilla

# Every test: unit tests and fuzz corpora under the sanitizers, then the programs end to end, in release.
test: build/asan/build.ninja build/release/build.ninja
	cmake --build build/asan -j $(JOBS)
	ctest --test-dir build/asan --output-on-failure -j $(JOBS)
	cmake --build build/release -j $(JOBS)
	ctest --test-dir build/release --output-on-failure

# The drills at their full length: an outage of OUTAGE_SECONDS (300), a soak of SOAK_MINUTES (30) under the sanitizers beside it, and the others.
drill: build/asan/build.ninja build/release/build.ninja
	cmake --build build/asan -j $(JOBS) --target flotilla
	cmake --build build/release -j $(JOBS) --target flotilla test_drill
	bash tests/drill/run.sh build/release build/asan

bench: build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target flotilla benchmarks
	bash bench/run.sh build/release

# Each fuzzer for SECONDS_EACH (default 60), from its corpus; findings stay in build/fuzz/fuzz.
SECONDS_EACH ?= 60
fuzz: build/fuzz/build.ninja
	cmake --build build/fuzz -j $(JOBS) --target fuzzers
	bash tests/fuzz/run.sh build/fuzz $(SECONDS_EACH)

# Every bug that tests/mutants knows, brought back in a copy of the tree: the tests and the simulator have to notice it. ONLY='F2* A6*' takes some.
mutants: | packages
	bash tests/mutants/run.sh . build/mutants $(ONLY)

# The crash loops, on a directory and on S3 behind a bad network, N times in a row; FLOTILLA_CRASH_SECONDS says how long each takes.
crash-loops: build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target flotilla test_crash
	for i in $$(seq $(N)); do FLOTILLA=build/release/flotilla build/release/tests/test_crash --gtest_filter=*crash_loop* || exit 1; done

# The simulator for MINUTES (default 60): every seed that ever found something, then seeds of today, from SEED on; some of them in a build without optimisation, too.
MINUTES ?= 60
SEED ?= $(shell date +%Y%m%d)00000
nightly: build/release/build.ninja
	cmake --build build/release -j $(JOBS) --target flotilla-dst
	build/release/tests/flotilla-dst --regressions tests/sim/regressions.txt
	build/release/tests/flotilla-dst --seed $(SEED) --minutes $(MINUTES) --jobs $(JOBS) --check-determinism 5
	bash tests/sim/same_hash.sh . build/release build/release/tests/flotilla-dst debug --seed $(SEED) --count 100 --jobs $(JOBS)

# Which lines of engine, wal and ltx a batch of SEEDS seeds reaches, from FIRST on, and which never: build/coverage/coverage/unreached.txt.
SEEDS ?= 500
FIRST ?= 1
coverage: build/coverage/build.ninja
	cmake --build build/coverage -j $(JOBS) --target flotilla-dst
	bash tests/sim/coverage.sh . build/coverage $(SEEDS) $(FIRST) $(JOBS)

clean:
	rm -rf build
