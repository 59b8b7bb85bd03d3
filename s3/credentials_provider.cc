#include "s3/credentials_provider.h"

#include <fmt/format.h>

#include <utility>

#include "io/retry.h"
#include "s3/credentials_document.h"
#include "s3/http_connection.h"

namespace s3 {

namespace {

constexpr std::uint64_t most_file = 1U << 20U;
constexpr int most_tries = 3;
constexpr io::retry_policy between_tries{std::chrono::milliseconds(200), std::chrono::seconds(2)};
// These endpoints are next door; on a host that has none, whoever asks shall hear it soon.
constexpr io::duration connect_limit = std::chrono::seconds(2);
constexpr io::duration answer_limit = std::chrono::seconds(10);

io::peer peer_of(const server_address& server) {
    io::peer out{server.host, server.port, std::nullopt};
    if (server.tls) out.tls = io::tls_options{};
    return out;
}

}  // namespace

credentials_provider::credentials_provider(const io::environment& env, io::network& net, credentials_origin origin, std::string source)
    : env_(env), net_(net), origin_(std::move(origin)), source_(std::move(source)), turn_(env.time, env.on, 1) {
    if (const auto* given = std::get_if<credentials>(&origin_)) current_ = *given;
}

io::task<io::result<credentials>> credentials_provider::get() {
    if (std::holds_alternative<credentials>(origin_)) co_return *current_;
    const auto now = [this] { return env_.time.wall_ms(); };
    const auto good_enough = [&] {
        const renewal::step step = renewal_.decide(now());
        return step == renewal::step::use || (step == renewal::step::use_and_renew && renewing_);
    };
    if (good_enough()) co_return *current_;
    const auto permit = co_await turn_.acquire();
    if (good_enough()) co_return *current_;
    renewing_ = true;
    auto made = co_await renew();
    renewing_ = false;
    if (made) {
        current_ = std::move(*made);
        renewal_.obtained(*current_, now());
        co_return *current_;
    }
    renewal_.failed(now());
    env_.journal.warning("credentials of {} are not renewed: {}", source_, made.error().context);
    if (renewal_.expired(now())) co_return made.error().within("credentials of " + source_);
    co_return *current_;
}

void credentials_provider::refused(const credentials& used) {
    if (current_ && used == *current_) renewal_.refused();
}

io::task<io::result<credentials>> credentials_provider::renew() {
    io::backoff pause(between_tries);
    for (int i = 1;; ++i) {
        auto made = co_await exchange_once();
        if (made || i == most_tries || io::classify(made.error().code) != io::disposition::retry) co_return made;
        co_await io::sleep_for(env_.time, pause.next(env_.dice));
    }
}

// What the origin's token file holds; empty if it has none.
io::task<io::result<std::string>> credentials_provider::read_token() {
    std::string path;
    if (const auto* from = std::get_if<web_identity_origin>(&origin_)) path = from->token_file;
    if (const auto* from = std::get_if<container_origin>(&origin_)) path = from->token_file;
    if (path.empty()) co_return std::string();
    auto data = co_await env_.elsewhere([&] { return io::read_file(env_.files, path, most_file); });
    if (!data) co_return data.error().as(io::subject::usage);
    co_return std::string(io::text_of(*data));
}

io::task<io::result<credentials>> credentials_provider::exchange_once() {
    auto token = co_await read_token();
    if (!token) co_return token.error();
    auto talk = credentials_exchange::begin(origin_, *token);
    if (!talk) co_return talk.error();
    std::unique_ptr<http_connection> connection;
    while (true) {
        const io::instant now = env_.time.now();
        if (!connection || !connection->reusable()) {
            auto stream = co_await net_.connect(peer_of(talk->server()), now + connect_limit);
            if (!stream) co_return stream.error().as(io::subject::store);
            connection = std::make_unique<http_connection>(std::move(*stream));
        }
        const http_request request = talk->next();
        http_response answer;
        const exchange_limits limits{{answer_limit, now + answer_limit}, max_credentials_document};
        auto ended = co_await connection->exchange(request, answer, limits);
        if (!ended) co_return ended.error().within(talk->server().authority());
        auto said = talk->take(answer);
        if (!said) co_return said.error();
        if (*said) co_return std::move(**said);
    }
}

io::task<io::result<surroundings>> look_around(const io::environment& env, variables of_process) {
    surroundings out{std::move(of_process), std::nullopt};
    const profile_place place = find_profile(out.env);
    const auto read = [&]() -> io::result<std::optional<profile>> {
        std::string texts[2];
        const std::string* paths[] = {&place.credentials_file, &place.config_file};
        for (std::size_t i = 0; i < 2; ++i) {
            if (paths[i]->empty()) continue;
            auto data = io::read_file(env.files, *paths[i], most_file);
            if (!data && data.error().code != io::errc::not_found) return data.error().as(io::subject::usage);
            if (data) texts[i] = io::text_of(*data);
        }
        return read_profile(place, texts[0], texts[1]);
    };
    auto found = co_await env.elsewhere(read);
    if (!found) co_return found.error();
    out.from_files = std::move(*found);
    co_return out;
}

}  // namespace s3
