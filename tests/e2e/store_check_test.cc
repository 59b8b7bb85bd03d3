// flotilla store-check, as an operator runs it.
#include <gmock/gmock.h>

#include "tests/e2e/fixture.h"

namespace {

using testing::HasSubstr;
using testing::Not;

TEST(store_check, a_server_that_has_what_is_needed_gets_a_table_and_exit_code_0) {
    const std::string store = tests::rgw::shared().make_bucket("store-check");
    const auto run = tests::flotilla({"store-check", store});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_THAT(run.out, HasSubstr("CHECK"));
    EXPECT_THAT(run.out, HasSubstr("create if absent, races"));
    EXPECT_THAT(run.out, HasSubstr("10 rounds of 20 writers"));
    EXPECT_THAT(run.out, HasSubstr("unquoted-if-match=true may help"));
    const auto json = tests::flotilla({"store-check", store, "--json"});
    EXPECT_EQ(json.code, 0) << json.err;
    EXPECT_THAT(json.out, HasSubstr(R"({"check":"create if absent","needed":true,"passed":true,"note":""})"));
}

TEST(store_check, what_cannot_be_checked_is_an_error_and_no_table) {
    const std::string store = tests::rgw::shared().make_bucket("store-check-2");
    std::string other = store;
    other.replace(other.find("store-check-2"), 13, "not-there");
    const auto missing = tests::flotilla({"store-check", other});
    EXPECT_EQ(missing.code, 4);
    EXPECT_EQ(missing.out, "");
    EXPECT_THAT(missing.err, HasSubstr("there is no bucket not-there"));
    const auto unknown = tests::flotilla({"store-check", store + "&color=blue"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_THAT(unknown.err, HasSubstr("color is not known"));
    const auto directory = tests::flotilla({"store-check", "/backup"});
    EXPECT_EQ(directory.code, 2);
    EXPECT_THAT(directory.err, HasSubstr("s3://"));
}

}  // namespace
