#include "io/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <set>
#include <stdexcept>

namespace {

using io::disposition;
using io::errc;
using io::subject;

const std::map<errc, std::pair<std::string, disposition>> all_codes = {
    {errc::io_failure, {"io_failure", disposition::retry}},
    {errc::timed_out, {"timed_out", disposition::retry}},
    {errc::busy, {"busy", disposition::retry}},
    {errc::no_space, {"no_space", disposition::retry}},
    {errc::access_denied, {"access_denied", disposition::fail}},
    {errc::read_only, {"read_only", disposition::fail}},
    {errc::not_found, {"not_found", disposition::not_found}},
    {errc::already_exists, {"already_exists", disposition::already_exists}},
    {errc::precondition_failed, {"precondition_failed", disposition::precondition_failed}},
    {errc::outcome_unknown, {"outcome_unknown", disposition::outcome_unknown}},
    {errc::canceled, {"canceled", disposition::fail}},
    {errc::corrupt, {"corrupt", disposition::fail}},
    {errc::too_large, {"too_large", disposition::fail}},
    {errc::unsupported, {"unsupported", disposition::fail}},
    {errc::invalid, {"invalid", disposition::fail}},
    {errc::not_a_database, {"not_a_database", disposition::fail}},
    {errc::not_wal, {"not_wal", disposition::fail}},
    {errc::held, {"held", disposition::fail}},
    {errc::overtaken, {"overtaken", disposition::fail}},
    {errc::out_of_range, {"out_of_range", disposition::fail}},
    {errc::gap, {"gap", disposition::fail}},
};

TEST(error, every_code_has_its_name_and_one_disposition) {
    EXPECT_EQ(all_codes.size(), static_cast<std::size_t>(errc::gap) + 1);
    std::set<std::string_view> names;
    for (const auto& [code, expected] : all_codes) {
        EXPECT_EQ(io::name(code), expected.first);
        EXPECT_EQ(io::classify(code), expected.second) << expected.first;
        names.insert(io::name(code));
    }
    EXPECT_EQ(names.size(), all_codes.size());
}

TEST(error, an_unknown_outcome_is_never_simply_retried) {
    EXPECT_NE(io::classify(errc::outcome_unknown), disposition::retry);
    EXPECT_NE(io::classify(errc::already_exists), disposition::retry);
    EXPECT_NE(io::classify(errc::corrupt), disposition::retry);
}

TEST(error, from_errno_keeps_the_thing_and_the_words_of_the_system) {
    const std::map<int, errc> codes = {
        {ENOENT, errc::not_found}, {ENOTDIR, errc::not_found},     {EEXIST, errc::already_exists}, {ENOTEMPTY, errc::already_exists},
        {ENOSPC, errc::no_space},  {EDQUOT, errc::no_space},       {EACCES, errc::access_denied},  {EPERM, errc::access_denied},
        {EROFS, errc::read_only},  {EAGAIN, errc::busy},           {EBUSY, errc::busy},            {ETIMEDOUT, errc::timed_out},
        {EFBIG, errc::too_large},  {ENAMETOOLONG, errc::invalid},  {ELOOP, errc::invalid},         {EISDIR, errc::invalid},
        {EIO, errc::io_failure},   {ESTALE, errc::io_failure},     {EMFILE, errc::io_failure},     {ENOMEM, errc::io_failure},
    };
    for (const auto& [number, code] : codes) {
        EXPECT_EQ(io::from_errno(number, subject::store, "open /x").code, code) << number;
    }
    const io::error full = io::from_errno(ENOSPC, subject::target, "write /out.db");
    EXPECT_EQ(full.about, subject::target);
    EXPECT_EQ(full.context, "write /out.db: No space left on device");
}

TEST(error, context_grows_outwards_and_the_rest_stays) {
    const io::error inner{errc::corrupt, subject::integrity, "checksum"};
    const io::error outer = inner.within("page 7").within("0001.ltx");
    EXPECT_EQ(outer.context, "0001.ltx: page 7: checksum");
    EXPECT_EQ(outer.code, errc::corrupt);
    EXPECT_EQ(outer.about, subject::integrity);
    const io::error other = inner.as(subject::database);
    EXPECT_EQ(other.about, subject::database);
    EXPECT_EQ(other.code, errc::corrupt);
    EXPECT_EQ(other.context, "checksum");
}

TEST(error, subjects_are_the_exit_codes_of_the_readme) {
    EXPECT_EQ(static_cast<int>(subject::general), 1);
    EXPECT_EQ(static_cast<int>(subject::usage), 2);
    EXPECT_EQ(static_cast<int>(subject::database), 3);
    EXPECT_EQ(static_cast<int>(subject::store), 4);
    EXPECT_EQ(static_cast<int>(subject::integrity), 5);
    EXPECT_EQ(static_cast<int>(subject::target), 6);
}

TEST(error, the_value_of_an_error_is_a_bug_that_says_which_error) {
    const io::result<int> bad = io::error{errc::gap, subject::integrity, "7 to 9"};
    try {
        (void)bad.value();
        FAIL() << "no exception";
    } catch (const std::logic_error& e) {
        EXPECT_NE(std::string(e.what()).find("7 to 9 (gap)"), std::string::npos) << e.what();
    }
}

}  // namespace
