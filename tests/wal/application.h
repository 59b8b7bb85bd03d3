// The application's side of a race: a process of its own (this test program, executed again) that writes to a database, checkpoints,
// closes and opens it, until it is killed or its standard input ends.
#pragma once

#include <string>
#include <vector>

#include "tests/support/process.h"

namespace tests {

// How it behaves; chances are per transaction, in 1/1000.
struct habits {
    std::string checkpoints = "PASSIVE";  // one of these is chosen each time: modes, divided by commas
    int checkpoint_chance = 30;
    int reopen_chance = 20;
    int rollback_chance = 20;
    int shrink_chance = 10;  // deletes much and vacuums incrementally
    int autocheckpoint = 1000;  // frames; 0: none
    int pause_us = 0;           // after each transaction
};

// Creates the database that applications write to: t(n) holds 1, 2, 3, ... without a gap; scratch comes and goes.
void create_numbers(const std::string& path, int page_size = 4096);

process start_application(const std::string& path, unsigned seed, const habits& how);

// What main() calls first: the exit code if this process is an application.
int run_as_application(const std::vector<std::string>& arguments);
inline constexpr const char* application_flag = "--as-application";

}  // namespace tests
