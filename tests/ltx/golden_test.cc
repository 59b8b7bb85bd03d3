// The golden sets of tests/data/ltx, restored by a restorer of twenty lines over the pieces of this folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "ltx/chain.h"
#include "ltx/file_name.h"
#include "tests/support/ltx_files.h"

namespace {

std::vector<std::string> files_of(const std::string& set) {
    const auto root = std::filesystem::path(FLOTILLA_TEST_DATA) / "ltx" / set;
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        if (entry.is_regular_file()) found.push_back("ltx/" + set + "/" + std::filesystem::relative(entry.path(), root).string());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::filesystem::path(a).filename() < std::filesystem::path(b).filename();
    });
    return found;
}

std::uint64_t checksum_of(const io::bytes& image, std::uint32_t page_size) {
    tests::page_map pages;
    for (std::size_t at = 0; at < image.size(); at += page_size)
        pages[static_cast<std::uint32_t>(at / page_size + 1)].assign(image.begin() + static_cast<std::ptrdiff_t>(at),
                                                                     image.begin() + static_cast<std::ptrdiff_t>(at + page_size));
    return tests::database_checksum(pages);
}

// Before a page of a file reaches the image, the whole file is verified; the chain carries the checksum of the image itself.
io::result<io::bytes> restore(const std::vector<std::string>& names) {
    io::bytes image;
    std::optional<ltx::chain_state> state;
    for (const auto& name : names) {
        auto file = tests::decode(tests::read_data(name));
        if (!file) return file.error();
        const ltx::header& h = file->summary.header;
        const auto named = ltx::parse_name(std::filesystem::path(name).filename().string());
        if (auto ok = ltx::check_name(named.value(), h); !ok) return ok.error();
        if (auto ok = state ? ltx::check_successor(*state, h) : ltx::check_start(h); !ok) return ok.error();
        ltx::growth_check growth(state ? state->commit : 0, h);
        for (const auto& [pgno, page] : file->pages) growth.add(pgno);
        if (auto ok = growth.finish(); !ok) return ok.error();
        image.resize(std::size_t{h.commit} * h.page_size);
        for (const auto& [pgno, page] : file->pages) std::copy(page.begin(), page.end(), image.begin() + static_cast<std::ptrdiff_t>(h.page_size) * (pgno - 1));
        state = ltx::state_after(h, file->summary.trailer);
        const std::uint64_t actual = checksum_of(image, h.page_size);
        if (state->checksum && *state->checksum != actual) return ltx::bad_content(io::errc::corrupt, "another database");
        state->checksum = actual;
    }
    return image;
}

class golden_set : public testing::TestWithParam<const char*> {};

TEST_P(golden_set, restores_the_source_database) {
    const auto image = restore(files_of(GetParam()));
    ASSERT_TRUE(image) << image.error().context;
    EXPECT_EQ(*image, tests::read_data("ltx/source.db"));
}

INSTANTIATE_TEST_SUITE_P(golden, golden_set, testing::Values("accepted", "multi-txid", "overlap", "reserved-bytes", "with-database-checksums"),
                         [](const auto& set) {
                             std::string name = set.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST(golden, what_litestream_wrote_decodes_with_its_file_checksum) {
    const auto names = files_of("litestream-0.5.17");
    ASSERT_EQ(names.size(), 1U);
    const io::bytes bytes = tests::read_data(names[0]);
    const auto file = tests::decode(bytes);
    ASSERT_TRUE(file) << file.error().context;
    EXPECT_EQ(file->pages.size(), 5U);
    EXPECT_EQ(io::text_of(io::byte_view(file->pages.at(1)).first(15)), "SQLite format 3");
    EXPECT_EQ(file->summary.trailer.file_checksum, io::load_big<std::uint64_t>(&bytes[bytes.size() - 8]));
}

// Read, not written: another version of LZ4 may choose another block.
TEST(golden, the_example_in_the_readme_is_a_file) {
    const io::bytes readme = tests::read_data("../../ltx/README.md");
    std::istringstream lines{std::string(io::text_of(readme))};
    io::bytes file;
    for (std::string line; std::getline(lines, line);) {
        if (line.size() < 49 || !line.starts_with("000000") || line[8] != ':') continue;
        std::string digits;
        for (const char c : line.substr(9, 40))
            if (c != ' ') digits += c;
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2) file.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
    }
    const auto read = tests::decode(file);
    ASSERT_TRUE(read) << read.error().context;
    EXPECT_EQ(read->pages, (tests::page_map{{1, io::bytes(512, 'A')}}));
    EXPECT_EQ(read->summary.header.sums, (ltx::database_sums{0, tests::database_checksum(read->pages)}));
    EXPECT_EQ(read->summary.header.node_id, 2U);
}

TEST(golden, A6_a_grown_page_that_is_missing_is_refused) {
    const auto image = restore(files_of("missing-grown-page"));
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, io::errc::corrupt);
    EXPECT_EQ(image.error().about, io::subject::integrity);
}

TEST(golden, F15_a_chain_without_a_snapshot_is_refused) {
    const auto image = restore(files_of("no-snapshot"));
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, io::errc::gap);
    EXPECT_EQ(image.error().about, io::subject::integrity);
}

TEST(golden, reserved_bytes_of_others_are_not_taken_for_our_checksums) {
    for (const auto& name : files_of("reserved-bytes")) {
        const auto file = tests::decode(tests::read_data(name));
        ASSERT_TRUE(file);
        EXPECT_FALSE(file->summary.header.sums);
        EXPECT_NE(file->summary.header.node_id, 0U);
    }
}

TEST(golden, native_checksums_are_verified) {
    const auto names = files_of("with-database-checksums");
    const auto snapshot = tests::decode(tests::read_data(names.at(0)));
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(ltx::post_checksum(snapshot->summary.header, snapshot->summary.trailer), tests::database_checksum(snapshot->pages));
    const auto increment = tests::decode(tests::read_data(names.at(1)));
    EXPECT_EQ(ltx::pre_checksum(increment->summary.header), tests::database_checksum(snapshot->pages));
}

}  // namespace
