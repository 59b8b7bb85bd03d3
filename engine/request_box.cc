#include "engine/request_box.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "ltx/file_name.h"

namespace engine {

namespace {

constexpr std::uint64_t most_bytes = 64U << 10U;
constexpr io::duration longest_look = std::chrono::milliseconds(20);  // between two looks for the answer
constexpr std::string_view request_suffix = ".request";
constexpr std::string_view answer_suffix = ".answer";

constexpr std::pair<std::string_view, request_box::kind> kinds[] = {{"snapshot", request_box::kind::snapshot},
                                                                    {"sync", request_box::kind::sync},
                                                                    {"retry", request_box::kind::retry},
                                                                    {"compare", request_box::kind::compare}};

std::string_view name_of(request_box::kind what) {
    const auto it = std::ranges::find(kinds, what, &std::pair<std::string_view, request_box::kind>::second);
    return it == std::end(kinds) ? "unknown" : it->first;
}

// "<kind> <stream>"; a kind that is not known is kept as such, so that it gets an answer.
request_box::request parse_request(std::string id, std::string_view text) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const auto it = std::ranges::find(kinds, text.substr(0, blank), &std::pair<std::string_view, request_box::kind>::first);
    const std::string_view stream = text.substr(std::min(blank + 1, text.size()));
    return {std::move(id), it == std::end(kinds) ? request_box::kind::unknown : it->second, std::string(stream)};
}

io::result<request_box::reply> parse_answer(std::string_view text) {
    request_box::reply out;
    if (text.starts_with("ok ")) {
        const std::string_view rest = text.substr(3);
        const std::string_view digits = rest.substr(0, rest.find(' '));
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out.txid);
        if (digits.size() < rest.size()) out.text = rest.substr(digits.size() + 1);
        if (ec == std::errc() && end == digits.data() + digits.size()) return out;
    } else if (text.starts_with("error ") && text.size() > 8 && text[6] >= '1' && text[6] <= '6') {
        return io::error{io::errc::io_failure, static_cast<io::subject>(text[6] - '0'), std::string(text.substr(8))};
    }
    return io::error{io::errc::corrupt, io::subject::general, fmt::format("the engine's answer makes no sense: \"{}\"", text.substr(0, 80))};
}

}  // namespace

request_box::request_box(std::string state_directory) : directory_(io::join(state_directory, "requests")) {}

io::result<void> request_box::prepare(io::file_system& files) const { return files.make_directories(directory_); }

io::result<std::vector<request_box::request>> request_box::pending(io::file_system& files, io::instant now) {
    auto entries = files.list(directory_);
    if (!entries) return entries.error();
    std::set<std::string> names;
    for (const auto& entry : *entries) if (entry.kind == io::file_kind::regular) names.insert(entry.name);
    std::erase_if(lying_, [&](const auto& one) { return !names.contains(one.first); });
    std::vector<request> out;
    for (const auto& name : names) {
        const std::string path = io::join(directory_, name);
        const std::string id = name.substr(0, name.rfind('.'));
        const std::string other = id + std::string(name.ends_with(answer_suffix) ? request_suffix : answer_suffix);
        if (name.ends_with(request_suffix) && !names.contains(other)) {
            auto text = io::read_file(files, path, most_bytes);
            if (text) out.push_back(parse_request(id, io::text_of(*text)));  // withdrawn meanwhile: nothing to do
            continue;
        }
        const bool withdrawn = name.ends_with(answer_suffix) && !names.contains(other);  // who asked no longer waited
        // Who was killed while he waited or wrote comes for nothing any more. An answer outlives its request, which would be an open one without it.
        const bool left = now - lying_.emplace(name, now).first->second >= lies_for && !name.ends_with(answer_suffix);
        if (withdrawn || left) (void)files.remove(path);
    }
    return out;
}

io::result<void> request_box::answer(io::file_system& files, const request& asked, const io::result<reply>& outcome) const {
    std::string text;
    if (!outcome) text = fmt::format("error {} {}", static_cast<int>(outcome.error().about), outcome.error().context);
    else text = fmt::format("ok {}{}{}", outcome->txid, outcome->text.empty() ? "" : " ", outcome->text);
    return io::write_file(files, io::join(directory_, asked.id + std::string(answer_suffix)), io::view_of(text));
}

io::task<io::result<request_box::reply>> ask(const io::environment& env, std::string state_directory, request_box::kind what, std::string stream,
                                             io::duration limit) {
    const request_box box(state_directory);
    const std::string stem = io::join(box.directory(), ltx::hex16(env.dice.next()));
    const std::string request = stem + std::string(request_suffix);
    const std::string answer = stem + std::string(answer_suffix);
    const std::string words = fmt::format("{} {}", name_of(what), stream);
    auto asked = co_await env.elsewhere([&] { return io::write_file(env.files, request, io::view_of(words)); });
    if (!asked) {
        (void)co_await env.elsewhere([&] { return env.files.remove(request); });  // it may have its name already, and nobody waits
        const bool nowhere = asked.error().code == io::errc::not_found;
        co_return asked.error().within(nowhere ? "no engine has used this state directory" : "the request cannot be written");
    }
    const io::instant until = env.time.now() + limit;
    io::result<request_box::reply> outcome =
        io::error{io::errc::timed_out, io::subject::general,
                  fmt::format("no answer from an engine on {}; is `flotilla watch` running with this --state?", state_directory)};
    io::duration pause = std::chrono::milliseconds(1);
    while (env.time.now() < until) {
        auto text = co_await env.elsewhere([&] { return io::read_file(env.files, answer, most_bytes); });
        if (text) {
            outcome = parse_answer(io::text_of(*text));
            break;
        }
        co_await io::sleep_for(env.time, pause);
        pause = std::min(2 * pause, longest_look);
    }
    co_await env.elsewhere([&] {
        (void)env.files.remove(request);
        (void)env.files.remove(answer);
    });
    co_return outcome;
}

}  // namespace engine
