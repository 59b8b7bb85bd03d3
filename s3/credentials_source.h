// Where the client gets what it signs with.
#pragma once

#include "io/error.h"
#include "io/task.h"
#include "s3/credentials.h"

namespace s3 {

class credentials_source {
public:
    virtual ~credentials_source() = default;
    // What is good now, renewed before it expires. Errors: subject::store; access_denied (nothing was found, or it was refused; the
    // context says where was looked), timed_out, io_failure. Many callers at once cause one renewal.
    virtual io::task<io::result<credentials>> get() = 0;
    // The store says that these have expired: the next get() brings others, if there are others.
    virtual void refused(const credentials& used) = 0;
};

}  // namespace s3
