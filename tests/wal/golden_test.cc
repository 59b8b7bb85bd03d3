// Logs that real SQLite wrote, some damaged on purpose, against what an independent reader found in them (tests/data/wal/README.md).
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "tests/support/chain_builder.h"
#include "wal/frame_batch.h"
#include "wal/scanner.h"

namespace {

using simdjson::dom::element;

std::string data(const std::string& name) { return std::string(FLOTILLA_TEST_DATA "/wal/") + name; }

const element& expected_all() {
    static simdjson::dom::parser parser;
    static const element all = parser.load(data("expected.json"));
    return all;
}

std::vector<std::string> names() {
    std::vector<std::string> out;
    const simdjson::dom::object all = expected_all().get_object();
    for (const auto& entry : all) out.emplace_back(entry.key);
    return out;
}

std::uint32_t number(const element& from, const char* key) { return static_cast<std::uint32_t>(from[key].get_uint64().value()); }

struct commit {
    wal::position at;
    std::uint32_t pages = 0;
};

struct scanned {
    std::uint64_t frames = 0;
    std::vector<commit> commits;
    std::optional<wal::frame_batch> batch;
};

scanned scan(const wal::header& head, io::byte_view file) {
    scanned out;
    wal::scanner reader(wal::start_of(head));
    out.batch.emplace(wal::start_of(head));
    const std::size_t frame_bytes = wal::frame_header_size + head.page_size;
    // One frame at a time, so that the position after each commit can be taken.
    for (file = file.subspan(wal::header_size); file.size() >= frame_bytes && !reader.ended(); file = file.subspan(frame_bytes)) {
        std::uint32_t pages = 0;
        const std::size_t consumed = reader.feed(file.first(frame_bytes), [&](const wal::frame& f) {
            ++out.frames;
            pages = f.commit_pages;
            out.batch->add(f);
        });
        if (consumed == 0) break;
        if (pages != 0) out.commits.push_back({reader.committed(), pages});
    }
    out.batch->finish(reader.committed());
    return out;
}

class golden : public testing::TestWithParam<std::string> {
protected:
    const element expected = expected_all()[GetParam()].value();
    const io::bytes file = tests::slurp(data(GetParam() + ".wal"));
    const io::result<std::optional<wal::header>> head = wal::decode_header(file);
    const std::string_view state = expected["header"].get_string().value();

    void SetUp() override { ASSERT_EQ(file.size(), number(expected, "size")); }
};

TEST_P(golden, A1_A2_header) {
    if (state == "invalid") {
        ASSERT_FALSE(head.has_value());
        EXPECT_EQ(head.error().code, io::errc::corrupt);
        EXPECT_EQ(head.error().about, io::subject::database);
        return;
    }
    ASSERT_TRUE(head.has_value()) << head.error().context;
    ASSERT_EQ(head->has_value(), state == "valid");
    if (state == "empty") return;
    EXPECT_EQ((*head)->big_endian, expected["big_endian"].get_bool().value());
    EXPECT_EQ((*head)->page_size, number(expected, "page_size"));
    EXPECT_EQ((*head)->checkpoint_sequence, number(expected, "checkpoint_sequence"));
    EXPECT_EQ((*head)->salt1, number(expected, "salt1"));
    EXPECT_EQ((*head)->salt2, number(expected, "salt2"));
}

void expect_commit(const element& wanted, const commit& got) {
    EXPECT_EQ(got.pages, number(wanted, "pages_in_database"));
    EXPECT_EQ(got.at.offset, number(wanted, "end_offset"));
    EXPECT_EQ(got.at.running, (wal::chain{number(wanted, "checksum1"), number(wanted, "checksum2")}));
}

TEST_P(golden, F2_A1_A2_B7_frames_commits_and_newest_pages) {
    if (state != "valid") {
        EXPECT_TRUE(!head.has_value() || !head->has_value());
        return;
    }
    const scanned got = scan(**head, file);
    EXPECT_EQ(got.frames, number(expected, "valid_frames"));
    ASSERT_EQ(got.commits.size(), number(expected, "commits"));
    std::map<std::uint32_t, std::uint64_t> newest;
    if (!got.commits.empty()) {
        expect_commit(expected["first_commit"].value(), got.commits.front());
        expect_commit(expected["last_commit"].value(), got.commits.back());
        // Pages behind the end of a database that shrank are not the batch's (B7).
        const simdjson::dom::object wanted = expected["newest_frame_offset"].get_object();
        for (const auto& entry : wanted) {
            const auto pgno = static_cast<std::uint32_t>(std::stoul(std::string(entry.key)));
            if (pgno <= got.batch->commit_pages()) newest[pgno] = entry.value.get_uint64().value() + wal::frame_header_size;
        }
    }
    std::map<std::uint32_t, std::uint64_t> found;
    for (const auto& place : got.batch->pages()) found[place.pgno] = place.offset;
    EXPECT_EQ(found, newest);
}

INSTANTIATE_TEST_SUITE_P(files, golden, testing::ValuesIn(names()), [](const auto& info) {
    std::string name = info.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(golden_files, every_log_in_the_directory_is_expected) {
    std::size_t logs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data(""))) logs += entry.path().extension() == ".wal" ? 1 : 0;
    EXPECT_EQ(logs, names().size());
    EXPECT_EQ(logs, 28U);
}

// The frames of the generation before are still in the file, behind those of the new one, with valid checksums of their own.
TEST(golden_files, F3_frames_of_an_older_generation_do_not_count) {
    for (const char* name : {"restarted-and-grown.wal", "restarted-shorter-than-before.wal"}) {
        const io::bytes file = tests::slurp(data(name));
        const auto head = wal::decode_header(file);
        ASSERT_TRUE(head.has_value() && head->has_value());
        const scanned got = scan(**head, file);
        const std::size_t frame_bytes = wal::frame_header_size + (*head)->page_size;
        EXPECT_LT(wal::header_size + got.frames * frame_bytes, file.size());
        for (const auto& place : got.batch->pages()) {
            EXPECT_EQ(wal::decode_frame_header(file.data() + place.offset - wal::frame_header_size).salt1, (*head)->salt1);
        }
    }
}

}  // namespace
