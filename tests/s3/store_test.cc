#include "s3/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/answering_network.h"
#include "tests/support/real_environment.h"

namespace {

using testing::HasSubstr;
using tests::answering_network;
using tests::http_answer;

class any_credentials final : public s3::credentials_source {
public:
    io::task<io::result<s3::credentials>> get() override { co_return s3::credentials{"a", s3::secret("s"), {}, {}}; }
    void refused(const s3::credentials&) override {}
};

TEST(s3_store, A10_a_store_that_ignores_conditions_is_refused_unless_told_otherwise) {
    tests::real_environment world;
    any_credentials keys;
    // Every put succeeds, whatever was there before.
    std::string stored;
    answering_network careless([&](const std::string& request) {
        if (request.starts_with("PUT ")) stored = request.substr(request.find("\r\n\r\n") + 4);
        if (request.starts_with("PUT ")) return http_answer("200 OK", "", "ETag: \"e\"\r\n");
        if (request.starts_with("HEAD ") && stored == "probe\n") return http_answer("404 Not Found");
        if (request.starts_with("HEAD ")) return "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: " + std::to_string(stored.size()) + "\r\n\r\n";
        if (request.find("uploads=") != std::string::npos)
            return http_answer("200 OK", "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
        return http_answer("200 OK", "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    });
    s3::store_settings with;
    with.where = *s3::parse_store_url("s3://bucket/p?endpoint=http://host:1234", {});
    auto refused = world.run(s3::store::open(world.env, careless, keys, with, s3::store::access::write));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, io::errc::unsupported);
    EXPECT_THAT(refused.error().context, HasSubstr("--unsafe-no-conditional-put"));
    EXPECT_TRUE(world.run(s3::store::open(world.env, careless, keys, with, s3::store::access::read)));
    with.unsafe_no_conditional_put = true;
    auto on = world.run(s3::store::open(world.env, careless, keys, with, s3::store::access::write));
    ASSERT_TRUE(on) << on.error().context;
    EXPECT_TRUE(world.journal.contains("NOT honoured"));
    EXPECT_TRUE(world.run((*on)->put_if_absent("k", io::bytes{'1'}, {})));
    EXPECT_EQ(world.run((*on)->put_if_absent("k", io::bytes{'2'}, {})).error().code, io::errc::already_exists);
    EXPECT_EQ(stored, "1");
}

}  // namespace
