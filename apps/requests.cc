#include "apps/requests.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "apps/json.h"
#include "apps/quantity.h"
#include "io/task_group.h"

namespace apps {

namespace {

struct request_flags : flags {
    std::vector<std::string> streams;
    io::duration timeout{};
};

using answer = std::optional<io::result<engine::request_box::reply>>;

io::task<void> ask_one(const io::environment& env, const std::string& state, engine::request_box::kind what, const std::string& stream, io::duration limit,
                       answer& into) {
    into = co_await engine::ask(env, state, what, stream, limit);
}

io::task<std::vector<answer>> ask_all(const io::environment& env, const std::string& state, engine::request_box::kind what, const request_flags& given) {
    std::vector<answer> out(given.streams.size());
    io::task_group all(env.time, env.on);
    for (std::size_t i = 0; i < out.size(); ++i) all.spawn(ask_one(env, state, what, given.streams[i], given.timeout, out[i]));
    co_await all.join();
    co_return out;
}

io::result<void> ask_each(engine::request_box::kind what, const request_flags& given) {
    world here;
    auto state = state_directory(here, given);
    if (!state) return state.error();
    const auto answers = here.run(ask_all(here.env, *state, what, given));
    io::result<void> first;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto& one = *answers[i];
        const std::string& stream = given.streams[i];
        if (one) {
            if (given.json) (void)print_line(json_object().add("stream", stream).add("txid", one->txid));
            else if (answers.size() == 1) fmt::print("{}\n", one->txid);
            else fmt::print("{} {}\n", stream, one->txid);
        } else if (first) {
            first = answers.size() == 1 ? one.error() : one.error().within(stream);
        } else {
            fmt::print(stderr, "flotilla: {}: {}\n", stream, one.error().context);
        }
    }
    return first;
}

}  // namespace

void add_timeout_flag(CLI::App& command, io::duration& into, const std::string& help) {
    const auto take = [&into](const std::string& text) {
        auto parsed = parse_duration(text);
        if (!parsed) throw CLI::ValidationError("--timeout", parsed.error().context);
        if (parsed->count() == 0) throw CLI::ValidationError("--timeout", "0 leaves no time for an answer");
        into = *parsed;
    };
    command.add_option_function<std::string>("--timeout", take, fmt::format("{} [{}]", help, show_duration(into)))->type_name("TIME");
}

void add_request_command(CLI::App& program, action& chosen, const request_command& one) {
    CLI::App* command = add_command(program, one.name, one.description, one.examples);
    const auto given = std::make_shared<request_flags>();
    given->timeout = one.patience;
    command->add_option("NAME", given->streams, "streams")->required()->type_name("");
    add_timeout_flag(*command, given->timeout, one.timeout_help);
    add_setting_flag(*command, *given, "--state", "state", "the state directory of the watch [as for watch]");
    add_config_flag(*command, *given);
    add_json_flag(*command, *given, "answers as JSON objects, one a line");
    command->callback([&chosen, given, what = one.what] { chosen = [given, what] { return ask_each(what, *given); }; });
}

}  // namespace apps
