// The other side of the end-to-end tests: applications with the habits of real ones, each in a process of its own, which know nothing of
// flotilla.
//
//   test_e2e --app HABIT DB [KEY=VALUE...]
//
// It says "ready" after its first commit (or when it reads) and goes on until its standard input ends; then it says "done COMMITS" and exits 0, or 1 with the
// reason on standard error if one of its statements failed. To a line on its standard input it answers "at COMMITS RESTARTS", the second
// how often a checkpoint of its own has restarted the log, as far as SQLite told it. Every commit n of writer w adds a row (w, n, ...) to
// the table `log`, so that a test can hold a copy against what the application was told is committed.
#pragma once

namespace e2e {

int run_app(int argc, char** argv);

}  // namespace e2e
