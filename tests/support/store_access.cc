#include "tests/support/store_access.h"

#include <filesystem>
#include <stdexcept>
#include <utility>

#include "io/clock.h"
#include "io/directory_store.h"
#include "ltx/format.h"
#include "tests/support/chain_builder.h"

namespace tests {

namespace {

constexpr std::uint64_t most_bytes = 64U << 20U;

template <class T>
T must(io::result<T> got) {
    if (!got) throw std::runtime_error(got.error().context);
    return std::move(*got);
}

// As both programs label what they store; nothing if these bytes do not even hold a header.
s3::metadata label(const io::bytes& data) {
    const auto header = ltx::decode_header(data);
    if (!header) return {};
    std::string time = io::format_time(header->timestamp_ms);
    return {{"litestream-timestamp", time.insert(time.size() - 1, "000000")}};
}

}  // namespace

store_access::store_access(const std::string& url) {
    if (!s3::is_store_url(url)) {
        directory_ = url;
        return;
    }
    way_ = must(world_.run(apps::find_s3(world_.env, url)));
    requests_ = std::make_unique<s3::client>(world_.env, *way_.net, *way_.keys, way_.where, s3::client_settings{});
    s3::store_settings settings;
    settings.where = way_.where;
    store_ = must(world_.run(s3::store::open(world_.env, *way_.net, *way_.keys, settings, s3::store::access::read)));
}

store_access::~store_access() = default;

std::string store_access::whole(const std::string& key) const {
    return directory_.empty() ? way_.where.prefix + (way_.where.prefix.empty() ? "" : "/") + key : directory_ + "/" + key;
}

std::vector<std::string> store_access::keys(const std::string& stream) {
    std::vector<std::string> out;
    for (unsigned level = 0; level < engine::level_count; ++level) {
        const std::string prefix = engine::level_prefix(layout(), stream, level);
        if (directory_.empty()) {
            for (const auto& each : must(world_.run(store_->list(prefix)))) out.push_back(each.key);
        } else if (std::filesystem::is_directory(whole(prefix))) {
            for (const auto& name : names_in(whole(prefix))) out.push_back(prefix + "/" + name);
        }
    }
    return out;
}

std::vector<io::object_info> store_access::objects() {
    std::unique_ptr<io::directory_store> local;
    if (!directory_.empty()) local = must(world_.run(io::directory_store::open(world_.env, directory_, io::directory_store::access::read)));
    io::object_store& in = local ? static_cast<io::object_store&>(*local) : *store_;
    std::vector<io::object_info> out;
    for (const auto& stream : must(world_.run(in.children("")))) {
        for (unsigned level = 0; level < engine::level_count; ++level) {
            for (auto& each : must(world_.run(in.list(engine::level_prefix(layout(), stream, level))))) out.push_back(std::move(each));
        }
    }
    return out;
}

io::bytes store_access::read(const std::string& key) { return directory_.empty() ? must(world_.run(store_->get(key, 0, most_bytes))) : slurp(whole(key)); }

void store_access::write(const std::string& key, const io::bytes& data) {
    if (!directory_.empty()) {
        std::filesystem::create_directories(std::filesystem::path(whole(key)).parent_path());
        spill(whole(key), data);
        return;
    }
    auto request = s3::put_object(way_.where, whole(key), data, label(data), {});
    must(world_.run(requests_->send(s3::make_call(s3::operation::put_object, whole(key), std::move(request)))));
}

void store_access::remove(const std::string& key) {
    if (!directory_.empty()) {
        std::filesystem::remove(whole(key));
        return;
    }
    auto request = s3::remove_object(way_.where, whole(key));
    must(world_.run(requests_->send(s3::make_call(s3::operation::remove_object, whole(key), std::move(request)))));
}

void store_access::rename(const std::string& from, const std::string& to) {
    write(to, read(from));
    remove(from);
}

}  // namespace tests
