// A throw-away RADOS gateway on this machine that notes no requests, with a bucket in it and a store on that.
#pragma once

#include <fmt/format.h>

#include "bench/timing.h"
#include "io/tcp_network.h"
#include "s3/store.h"
#include "tests/support/fixed_credentials.h"
#include "tests/support/real_environment.h"

namespace bench {

class gateway {
    tests::rgw& server_ = tests::rgw::shared();
    s3::credentials these_ = tests::credentials_of(server_);
    tests::fixed_credentials keys_{these_};

public:
    s3::store_url where;

    // Creates the bucket; keys are below "p".
    explicit gateway(tests::real_environment& world) {
        server_.restart("--debug-rgw=0/0");
        auto parsed = s3::parse_store_url(fmt::format("s3://bench/p?endpoint={}&region={}", server_.http(), server_.region()), {});
        where = need(parsed);
        io::tcp_network net(world.env.on);
        s3::client client(world.env, net, keys_, where, {});
        auto created = world.run(client.send(s3::make_call(s3::operation::create_bucket, "", s3::create_bucket(where))));
        need_ok(created);
    }

    const s3::credentials& keys() const { return these_; }
    std::unique_ptr<s3::store> store(tests::real_environment& world, io::network& net) {
        s3::store_settings settings;
        settings.where = where;
        auto opened = world.run(s3::store::open(world.env, net, keys_, settings, s3::store::access::write));
        return std::move(need(opened));
    }

    // The command that makes curl send this request, signed by us; its body, if there is one, is added with -T. The server checks the
    // body's hash, as it does with ours, if the request has the body, else none.
    std::string for_curl(s3::http_request request, std::int64_t wall_ms) const {
        const bool hashed = request.body.size() > 0;
        s3::signer(where.at.region).sign(request, these_, wall_ms, hashed ? s3::payload_signing::hashed : s3::payload_signing::unsigned_payload);
        std::string out = fmt::format("curl -sf -H 'Expect:' http://{}{} ", where.at.host_header(), request.target());
        for (const auto& header : request.headers) out += fmt::format("-H '{}: {}' ", header.name, header.value);
        return out;
    }
};

}  // namespace bench
