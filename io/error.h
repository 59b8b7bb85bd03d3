// Errors as values. A fallible function returns io::result<T>: the value, or an io::error that says what happened (code), whose
// business it is (subject) and, in words, to which thing (context). Each layer adds its context once, with within().
// Exceptions are for bugs and for coroutine cancellation only.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace io {

// What went wrong. Codes are stable: tests and callers branch on them.
enum class errc {
    io_failure,           // the device, network or peer failed; trying again may help
    timed_out,            // no answer before the deadline; for a write see outcome_unknown
    busy,                 // a lock is held by somebody else for now
    no_space,             // disk or quota full
    access_denied,        // permission or credentials
    read_only,            // the file system or database cannot be written
    not_found,            // the named thing does not exist
    already_exists,       // create-if-absent met something
    precondition_failed,  // a conditional write met another version
    outcome_unknown,      // a write was sent and its reply lost: read back before anything else
    canceled,             // stopped on request
    corrupt,              // bytes that contradict their own checksum, format or neighbours
    too_large,            // beyond a stated limit, refused before allocation
    unsupported,          // valid, but not something we handle
    invalid,              // the request itself makes no sense: usage, configuration
    not_a_database,       // not an SQLite database, or encrypted
    not_wal,              // the database is not, or no longer, in WAL mode
    held,                 // another process of ours already does this
    overtaken,            // another writer published what we were about to publish
    out_of_range,         // a target TXID or time outside what exists
    gap,                  // a chain of files with a hole
};

// Whose business an error is. The numbers are the program's exit codes.
enum class subject { general = 1, usage = 2, database = 3, store = 4, integrity = 5, target = 6 };

// What a caller can do about an error. One function decides, so that no layer classifies twice.
enum class disposition { retry, fail, not_found, already_exists, precondition_failed, outcome_unknown };

struct error {
    errc code = errc::io_failure;
    subject about = subject::general;
    std::string context;

    // The same error seen from one layer further out: "<what>: <context>".
    [[nodiscard]] error within(std::string_view what) const;
    // The same error as another's business (a missing file is the database's problem to one caller, the target's to another).
    [[nodiscard]] error as(subject whose) const;
};

template <class T>
using result = boost::system::result<T, error>;

// For instance "not_found".
std::string_view name(errc code);
disposition classify(errc code);

// An error from errno, with strerror's words: "<what>: No space left on device". ENOENT and ENOTDIR are not_found, EEXIST and
// ENOTEMPTY already_exists, ENOSPC and EDQUOT no_space, EACCES and EPERM access_denied, EROFS read_only, EAGAIN and EBUSY busy,
// ETIMEDOUT timed_out, EFBIG too_large, ENAMETOOLONG, ELOOP and EISDIR invalid; everything else io_failure.
error from_errno(int number, subject about, std::string_view what);

// Called by boost::system::result when value() is asked of an error: that is a bug, so std::logic_error with the context.
[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

}  // namespace io
