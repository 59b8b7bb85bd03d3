// Connections to other hosts. The seam between protocol code and the world: HTTP is spoken over a byte_stream, whether that is a
// socket, TLS over one, or a test's script.
//
// Errors: subject::general, with the peer in the context; callers say whose business it is with error::as().
// Cancellation: calls run to their end; close() ends them early. All calls on the event loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/bytes.h"
#include "io/clock.h"
#include "io/error.h"
#include "io/task.h"

namespace io {

// How long a call may take: it ends with timed_out when no byte has moved for `stall`, or when `until` has come.
struct patience {
    duration stall = std::chrono::seconds(30);
    instant until = instant::max();
};

struct tls_options {
    // A PEM file of certificates to trust; empty: the system's own.
    std::string ca_file;
    // Chain and host name are verified unless this is false, which only an operator's explicit setting may make it.
    bool verify = true;
};

struct peer {
    std::string host;  // a name, an IPv4 or an IPv6 address (without brackets)
    std::uint16_t port = 0;
    std::optional<tls_options> tls;  // plain TCP if absent
};

// A connection. Its destructor closes it; no call may be running then. One read and one write may run at the same time.
class byte_stream {
public:
    virtual ~byte_stream() = default;
    // Waits for at least one byte; returns how many were stored in `into` (not empty, alive until the call ends), 0 if the peer has
    // ended the stream in order. io_failure (reset, TLS ended without its closing alert), timed_out, canceled (close() was called).
    // After an error only close() and destruction are allowed.
    virtual task<result<std::size_t>> read_some(byte_span into, patience limit) = 0;
    // Writes all of `first`, then all of `second` (either may be empty; both alive until the call ends). Errors as read_some; any part
    // may have been sent by then. Reading is still allowed after io_failure: the peer may have answered before it stopped listening.
    virtual task<result<void>> write(byte_view first, byte_view second, patience limit) = 0;
    // Ends running calls with canceled.
    virtual void close() = 0;
    // For a stream that nobody uses for now: it is closed at `when`, unless a call begins before. A stream without a descriptor need not.
    virtual void close_at([[maybe_unused]] instant when) {}
};

class network {
public:
    virtual ~network() = default;
    // Resolves the name, connects to its addresses in turn and makes the TLS handshake, all of it before `until`. Errors: timed_out;
    // io_failure (no such host, refused, unreachable); access_denied (the peer's certificate is not trusted, expired, or names
    // another host); invalid (the CA file cannot be read or holds no certificate).
    virtual task<result<std::unique_ptr<byte_stream>>> connect(peer to, instant until) = 0;
};

}  // namespace io
