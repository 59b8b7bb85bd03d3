// What a store is held against before it is trusted: the RADOS gateway has all that is needed, and what it lacks is named.
#include "s3/store_check.h"

#include <gmock/gmock.h>

#include "s3/list_cursor.h"
#include "tests/rgw/bucket.h"

namespace {

class rgw_store_check : public tests::bucket_test {
public:
    std::map<std::string, s3::check_result> results;

    io::result<bool> check(const s3::store_settings& with) {
        s3::store_check checks(world.env, net, keys, with.where, with.requests);
        return world.run(checks.run([this](const s3::check_result& one) { results[one.name] = one; }));
    }
};

TEST_F(rgw_store_check, the_gateway_has_all_that_is_needed) {
    const auto good = check(settings());
    ASSERT_TRUE(good) << good.error().context;
    EXPECT_TRUE(*good);
    for (const auto& [name, one] : results) EXPECT_TRUE(one.passed || !one.needed) << name << ": " << one.note;
    EXPECT_TRUE(results.at("a wrong secret is refused").passed);
    EXPECT_TRUE(results.at("removal of many at once").passed);
    EXPECT_FALSE(results.at("replace if unchanged").passed);
    EXPECT_THAT(results.at("replace if unchanged").note, testing::HasSubstr("unquoted-if-match=true"));
    EXPECT_FALSE(results.at("condition on completion").passed);
}

TEST_F(rgw_store_check, settings_are_obeyed_and_nothing_stays) {
    const auto good = check(settings(server.http(), "p", "&unquoted-if-match=true"));
    ASSERT_TRUE(good) << good.error().context;
    EXPECT_TRUE(results.at("replace if unchanged").passed) << results.at("replace if unchanged").note;
    const auto requests = client();
    auto listed = world.run(requests->send(s3::make_call(s3::operation::list_objects, "", s3::list_objects(requests->where(), {}))));
    ASSERT_TRUE(listed);
    EXPECT_TRUE(s3::read_list_page(listed->body)->objects.empty());
    auto uploads = world.run(requests->send(s3::make_call(s3::operation::list_uploads, "", s3::list_uploads(requests->where(), "", {}))));
    ASSERT_TRUE(uploads);
    EXPECT_TRUE(s3::read_upload_page(uploads->body)->uploads.empty());
}

TEST_F(rgw_store_check, a_bucket_that_is_not_there_is_an_error_and_no_table) {
    auto with = settings();
    with.where.at.bucket = "there-is-none";
    const auto good = check(with);
    ASSERT_FALSE(good);
    EXPECT_EQ(good.error().code, io::errc::invalid);
    EXPECT_THAT(good.error().context, testing::HasSubstr("there is no bucket there-is-none"));
    EXPECT_TRUE(results.empty());
}

}  // namespace
