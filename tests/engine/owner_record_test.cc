// The documents of ownership: what is written is read back, and nothing else is believed.
#include "engine/owner_record.h"

#include <gtest/gtest.h>

#include "engine/key.h"
#include "engine/options.h"

namespace {

using namespace std::chrono_literals;

engine::owner_record record() { return {3, 0xabcd, 7, "host \"a\"", "flotilla watch, pid 17", 1'700'000'000'123, 60s, 41}; }
engine::host_beat beat() { return {0xabcd, 5, 7, 19, true, 9, "host a", "flotilla watch, pid 17", 1'700'000'000'123}; }

io::bytes bytes_of(std::string_view text) {
    const auto view = io::view_of(text);
    return {view.begin(), view.end()};
}

TEST(owner_record, comes_back_as_it_was_written) {
    EXPECT_EQ(*engine::decode_owner_record(engine::encode(record())), record());
    EXPECT_EQ(*engine::decode_host_beat(engine::encode(beat())), beat());
    EXPECT_EQ(engine::describe(record()), "host \"a\" (flotilla watch, pid 17), since 2023-11-14T22:13:20.123Z");
}

TEST(owner_record, fields_that_a_later_version_adds_are_left_alone) {
    std::string text(io::text_of(engine::encode(record())));
    text.insert(1, R"("colour":{"of":["the","fleet"]},)");
    EXPECT_EQ(*engine::decode_owner_record(bytes_of(text)), record());
}

TEST(owner_record, F4_what_is_cut_off_too_long_or_of_another_type_is_corrupt) {
    const std::string text(io::text_of(engine::encode(record())));
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        EXPECT_EQ(engine::decode_owner_record(bytes_of(text.substr(0, size))).error().code, io::errc::corrupt) << size;
    }
    const std::string beats(io::text_of(engine::encode(beat())));
    for (const std::string_view other : {"[]", "3", "{}", R"({"epoch":3})", "\xff\xfe"}) {
        EXPECT_EQ(engine::decode_owner_record(bytes_of(other)).error().code, io::errc::corrupt) << other;
        EXPECT_EQ(engine::decode_host_beat(bytes_of(other)).error().code, io::errc::corrupt) << other;
    }
    EXPECT_EQ(engine::decode_owner_record(bytes_of(beats)).error().code, io::errc::corrupt) << "a beat is no record";
    EXPECT_EQ(engine::decode_owner_record(bytes_of(text + std::string(engine::most_owner_document, ' '))).error().code, io::errc::corrupt);
}

TEST(owner_record, long_words_are_cut_and_odd_ones_do_no_harm) {
    auto long_line = record();
    long_line.who = std::string(100'000, '\x01');
    long_line.host = "\xff\"\\";
    const auto text = engine::encode(long_line);
    EXPECT_LE(text.size(), engine::most_owner_document);
    EXPECT_EQ(engine::decode_owner_record(text)->who, std::string(1000, '\x01'));
}

TEST(owner_record, a_lease_that_nobody_could_wait_out_is_cut) {
    auto long_ago = record();
    long_ago.lease = 1000h;
    EXPECT_EQ(engine::decode_owner_record(engine::encode(long_ago))->lease, engine::most_lease);
    long_ago.lease = 0s;
    EXPECT_EQ(engine::decode_owner_record(engine::encode(long_ago))->lease, engine::least_lease);
}

TEST(owner_record, F12_keys_sort_as_their_epochs_do) {
    EXPECT_EQ(engine::owner_key("a/b.db", 255), "a/b.db/owner/00000000000000ff.json");
    EXPECT_LT(engine::owner_key("a.db", 0xffffffffU), engine::owner_key("a.db", 0x100000000U));
    EXPECT_EQ(engine::parse_owner_key(engine::owner_key("a.db", 0x100000000U)), 0x100000000U);
    for (const std::string_view other : {"a.db/owner/0000000000000000.json", "a.db/owner/ff.json", "a.db/owner/00000000000000FF.json",
                                         "a.db/owner/00000000000000ff.jsn", "a.db/owner/00000000000000ff.json.tmp", ""}) {
        EXPECT_EQ(engine::parse_owner_key(other), std::nullopt) << other;
    }
}

}  // namespace
