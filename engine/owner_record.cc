#include "engine/owner_record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "engine/options.h"
#include "io/hex.h"
#include "io/json_text.h"

namespace engine {

namespace {

io::error damaged(std::string_view what) { return {io::errc::corrupt, io::subject::integrity, std::string(what)}; }

// Words for people, which may be as long as a command line.
std::string words(std::string_view text) {
    constexpr std::size_t most = 1000;
    return io::json_string(text.substr(0, most));
}

std::string hex(std::uint64_t value) { return io::json_string(io::hex16(value)); }

// Reads fields until one is not what it must be; that one is named.
class fields {
public:
    explicit fields(const simdjson::dom::object& from) : from_(from) {}

    std::string text(const char* name) {
        std::string_view value;
        if (from_[name].get(value) != simdjson::SUCCESS) fail(name);
        return std::string(value);
    }
    std::uint64_t number(const char* name) {
        std::uint64_t value = 0;
        if (from_[name].get(value) != simdjson::SUCCESS) fail(name);
        return value;
    }
    std::uint64_t hex(const char* name) {
        const auto value = io::parse_hex16(text(name));
        if (!value) fail(name);
        return value.value_or(0);
    }
    bool flag(const char* name) {
        bool value = false;
        if (from_[name].get(value) != simdjson::SUCCESS) fail(name);
        return value;
    }
    std::int64_t time(const char* name) {
        std::int64_t value = 0;
        if (!io::parse_time(text(name), value)) fail(name);
        return value;
    }
    const std::string& missing() const { return missing_; }

private:
    void fail(const char* name) {
        if (missing_.empty()) missing_ = name;
    }

    const simdjson::dom::object& from_;
    std::string missing_;
};

template <class T>
io::result<T> decode(io::byte_view text, T (*read)(fields&)) {
    if (text.size() > most_owner_document) return damaged(fmt::format("more than {} bytes", most_owner_document));
    simdjson::dom::parser parser(most_owner_document);
    simdjson::dom::object root;
    const auto words = io::text_of(text);
    if (words.empty() || parser.parse(words.data(), words.size()).get(root) != simdjson::SUCCESS) return damaged("no JSON object");
    fields from(root);
    T out = read(from);
    if (!from.missing().empty()) return damaged(fmt::format("the field \"{}\" is missing or makes no sense", from.missing()));
    return out;
}

io::bytes bytes_of(const std::string& text) {
    const auto view = io::view_of(text);
    return {view.begin(), view.end()};
}

}  // namespace

io::bytes encode(const owner_record& r) {
    const auto lease_ms = std::chrono::duration_cast<std::chrono::milliseconds>(r.lease).count();
    return bytes_of(fmt::format(R"({{"epoch":{},"writer":{},"nonce":{},"host":{},"who":{},"claimed":{},"lease_ms":{},"txid":{}}})"
                                "\n",
                                hex(r.epoch), hex(r.writer), hex(r.nonce), words(r.host), words(r.who),
                                io::json_string(io::format_time(r.claimed_ms)), lease_ms, r.txid));
}

io::bytes encode(const host_beat& b) {
    return bytes_of(fmt::format(R"({{"writer":{},"session":{},"nonce":{},"beat":{},"ended":{},"look":{},"host":{},"who":{},"written":{}}})"
                                "\n",
                                hex(b.writer), b.session, hex(b.nonce), b.beat, b.ended, hex(b.look), words(b.host),
                                words(b.who), io::json_string(io::format_time(b.written_ms))));
}

io::result<owner_record> decode_owner_record(io::byte_view text) {
    return decode<owner_record>(text, [](fields& from) {
        owner_record r;
        r.epoch = from.hex("epoch");
        r.writer = from.hex("writer");
        r.nonce = from.hex("nonce");
        r.host = from.text("host");
        r.who = from.text("who");
        r.claimed_ms = from.time("claimed");
        const std::uint64_t most = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(most_lease).count());
        r.lease = std::max<io::duration>(std::chrono::milliseconds(std::min(from.number("lease_ms"), most)), least_lease);
        r.txid = from.number("txid");
        return r;
    });
}

io::result<host_beat> decode_host_beat(io::byte_view text) {
    return decode<host_beat>(text, [](fields& from) {
        host_beat b;
        b.writer = from.hex("writer");
        b.session = from.number("session");
        b.nonce = from.hex("nonce");
        b.beat = from.number("beat");
        b.ended = from.flag("ended");
        b.look = from.hex("look");
        b.host = from.text("host");
        b.who = from.text("who");
        b.written_ms = from.time("written");
        return b;
    });
}

std::string describe(const owner_record& record) {
    return fmt::format("{} ({}), since {}", record.host.empty() ? "a host without a name" : record.host,
                       record.who.empty() ? "an engine" : record.who, io::format_time(record.claimed_ms));
}

}  // namespace engine
