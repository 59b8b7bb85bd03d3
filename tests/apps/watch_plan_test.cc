// From what somebody said to what the engine does: every setting that is accepted is obeyed, and who beats whom.
#include "apps/watch_plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "io/posix_file_system.h"
#include "tests/support/temp_directory.h"

namespace {

using namespace std::chrono_literals;
using kind = engine::target::what;

class watch_plan_test : public testing::Test {
protected:
    tests::temp_directory dir;
    io::posix_file_system files;
    apps::settings flags;
    std::string text = "to = '/backup'\n";
    std::map<std::string, std::string> variables;
    bool root = false;

    std::string touch(const std::string& name) {
        std::filesystem::create_directories(std::filesystem::path(dir.file(name)).parent_path());
        std::ofstream(dir.file(name)) << "x";
        return dir.file(name);
    }

    std::string entry(const std::string& path, const std::string& more = "") { return "[[database]]\npath = '" + path + "'\n" + more; }

    io::result<apps::watch_plan> plan(const std::vector<std::string>& arguments = {}) {
        const auto parsed = apps::parse_config(text, "f.toml");
        if (!parsed) return parsed.error();
        const auto variable = [this](const std::string& name) -> std::optional<std::string> {
            const auto at = variables.find(name);
            return at == variables.end() ? std::nullopt : std::optional(at->second);
        };
        return apps::plan_watch(files, arguments, flags, *parsed, {variable, root});
    }

    void expect_usage_error(const io::result<apps::watch_plan>& planned, const std::string& word) {
        ASSERT_FALSE(planned.has_value());
        EXPECT_EQ(planned.error().about, io::subject::usage);
        EXPECT_NE(planned.error().context.find(word), std::string::npos) << planned.error().context;
    }
};

// For each setting: a text, and whether a plan obeys it. A setting without an entry here fails the test below.
const std::map<std::string, std::pair<std::string, std::function<bool(const apps::watch_plan&)>>> obeyed = {
    {"to", {"/elsewhere", [](const apps::watch_plan& p) { return p.store == "/elsewhere"; }}},
    {"state", {"/st", [](const apps::watch_plan& p) { return p.options.state_directory == "/st"; }}},
    {"log-level", {"error", [](const apps::watch_plan& p) { return p.log_level == io::level::error; }}},
    {"sweep-interval", {"7s", [](const apps::watch_plan& p) { return p.options.sweep_interval == io::duration(7s); }}},
    {"drain-limit", {"8s", [](const apps::watch_plan& p) { return p.options.drain_limit == io::duration(8s); }}},
    {"unsafe-no-conditional-put", {"true", [](const apps::watch_plan& p) { return p.unsafe_no_conditional_put; }}},
    {"min-interval", {"9s", [](const apps::watch_plan& p) { return p.options.targets.at(0).settings.min_interval == io::duration(9s); }}},
    {"snapshot-interval", {"10h", [](const apps::watch_plan& p) { return p.options.targets.at(0).settings.snapshot_interval == io::duration(10h); }}},
    {"checkpoint-size", {"1MiB", [](const apps::watch_plan& p) { return p.options.targets.at(0).settings.checkpoint_bytes == 1U << 20U; }}},
    {"batch-size", {"2MiB", [](const apps::watch_plan& p) { return p.options.targets.at(0).settings.batch_bytes == 2U << 20U; }}},
    {"wal-limit", {"3MiB", [](const apps::watch_plan& p) { return p.options.targets.at(0).settings.wal_limit == 3U << 20U; }}},
    {"memory", {"33MiB", [](const apps::watch_plan& p) { return p.options.memory_bytes == 33U << 20U; }}},
    {"objects-in-flight", {"7", [](const apps::watch_plan& p) { return p.options.objects_in_flight == 7; }}},
    {"disk-limit", {"5MiB", [](const apps::watch_plan& p) { return p.options.disk_limit == 5U << 20U; }}},
    {"cache", {"2GiB", [](const apps::watch_plan& p) { return p.options.cache_bytes == 2U << 30U; }}},
    {"disk-reserve", {"0", [](const apps::watch_plan& p) { return p.options.disk_reserve == 0; }}},
    {"lease", {"11s", [](const apps::watch_plan& p) { return p.options.lease == io::duration(11s); }}},
    {"take-over", {"true", [](const apps::watch_plan& p) { return p.options.take_over; }}},
};

std::vector<std::string> all_names() {
    std::vector<std::string> out;
    for (const auto& list : {apps::general_setting_names(), apps::stream_setting_names()}) {
        for (const auto& one : list) out.emplace_back(one.name);
    }
    return out;
}

TEST_F(watch_plan_test, E7_every_setting_is_obeyed_from_the_file_and_as_a_flag_that_beats_it) {
    const std::string app = touch("app.db");
    for (const std::string& name : all_names()) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(obeyed.contains(name));
        const auto& [value, holds] = obeyed.at(name);
        const std::map<apps::unit, std::string> others{{apps::unit::text, name == "log-level" ? "debug" : "/x"}, {apps::unit::size, "50MiB"}, {apps::unit::time, "1h"},
                                                       {apps::unit::count, "8"}, {apps::unit::truth, "false"}};
        const std::string other = others.at(apps::unit_of(name));

        flags = {};
        text = name + " = '" + value + "'\n" + (name == "to" ? "" : "to = '/backup'\n");
        auto from_file = plan({app});
        ASSERT_TRUE(from_file.has_value()) << from_file.error().context;
        EXPECT_TRUE(holds(*from_file));

        text = name + " = '" + other + "'\n" + (name == "to" ? "" : "to = '/backup'\n");
        auto other_from_file = plan({app});
        ASSERT_TRUE(other_from_file.has_value());
        EXPECT_FALSE(holds(*other_from_file));
        ASSERT_TRUE(apps::set(flags, name, value).has_value());
        auto from_flag = plan({app});
        ASSERT_TRUE(from_flag.has_value());
        EXPECT_TRUE(holds(*from_flag));
    }
}

