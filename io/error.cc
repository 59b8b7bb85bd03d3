#include "io/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace io {

error error::within(std::string_view what) const { return {code, about, fmt::format("{}: {}", what, context)}; }

error error::as(subject whose) const { return {code, whose, context}; }

std::string_view name(errc code) {
    switch (code) {
        case errc::io_failure: return "io_failure";
        case errc::timed_out: return "timed_out";
        case errc::busy: return "busy";
        case errc::no_space: return "no_space";
        case errc::access_denied: return "access_denied";
        case errc::read_only: return "read_only";
        case errc::not_found: return "not_found";
        case errc::already_exists: return "already_exists";
        case errc::precondition_failed: return "precondition_failed";
        case errc::outcome_unknown: return "outcome_unknown";
        case errc::canceled: return "canceled";
        case errc::corrupt: return "corrupt";
        case errc::too_large: return "too_large";
        case errc::unsupported: return "unsupported";
        case errc::invalid: return "invalid";
        case errc::not_a_database: return "not_a_database";
        case errc::not_wal: return "not_wal";
        case errc::held: return "held";
        case errc::overtaken: return "overtaken";
        case errc::out_of_range: return "out_of_range";
        case errc::gap: return "gap";
    }
    return "unknown";
}

disposition classify(errc code) {
    switch (code) {
        case errc::io_failure:
        case errc::timed_out:
        case errc::busy:
        case errc::no_space: return disposition::retry;
        case errc::not_found: return disposition::not_found;
        case errc::already_exists: return disposition::already_exists;
        case errc::precondition_failed: return disposition::precondition_failed;
        case errc::outcome_unknown: return disposition::outcome_unknown;
        default: return disposition::fail;
    }
}

error from_errno(int number, subject about, std::string_view what) {
    errc code = errc::io_failure;
    switch (number) {
        case ENOENT:
        case ENOTDIR: code = errc::not_found; break;
        case EEXIST:
        case ENOTEMPTY: code = errc::already_exists; break;
        case ENOSPC:
        case EDQUOT: code = errc::no_space; break;
        case EACCES:
        case EPERM: code = errc::access_denied; break;
        case EROFS: code = errc::read_only; break;
        case EAGAIN:
        case EBUSY: code = errc::busy; break;
        case ETIMEDOUT: code = errc::timed_out; break;
        case EFBIG: code = errc::too_large; break;
        case ENAMETOOLONG:
        case ELOOP:
        case EISDIR: code = errc::invalid; break;
        default: break;
    }
    return {code, about, fmt::format("{}: {}", what, std::strerror(number))};
}

void throw_exception_from_error(const error& e, const boost::source_location& where) {
    throw std::logic_error(fmt::format("{}:{}: value of an error: {} ({})", where.file_name(), where.line(), e.context, name(e.code)));
}

}  // namespace io
