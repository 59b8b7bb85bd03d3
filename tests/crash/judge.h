// Whether a store gives back what it must, after flotilla died: each TXID that was reported durable is a state that its writer really had,
// with everything that was committed before it was captured and nothing that was not committed yet, the same every time. What does not
// hold fails the test that runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/crash/object_journal.h"
#include "tests/crash/workload.h"
#include "tests/crash/writer.h"
#include "tests/support/flotilla.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace crash {

// What is known of a TXID that was reported durable.
struct confirmation {
    std::int64_t at_ms = 0;
    std::int64_t captured_after_ms = 0;  // what was committed before this moment must be in it
};

struct restored {
    std::uint64_t n = 0;
    std::uint64_t checksum = 0;  // of the file
};

// A database, its writer and its stream.
struct subject {
    kind what{};
    std::string stream;
    std::string database;
    std::string log;  // of its commits
    tests::process writer;
    std::vector<commit> commits;
    std::map<std::uint64_t, confirmation> confirmed;  // by TXID
    std::map<std::uint64_t, restored> states;         // by TXID: those that were looked at
    std::map<std::string, int> events;                // how often each kind came
    std::int64_t in_step_ms = 0;                      // when it was last told to be attached or confirmed
};

class judge {
public:
    // `store`: a directory or s3://..., as the judge reaches it. Files are put into `dir`, which must outlive this.
    judge(tests::temp_directory& dir, std::string store, std::uint64_t seed) : dir_(dir), store_(store), seed_(seed), journal_(std::move(store)) {}

    // A new database, at n = 0.
    subject create(kind what) const;
    void start_writer(subject& of, pace how) const;
    // SIGTERM; it must not have met an error.
    void end_writer(subject& of) const;
    // Waits until its writer has committed so many more.
    static void await_commits(subject& of, std::uint64_t more);

    // What a run that has ended told of a subject. A confirmation's object was captured after the one before it was confirmed, for there is one in
    // flight, unless frames were spilled in this run. Until it is attached a run may tell of what the one before it shipped, again or for the first
    // time.
    void take_events(const tests::watch& run, subject& of) const;

    // Restores one confirmed TXID.
    void check(subject& of, std::uint64_t txid) const;
    // The latest state is that of the application's database, whose writer has ended, page by page.
    void expect_same_as_live(subject& of) const;
    // No object changed or went; `flotilla verify` has no doubt.
    void expect_untouched(bool bytes);
    void expect_verified() const;

    object_journal& journal() { return journal_; }
    std::string words() const { return " (flotilla's own words: " + dir_.file("watch.log") + ")"; }

private:
    tests::temp_directory& dir_;
    std::string store_;
    std::uint64_t seed_;
    object_journal journal_;
};

}  // namespace crash
