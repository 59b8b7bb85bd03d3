// The program: parses the command line, runs the command, turns its error into a line and an exit code.
#pragma once

namespace apps {

// Returns the exit code: 0, or the number of the io::subject whose business the error is (usage errors: 2). Errors are one line on
// standard error, "flotilla: <what, which thing, the way out>".
int run_program(int argc, char** argv);

}  // namespace apps
