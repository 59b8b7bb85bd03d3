// An S3 server behind the simulated network: what a request does is s3_bucket's business, whether it may be asked s3_guard's; here is what goes
// wrong on the way. It belongs to no host and goes on when processes die: a request that has arrived whole is carried out, whoever sent it.
//
// Its objects are a store_server's, which direct clients (store.h) see as well: each request is carried out at one instant, in between whatever
// else happens to them. store_habits hold for both ways in.
#pragma once

#include <memory>
#include <string>

#include "s3/store_url.h"
#include "tests/sim/http_server.h"
#include "tests/sim/network.h"
#include "tests/sim/s3_bucket.h"
#include "tests/sim/s3_guard.h"
#include "tests/sim/s3_habits.h"
#include "tests/sim/store.h"

namespace sim {

class s3_server {
public:
    // Listens from now on; must outlive what the world does with connections to it.
    s3_server(store_server& truth, network& wires);

    // Where it is, as a client says it, and with what it signs.
    static s3::store_url where();
    static s3::credentials keys();

    s3_habits habits;
    s3_bucket bucket;
    // What a client sent that a proper one never sends: empty, or the first of it.
    const std::string& offence() const { return offence_; }
    std::uint64_t requests() const { return requests_; }

private:
    struct plan;
    io::task<void> session(std::unique_ptr<io::byte_stream> stream);
    io::task<bool> answer(http_server& to, received asked);
    s3::http_response carry_out(const s3::http_request& request, request_kind kind);
    plan draw(request_kind kind);
    store_fault draw_fault(request_kind kind);
    void finish(s3::http_response& answer);
    void blame(std::string what);

    store_server& truth_;
    s3_guard guard_;
    host_clocks nobody_;
    sim::clock time_;
    std::string offence_;
    std::uint64_t requests_ = 0;
};

}  // namespace sim
