#include "s3/profile.h"

#include <gtest/gtest.h>

#include "s3/store_url.h"

namespace {

s3::profile_place chosen(const char* name) { return {"/c", "/f", name, true}; }
const s3::profile_place unchosen{"/c", "/f", "default", false};

TEST(profile, files_and_name_come_from_the_environment) {
    auto at = s3::find_profile({{"HOME", "/home/u"}});
    EXPECT_EQ(at.credentials_file, "/home/u/.aws/credentials");
    EXPECT_EQ(at.config_file, "/home/u/.aws/config");
    EXPECT_EQ(at.name, "default");
    EXPECT_FALSE(at.chosen);
    at = s3::find_profile({{"HOME", "/home/u"}, {"AWS_SHARED_CREDENTIALS_FILE", "/c"}, {"AWS_CONFIG_FILE", "~/f"}, {"AWS_PROFILE", "work"}});
    EXPECT_EQ(at.credentials_file, "/c");
    EXPECT_EQ(at.config_file, "/home/u/f");
    EXPECT_EQ(at.name, "work");
    EXPECT_TRUE(at.chosen);
    at = s3::find_profile({{"AWS_DEFAULT_PROFILE", "old"}, {"AWS_PROFILE", ""}});
    EXPECT_EQ(at.credentials_file, "");
    EXPECT_EQ(at.name, "old");
}

TEST(profile, both_files_are_merged_and_the_credentials_file_counts_more) {
    const auto read = s3::read_profile(chosen("work"),
                                       "[work]\naws_access_key_id = A\naws_secret_access_key = S\naws_session_token = T\n[default]\naws_access_key_id = D\n",
                                       "[profile work]\nregion = eu-west-1\nendpoint_url = http://h\naws_access_key_id = other\n[work]\nregion = not-this\n");
    ASSERT_TRUE(read && *read) << read.error().context;
    const s3::profile& p = **read;
    ASSERT_TRUE(p.keys);
    EXPECT_EQ(p.keys->access_key, "A");
    EXPECT_EQ(p.keys->secret_key.reveal(), "S");
    EXPECT_EQ(p.keys->session_token.reveal(), "T");
    EXPECT_FALSE(p.keys->expires_ms);
    EXPECT_EQ(p.region, "eu-west-1");
    EXPECT_EQ(p.endpoint_url, "http://h");
}

TEST(profile, default_needs_no_prefix_in_the_config_file) {
    const auto read = s3::read_profile(unchosen, "", "[default]\nregion = eu-west-1\n");
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->region, "eu-west-1");
    EXPECT_FALSE((*read)->keys);
}

TEST(profile, a_missing_profile_is_an_error_only_if_it_was_chosen) {
    const auto none = s3::read_profile(unchosen, "[other]\n", "");
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    const auto missing = s3::read_profile(chosen("wrok"), "[work]\n", "");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, io::errc::invalid);
    EXPECT_EQ(missing.error().context, "profile wrok is neither in /c nor in /f");
}

TEST(profile, half_a_pair_and_unsupported_ways_are_errors) {
    EXPECT_NE(s3::read_profile(unchosen, "[default]\naws_access_key_id = A\n", "").error().context.find("without aws_secret_access_key"), std::string::npos);
    EXPECT_NE(s3::read_profile(unchosen, "[default]\naws_secret_access_key = hunter2\n", "").error().context.find("without aws_access_key_id"), std::string::npos);
    for (const char* way : {"sso_session", "sso_start_url", "credential_process", "source_profile", "credential_source"}) {
        const auto read = s3::read_profile(unchosen, "", "[default]\n" + std::string(way) + " = x\n");
        ASSERT_FALSE(read) << way;
        EXPECT_NE(read.error().context.find(way), std::string::npos);
    }
    EXPECT_TRUE(s3::read_profile(unchosen, "[default]\naws_access_key_id=A\naws_secret_access_key=S\n", "[default]\nsource_profile = x\n"));
    EXPECT_TRUE(s3::read_profile(unchosen, "", "[default]\nrole_arn = r\nweb_identity_token_file = /t\n"));
    const auto broken = s3::read_profile(unchosen, "[default]\nhunter2\n", "");
    EXPECT_EQ(broken.error().context, "/c: line 2 is neither a section nor a setting");
}

TEST(profile, region_and_endpoint_defaults_in_their_order) {
    s3::profile from_files;
    from_files.region = "r3";
    from_files.endpoint_url = "http://e3";
    s3::variables env{{"AWS_REGION", "r1"}, {"AWS_DEFAULT_REGION", "r2"}, {"AWS_ENDPOINT_URL_S3", "http://e1"}, {"AWS_ENDPOINT_URL", "http://e2"}};
    EXPECT_EQ(s3::read_defaults(env, from_files).region, "r1");
    EXPECT_EQ(s3::read_defaults(env, from_files).endpoint, "http://e1");
    env.erase("AWS_REGION");
    env["AWS_ENDPOINT_URL_S3"] = "";
    EXPECT_EQ(s3::read_defaults(env, from_files).region, "r2");
    EXPECT_EQ(s3::read_defaults(env, from_files).endpoint, "http://e2");
    EXPECT_EQ(s3::read_defaults({}, from_files).region, "r3");
    EXPECT_EQ(s3::read_defaults({}, from_files).endpoint, "http://e3");
    EXPECT_EQ(s3::read_defaults({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, {"AWS_ENDPOINT_URL", "http://e2"}}, from_files).endpoint, "");
    EXPECT_EQ(s3::read_defaults({}, {}).region, "");
}

}  // namespace