TEST_F(watch_plan_test, E7_settings_of_one_database_beat_those_for_all_and_flags_beat_both) {
    const std::string app = touch("app.db");
    text += "min-interval = '5s'\nbatch-size = '1MiB'\n" + entry(app, "min-interval = '7s'\n") + entry(touch("other.db"));
    auto planned = plan();
    ASSERT_TRUE(planned.has_value()) << planned.error().context;
    EXPECT_EQ(planned->options.targets.at(0).settings.min_interval, io::duration(7s));
    EXPECT_EQ(planned->options.targets.at(0).settings.batch_bytes, 1U << 20U);
    EXPECT_EQ(planned->options.targets.at(0).settings.checkpoint_bytes, engine::stream_options{}.checkpoint_bytes);
    EXPECT_EQ(planned->options.targets.at(1).settings.min_interval, io::duration(5s));
    flags.streams.min_interval = 9s;
    EXPECT_EQ(plan()->options.targets.at(0).settings.min_interval, io::duration(9s));
}

TEST_F(watch_plan_test, E7_a_streams_own_settings_reach_the_engine_and_flags_beat_them) {
    touch("data/one.db");
    text += entry(dir.file("data"), "batch-size = '1MiB'\n") + "[stream.'one.db']\nmin-interval = '7s'\ncheckpoint-size = '1MiB'\n";
    auto planned = plan();
    ASSERT_TRUE(planned.has_value()) << planned.error().context;
    const auto own = planned->options.overrides.at("one.db").over(planned->options.targets.at(0).settings);
    EXPECT_EQ(own.min_interval, io::duration(7s));
    EXPECT_EQ(own.checkpoint_bytes, 1U << 20U);
    EXPECT_EQ(own.batch_bytes, 1U << 20U);
    flags.streams.min_interval = 9s;
    EXPECT_EQ(plan()->options.overrides.at("one.db").min_interval, io::duration(9s));
}

