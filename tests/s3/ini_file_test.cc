#include "s3/ini_file.h"

#include <gtest/gtest.h>

namespace {

TEST(ini_file, the_syntax_of_the_shared_files) {
    const auto file = s3::parse_ini(
        "\xef\xbb\xbf# a comment\r\n"
        "\n"
        "[default]\r\n"
        "aws_access_key_id = AKID\r\n"
        "AWS_Secret_Access_Key=abc/d+e=f#g\n"
        "region = eu-west-1 # here\n"
        "output\t=\tjson\t; there\n"
        "; another comment\n"
        "s3 =\n"
        "  addressing_style = path\n"
        "  nonsense without equals\n"
        "endpoint_url = https://h ;x\n"
        "empty =\n"
        "[profile  \"my name\" ] # words\n"
        "  region = x-1\n"
        "  color = blue\n"
        "[default]\n"
        "region = eu-west-2");
    ASSERT_TRUE(file) << file.error().context;
    ASSERT_EQ(file->size(), 2U);
    const auto& main = file->at("default");
    EXPECT_EQ(main.at("aws_access_key_id"), "AKID");
    EXPECT_EQ(main.at("aws_secret_access_key"), "abc/d+e=f#g") << "a '#' without a blank before it is part of the value";
    EXPECT_EQ(main.at("region"), "eu-west-2") << "the later one counts";
    EXPECT_EQ(main.at("output"), "json");
    EXPECT_EQ(main.at("endpoint_url"), "https://h");
    EXPECT_EQ(main.at("empty"), "");
    EXPECT_FALSE(main.contains("addressing_style"));
    EXPECT_EQ(file->at("profile my name").at("region"), "x-1");
    EXPECT_EQ(file->at("profile my name").at("color"), "blue") << "indented settings of one depth are settings";
}

TEST(ini_file, errors_name_the_line_and_never_show_it) {
    const std::pair<const char*, const char*> table[] = {
        {"[default]\nhunter2\n", "line 2"},
        {"hunter2 = x\n", "line 1"},
        {"[default\n", "line 1"},
        {"\n\n[]\n", "line 3"},
        {"[default] hunter2\n", "line 1"},
        {"[a]\n= hunter2\n", "line 2"},
    };
    for (const auto& [text, where] : table) {
        const auto file = s3::parse_ini(text);
        ASSERT_FALSE(file) << text;
        EXPECT_EQ(file.error().code, io::errc::invalid);
        EXPECT_EQ(file.error().about, io::subject::usage);
        EXPECT_NE(file.error().context.find(where), std::string::npos) << file.error().context;
        EXPECT_EQ(file.error().context.find("hunter2"), std::string::npos) << file.error().context;
    }
}

TEST(ini_file, empty_and_too_large) {
    EXPECT_TRUE(s3::parse_ini("")->empty());
    EXPECT_EQ(s3::parse_ini(std::string((1 << 20) + 1, '\n')).error().code, io::errc::too_large);
    EXPECT_TRUE(s3::parse_ini(std::string(1 << 20, '\n')));
}

}  // namespace
