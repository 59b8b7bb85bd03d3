#include "apps/config.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

apps::config parse(const std::string& text) {
    auto parsed = apps::parse_config(text, "flotilla.toml");
    if (!parsed) {
        ADD_FAILURE() << parsed.error().context;
        return {};
    }
    return *parsed;
}

TEST(config, everything_that_can_be_said) {
    const auto all = parse(R"(
to = "/backup"
state = "/var/lib/flotilla"
log-level = "warning"
min-interval = "2s"
snapshot-interval = "12h"
checkpoint-size = "8MiB"
batch-size = 1048576
sweep-interval = "1m"
drain-limit = 0
[[database]]
path = "/srv/app.db"
name = "app"
min-interval = "0"
[[database]]
path = "/srv/tenants"
[stream."tenants/big.db"]
min-interval = "10s"
snapshot-interval = 0
)");
    EXPECT_EQ(all.general.to, "/backup");
    EXPECT_EQ(all.general.state, "/var/lib/flotilla");
    EXPECT_EQ(all.general.log_level, io::level::warning);
    EXPECT_EQ(all.general.streams.min_interval, io::duration(2s));
    EXPECT_EQ(all.general.streams.snapshot_interval, io::duration(12h));
    EXPECT_EQ(all.general.streams.checkpoint_bytes, 8U << 20U);
    EXPECT_EQ(all.general.streams.batch_bytes, 1U << 20U);
    EXPECT_EQ(all.general.sweep_interval, io::duration(1min));
    EXPECT_EQ(all.general.drain_limit, io::duration(0s));
    ASSERT_EQ(all.databases.size(), 2U);
    EXPECT_EQ(all.databases[0].path, "/srv/app.db");
    EXPECT_EQ(all.databases[0].name, "app");
    EXPECT_EQ(all.databases[0].changes.min_interval, io::duration(0s));
    EXPECT_FALSE(all.databases[0].changes.snapshot_interval.has_value());
    EXPECT_EQ(all.databases[1].path, "/srv/tenants");
    EXPECT_EQ(all.databases[1].name, "");
    EXPECT_EQ(all.databases[1].said.text(), "flotilla.toml:15");
    ASSERT_EQ(all.streams.size(), 1U);
    EXPECT_EQ(all.streams.at("tenants/big.db").changes.min_interval, io::duration(10s));
    EXPECT_EQ(all.streams.at("tenants/big.db").changes.snapshot_interval, io::duration(0s));
}

TEST(config, nothing_said_is_nothing_set) {
    const auto none = parse("# nothing\n");
    EXPECT_FALSE(none.general.to || none.general.state || none.general.log_level || none.general.sweep_interval || none.general.drain_limit);
    EXPECT_FALSE(none.general.streams.min_interval || none.general.streams.batch_bytes);
    EXPECT_TRUE(none.databases.empty() && none.streams.empty());
}

TEST(config, text_of_any_language_is_fine_in_quotes_and_comments) {
    const auto all = parse("\xef\xbb\xbf# \xc3\xbc \"\nto = \"\"\"\\\"/\xc3\xbc\"\"\"\"\"\nstate = '\\' # '\n[stream.'\xe2\x82\xac.db']\nbatch-size = \"4KiB\"\n");
    EXPECT_EQ(all.general.to, "\"/\xc3\xbc\"\"");
    EXPECT_EQ(all.general.state, "\\");
    EXPECT_TRUE(all.streams.contains("\xe2\x82\xac.db"));
}

TEST(config, relative_paths_are_meant_from_the_file) {
    auto all = parse("to='backup'\nstate='/abs'\n[[database]]\npath='data/*.db'\n[[database]]\npath='/srv'\n");
    apps::anchor(all, "/etc/flotilla");
    EXPECT_EQ(all.general.to, "/etc/flotilla/backup");
    EXPECT_EQ(all.general.state, "/abs");
    EXPECT_EQ(all.databases[0].path, "/etc/flotilla/data/*.db");
    EXPECT_EQ(all.databases[1].path, "/srv");
    auto url = parse("to='file:///backup'");
    apps::anchor(url, "/etc");
    EXPECT_EQ(url.general.to, "file:///backup");
}

