#include "apps/s3_store.h"

#include <unistd.h>

#include <string_view>

#include "io/tcp_network.h"
#include "s3/credentials_provider.h"

namespace apps {

namespace {

constexpr std::size_t customer_key_size = 32;
constexpr io::duration deadline_for_the_engine = std::chrono::seconds(10);

s3::variables variables_of_process() {
    s3::variables out;
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string_view entry = *at;
        const std::string_view name = entry.substr(0, entry.find('='));
        if (name.starts_with("AWS_") || name == "HOME") out.emplace(name, entry.substr(std::min(entry.size(), name.size() + 1)));
    }
    return out;
}

io::task<io::result<s3::secret>> read_customer_key(const io::environment& env, std::string path) {
    const auto read = [&]() -> io::result<s3::secret> {
        auto data = io::read_file(env.files, path, customer_key_size);
        if (!data) return data.error().as(io::subject::usage).within("sse-c-key-file");
        if (data->size() != customer_key_size) {
            return io::error{io::errc::invalid, io::subject::usage, path + ": a key for SSE-C has exactly 32 bytes (head -c 32 /dev/urandom > FILE)"};
        }
        return s3::secret(std::string(io::text_of(*data)));
    };
    co_return co_await env.elsewhere(read);
}

}  // namespace

io::task<io::result<s3_way>> find_s3(const io::environment& env, std::string url) {
    auto around = co_await s3::look_around(env, variables_of_process());
    if (!around) co_return around.error();
    auto where = s3::parse_store_url(url, s3::read_defaults(around->env, around->from_files));
    if (!where) co_return where.error();
    auto origin = s3::choose_origin(around->env, around->from_files, where->at.region);
    if (!origin) co_return origin.error();
    if (!where->customer_key_file.empty()) {
        auto key = co_await read_customer_key(env, where->customer_key_file);
        if (!key) co_return key.error();
        where->at_rest.customer_key = std::move(*key);
    }
    s3_way out;
    out.net = std::make_unique<io::tcp_network>(env.on);
    const std::string source = s3::describe(*origin, around->env);
    env.journal.debug("{}: credentials of {}", where->text(), source);
    out.keys = std::make_unique<s3::credentials_provider>(env, *out.net, std::move(*origin), source);
    out.where = std::move(*where);
    co_return out;
}

io::task<io::result<s3_place>> open_s3(const io::environment& env, std::string url, io::directory_store::access how, bool unsafe_no_conditional_put) {
    auto way = co_await find_s3(env, std::move(url));
    if (!way) co_return way.error();
    s3::store_settings settings;
    settings.where = std::move(way->where);
    settings.unsafe_no_conditional_put = unsafe_no_conditional_put;
    // The engine tries again by itself, tells the operator, and looks whether it is to stop: it wants each answer soon.
    if (how == io::directory_store::access::write) settings.requests.deadline = deadline_for_the_engine;
    const auto access = how == io::directory_store::access::write ? s3::store::access::write : s3::store::access::read;
    auto opened = co_await s3::store::open(env, *way->net, *way->keys, std::move(settings), access);
    if (!opened) co_return opened.error();
    co_return s3_place{std::move(way->net), std::move(way->keys), std::move(*opened)};
}

}  // namespace apps