TEST_F(watch_plan_test, E7_a_stream_section_that_could_never_hold_is_an_error) {
    const std::string app = touch("data/app.db");
    text += entry(app, "name = 'shop'\n") + "[stream.shop]\nmin-interval = '7s'\n";
    expect_usage_error(plan(), "f.toml:5");
    text = "to = '/backup'\n" + entry(app) + "[stream.'app.db']\nmin-interval = '7s'\n";
    expect_usage_error(plan(), "[[database]]");
    text = "to = '/backup'\n" + entry(app) + "[stream.'other.db']\nmin-interval = '7s'\n";
    expect_usage_error(plan(), "f.toml:4");
    text = "to = '/backup'\n" + entry(dir.file("data/*.db")) + "[stream.'app.db']\nmin-interval = '7s'\n";
    EXPECT_TRUE(plan().has_value());
}

TEST_F(watch_plan_test, E7_a_webhooks_secret_comes_from_its_variable_which_must_be_set_and_long) {
    const std::string app = touch("app.db");
    text += "[[webhook]]\nurl = 'https://h/'\nsecret_env = 'HOOK_SECRET'\n[[webhook]]\nurl = 'https://i/'\n";
    expect_usage_error(plan({app}), "HOOK_SECRET is not set");
    variables["HOOK_SECRET"] = "hunter2";
    expect_usage_error(plan({app}), "HOOK_SECRET");
    EXPECT_EQ(plan({app}).error().context.find("hunter2"), std::string::npos);
    variables["HOOK_SECRET"] = "0123456789abcdef";
    const auto planned = plan({app});
    ASSERT_TRUE(planned.has_value()) << planned.error().context;
    ASSERT_EQ(planned->webhooks.size(), 2U);
    EXPECT_EQ(planned->webhooks[0].secret.reveal(), "0123456789abcdef");
    EXPECT_TRUE(planned->webhooks[1].secret.empty());
}

TEST_F(watch_plan_test, what_is_missing_or_said_twice_is_an_error) {
    const std::string app = touch("app.db");
    text = "";
    expect_usage_error(plan({app}), "--to");
    text = "to = '/backup'\n";
    expect_usage_error(plan(), "databases");
    text += entry(app);
    expect_usage_error(plan({app}), "f.toml");
}

TEST_F(watch_plan_test, E7_an_empty_glob_in_the_file_is_an_error_with_its_line) {
    text += entry(dir.file("*.db"));
    expect_usage_error(plan(), "f.toml:2: path: ");
}

TEST_F(watch_plan_test, named_files_go_before_directories) {
    touch("data/app.db");
    const auto planned = plan({dir.file("data"), "shop=" + dir.file("data/app.db")});
    ASSERT_TRUE(planned.has_value());
    EXPECT_EQ(planned->options.targets.at(0).name, "shop");
    EXPECT_EQ(planned->options.targets.at(1).kind, kind::directory);
}

TEST_F(watch_plan_test, the_store_is_not_searched_for_databases) {
    flags.to = "file:///srv/backup%20here";
    const auto planned = plan({touch("app.db")});
    ASSERT_TRUE(planned.has_value());
    EXPECT_EQ(planned->options.excluded, std::vector<std::string>{"/srv/backup here"});
}

TEST_F(watch_plan_test, default_directories) {
    const std::string app = touch("app.db");
    variables = {{"HOME", "/home/ann"}};
    EXPECT_EQ(plan({app})->options.state_directory, "/home/ann/.local/state/flotilla");
    EXPECT_EQ(plan({app})->options.lock_directory, "/home/ann/.local/state/flotilla/locks");
    variables["XDG_STATE_HOME"] = "/xdg";
    EXPECT_EQ(plan({app})->options.state_directory, "/xdg/flotilla");
    root = true;
    EXPECT_EQ(plan({app})->options.state_directory, "/var/lib/flotilla");
    const std::string locks = plan({app})->options.lock_directory;
    EXPECT_EQ(locks, "/run/lock/flotilla");
    variables["FLOTILLA_STATE"] = "/named";
    EXPECT_EQ(plan({app})->options.state_directory, "/named");
    EXPECT_EQ(plan({app})->options.lock_directory, locks);
    flags.state = "/flag";
    EXPECT_EQ(plan({app})->options.state_directory, "/flag");
}

}  // namespace