struct bad {
    const char* name;
    const char* text;
    const char* line;  // where it must be said to be
    const char* word;  // and what must be named
};

void PrintTo(const bad& one, std::ostream* out) { *out << one.name; }

TEST(config, E7_webhooks) {
    auto all = parse(R"(
[[webhook]]
url = "https://ops.example.com/in"
secret_env = "HOOK_SECRET"
events = ["stream_halted", "recovered"]
ca = "ca.pem"
[[webhook]]
url = "http://127.0.0.1:9/"
secret = "0123456789abcdef"
)");
    ASSERT_EQ(all.webhooks.size(), 2U);
    EXPECT_EQ(all.webhooks[0].secret_env, "HOOK_SECRET");
    EXPECT_TRUE(all.webhooks[0].to.secret.empty());
    EXPECT_EQ(all.webhooks[0].to.path, "/in");
    EXPECT_EQ(all.webhooks[0].to.events, (std::set{engine::event::what::halted, engine::event::what::recovered}));
    EXPECT_EQ(all.webhooks[1].to.secret.reveal(), "0123456789abcdef");
    EXPECT_EQ(all.webhooks[1].to.events.size(), apps::webhook_events().size()) << "all, if none are named";
    EXPECT_EQ(all.webhooks[1].to.said, "flotilla.toml:7");
    apps::anchor(all, "/etc");
    EXPECT_EQ(all.webhooks[0].to.ca_file, "/etc/ca.pem");
    EXPECT_EQ(all.webhooks[1].to.ca_file, "");
}

class bad_config : public testing::TestWithParam<bad> {};

TEST_P(bad_config, E7_is_an_error_that_names_file_line_and_key) {
    const auto parsed = apps::parse_config(GetParam().text, "flotilla.toml");
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, io::errc::invalid);
    EXPECT_EQ(parsed.error().about, io::subject::usage);
    EXPECT_TRUE(parsed.error().context.starts_with(std::string("flotilla.toml:") + GetParam().line + ": ")) << parsed.error().context;
    EXPECT_NE(parsed.error().context.find(GetParam().word), std::string::npos) << parsed.error().context;
}

INSTANTIATE_TEST_SUITE_P(config, bad_config, testing::Values(
    bad{"webhook_without_url", "\n[[webhook]]\nsecret_env = \"X\"\n", "2", "url"},
    bad{"webhook_as_one_table", "[webhook]\nurl = \"https://h/\"\n", "1", "two brackets"},
    bad{"webhook_unknown_key", "[[webhook]]\nurl = \"https://h/\"\nsecret-env = \"X\"\n", "3", "\"secret-env\""},
    bad{"webhook_bad_url", "[[webhook]]\nurl = \"ops.example.com/x\"\n", "2", "url:"},
    bad{"webhook_two_secrets", "[[webhook]]\nurl = \"https://h/\"\nsecret = \"0123456789abcdef\"\nsecret_env = \"X\"\n", "1", "secret_env"},
    bad{"webhook_short_secret", "[[webhook]]\nurl = \"https://h/\"\nsecret = \"hunter2\"\n", "3", "guessed"},
    bad{"webhook_empty_secret", "[[webhook]]\nurl = \"https://h/\"\nsecret = \"\"\n", "3", "secret:"},
    bad{"webhook_unknown_event", "[[webhook]]\nurl = \"https://h/\"\nevents = [\"confirmed\"]\n", "3", "\"confirmed\" is not one of"},
    bad{"webhook_event_twice", "[[webhook]]\nurl = \"https://h/\"\nevents = [\"recovered\", \"recovered\"]\n", "3", "twice"},
    bad{"webhook_no_events", "[[webhook]]\nurl = \"https://h/\"\nevents = []\n", "3", "events:"},
    bad{"webhook_event_without_quotes", "[[webhook]]\nurl = \"https://h/\"\nevents = [1]\n", "3", "events:"},
    bad{"webhook_ca_without_tls", "[[webhook]]\nurl = \"http://h/\"\nca = \"x.pem\"\n", "1", "ca:"},
    bad{"not_toml", "to = \"/b\"\nstate = \n", "2", ""},
    bad{"unknown_key", "to = \"/b\"\n\nmin_interval = \"1s\"\n", "3", "\"min_interval\""},
    bad{"unknown_table", "[server]\nport = 1\n", "1", "\"server\""},
    bad{"unknown_key_of_a_database", "[[database]]\npath = \"a\"\nto = \"/b\"\n", "3", "\"to\""},
    bad{"unknown_key_of_a_stream", "[stream.\"a\"]\nsweep-interval = \"1s\"\n", "2", "\"sweep-interval\""},
    bad{"unquoted_stream", "[stream.a.db]\nmin-interval = \"1s\"\n", "1", "quotes"},
    bad{"number_for_text", "to = 5\n", "1", "to:"},
    bad{"truth_for_text", "to = true\n", "1", "to:"},
    bad{"text_for_truth", "unsafe-no-conditional-put = \"yes\"\n", "1", "unsafe-no-conditional-put:"},
    bad{"number_for_truth", "unsafe-no-conditional-put = 1\n", "1", "unsafe-no-conditional-put:"},
    bad{"array_for_text", "to = [\"/b\"]\n", "1", "to:"},
    bad{"number_for_duration", "min-interval = 5\n", "1", "min-interval:"},
    bad{"fraction", "\nmin-interval = 1.5\n", "2", "min-interval:"},
    bad{"boolean", "checkpoint-size = true\n", "1", "checkpoint-size:"},
    bad{"negative_size", "batch-size = -1\n", "1", "batch-size:"},
    bad{"bad_duration", "snapshot-interval = \"1 day\"\n", "1", "snapshot-interval:"},
    bad{"bad_level", "log-level = \"loud\"\n", "1", "log-level:"},
    bad{"small_checkpoint", "checkpoint-size = \"32KiB\"\n", "1", "checkpoint-size:"},
    bad{"small_batch", "batch-size = 100\n", "1", "batch-size:"},
    bad{"sweep_without_pause", "sweep-interval = \"0\"\n", "1", "sweep-interval:"},
    bad{"empty_store", "to = \"\"\n", "1", "to:"},
    bad{"umlaut_outside_quotes", "# \xc3\xbc\nto = \"\xc3\xbc\"\n\xc3\xbc = 1\n", "3", ""},
    bad{"control_character", "to = \"a\"\n[\x01Kream]\n", "2", ""},
    bad{"control_character_in_quotes", "to = \"a\"\nstate = '''\n\x7f'''\n", "3", ""},
    bad{"a_header_that_toml_asserts_about", "to = \"a\"\n\n[[\\u0000]]\nstate = \"b\"\n", "3", "TOML"},
    bad{"odd_space", "to = \"a\"\n\xef\xbb\xb7state = \"b\"\n", "2", ""},
    bad{"twice", "to = \"a\"\nto = \"b\"\n", "2", "to"},
    bad{"one_bracket", "[database]\npath = \"a\"\n", "1", "[[database]]"},
    bad{"database_is_text", "database = \"a\"\n", "1", "[[database]]"},
    bad{"list_of_texts", "database = [\"a\"]\n", "1", "[[database]]"},
    bad{"no_path", "to = \"b\"\n[[database]]\nname = \"a\"\n", "2", "path"},
    bad{"empty_path", "[[database]]\npath = \"\"\n", "2", "path"},
    bad{"bad_name", "[[database]]\npath = \"a\"\nname = \"../a\"\n", "1", "name"},
    bad{"same_path", "[[database]]\npath = \"a\"\n[[database]]\npath = \"a\"\n", "4", "line 2"},
    bad{"same_name", "[[database]]\npath = \"a\"\nname = \"x\"\n[[database]]\npath = \"b\"\nname = \"x\"\n", "6", "line 3"},
    bad{"stream_is_text", "stream = \"a\"\n", "1", "stream"},
    bad{"stream_is_no_table", "[stream]\n\"a.db\" = \"1s\"\n", "2", "a.db"},
    bad{"bad_stream_name", "[stream.\"/a\"]\nmin-interval = \"1s\"\n", "1", "stream"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
