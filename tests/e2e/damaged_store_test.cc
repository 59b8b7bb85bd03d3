// Whatever happens to the objects of a store, `verify` finds it and `restore` gives back exactly the right database or an error: never another
// one, and never a file that looks finished.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "io/bytes.h"
#include "ltx/decoder.h"
#include "ltx/format.h"
#include "tests/e2e/fixture.h"
#include "tests/support/chain_builder.h"

namespace {

using e2e::words;
using testing::HasSubstr;

// Every page of an object, one after another; nothing if it does not decode.
std::optional<io::bytes> pages_of(io::byte_view object) {
    io::bytes out;
    const ltx::page_sink take = [&out](std::uint32_t, io::byte_view page) -> io::result<void> {
        out.insert(out.end(), page.begin(), page.end());
        return {};
    };
    ltx::decoder reader;
    if (!reader.feed(object, take) || !reader.finish()) return std::nullopt;
    return out;
}

class damaged_store : public e2e::end_to_end {
protected:
    tests::store_access inside{store};
    std::map<std::string, io::bytes> objects;         // by key
    std::map<std::uint64_t, io::bytes> databases;     // what each TXID restores to, before any damage
    std::string restored = dir.file("out.db");

    // A snapshot and an object for each of a few commits, some that grow and one that shrinks the database.
    void SetUp() override {
        backup("app.db", store);
        for (const auto& key : inside.keys("app.db")) objects[key] = inside.read(key);
        for (std::uint64_t txid = 1; restore_at(txid) == 0; ++txid) databases[txid] = tests::slurp(restored);
        ASSERT_EQ(databases.size(), 6U);
        ASSERT_EQ(objects.size(), 6U);
        expect_verified();
    }

    void backup(const std::string& name, const std::string& to) {
        const std::string path = dir.file(name);
        create(path, "PRAGMA auto_vacuum=FULL;");
        tests::app(path).run("INSERT INTO t(x) VALUES('" + name + "')");  // two streams that begin alike could not be told apart
        tests::watch run({path, "--to", to, "--state", dir.file(name + ".state"), "--min-interval", "0"}, dir.file("watch.log"));
        run.await("attached");
        tests::app app(path);
        for (const char* sql : {"INSERT INTO t(x) SELECT hex(randomblob(3000)) FROM t", "UPDATE t SET x=x||'!' WHERE id=1",
                                "INSERT INTO t(x) VALUES(hex(randomblob(9000)))", "DELETE FROM t WHERE id>4", "CREATE TABLE u AS SELECT * FROM t"}) {
            run.await_after("confirmed", [&] { app.run(sql); });
        }
        ASSERT_EQ(run.stop(), 0);
    }

    int restore_at(std::uint64_t txid) {
        return tests::flotilla({"restore", "app.db", "--from", store, "-o", restored, "--force", "--txid", std::to_string(txid)}).code;
    }

    std::string snapshot() const { return inside.key("app.db", engine::level_snapshots, {1, 1}); }
    std::string capture(std::uint64_t txid) const { return inside.key("app.db", txid); }
    static std::string folder_of(const std::string& key) { return std::filesystem::path(key).parent_path(); }
    static std::string name_of(const std::string& key) { return std::filesystem::path(key).filename(); }

    void put_back() {
        for (const auto& key : inside.keys("app.db")) {
            if (!objects.contains(key)) inside.remove(key);
        }
        for (const auto& [key, bytes] : objects) inside.write(key, bytes);
    }

    // verify says so, with exit code 5 and these words.
    void expect_noticed(const words& says) {
        const auto done = tests::flotilla({"verify", "app.db", "--from", store});
        EXPECT_EQ(done.code, 5) << done.out << done.err;
        for (const auto& each : says) EXPECT_THAT(done.out + done.err, HasSubstr(each));
    }
    // Right, or no output and exit code 5 (6 where a name says that the point does not exist); returns whether it was right.
    bool expect_right_or_refused(std::uint64_t txid) {
        std::filesystem::remove(restored);
        const int code = restore_at(txid);
        EXPECT_TRUE(code == 0 || code == 5 || code == 6) << "TXID " << txid << ": exit " << code;
        if (code == 0) EXPECT_TRUE(tests::slurp(restored) == databases[txid]) << "TXID " << txid << " was restored to something else";
        else EXPECT_FALSE(std::filesystem::exists(restored)) << "TXID " << txid << ": refused, and yet there is a file";
        return code == 0;
    }
    // Both, at all TXIDs; those before `bad` must be restored.
    void expect_damage(std::uint64_t bad, const words& says) {
        expect_noticed(says);
        for (const auto& [txid, bytes] : databases) {
            const bool right = expect_right_or_refused(txid);
            if (txid < bad) EXPECT_TRUE(right) << "TXID " << txid << " lies before the damage";
        }
        for (const auto& name : tests::names_in(dir.path())) EXPECT_THAT(name, testing::Not(HasSubstr(".restoring"))) << "a temporary is left";
        put_back();
    }
};

TEST_F(damaged_store, an_object_that_is_truncated_or_too_long_or_empty) {
    for (const auto& [key, whole] : objects) {
        const std::uint64_t bad = key == snapshot() ? 1 : std::stoull(name_of(key).substr(0, 16), nullptr, 16);
        const std::size_t size = whole.size();
        const std::size_t lengths[] = {0, 1, 50, ltx::header_size, size / 2, size - 24, size - 1, size + 1, 2 * size};
        for (const std::size_t length : lengths) {
            if (length == 0 && on_s3()) continue;  // nobody's object, there (s3/claims.h): the same as a missing one
            SCOPED_TRACE(fmt::format("{} cut from {} to {} bytes", key, size, length));
            io::bytes other = whole;
            other.resize(length);
            inside.write(key, other);
            expect_damage(bad, {name_of(key)});
        }
        inside.write(key, io::bytes(size, 0));
        expect_damage(bad, {name_of(key)});
    }
}

// Every region of every object: header, frames, blocks, index, trailer.
TEST_F(damaged_store, an_object_with_one_byte_changed_anywhere) {
    int refused = 0;
    int restored_anyway = 0;
    for (const auto& [key, whole] : objects) {
        std::vector<std::size_t> at;
        for (std::size_t i = 0; i < whole.size();) {
            at.push_back(i);
            const bool at_an_end = i < ltx::header_size + 12 || i + 60 > whole.size();
            i += at_an_end ? 3 : std::max<std::size_t>(whole.size() / 20, 1);
        }
        const std::uint64_t ends = std::stoull(name_of(key).substr(17, 16), nullptr, 16);
        for (const std::size_t i : at) {
            SCOPED_TRACE(fmt::format("{}, byte {} of {}", key, i, whole.size()));
            io::bytes other = whole;
            other[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
            inside.write(key, other);
            // A file's checksum covers its pages, not the bytes they are compressed to: now and then another bit in a block (the distance to
            // one of many equal runs) gives the very same page. Such an object is sound, and only such a one.
            if (pages_of(other) != pages_of(whole)) expect_noticed({name_of(key)});
            for (const std::uint64_t txid : {ends, databases.rbegin()->first}) (expect_right_or_refused(txid) ? restored_anyway : refused)++;
            inside.write(key, whole);
        }
    }
    std::cout << refused << " restores refused, " << restored_anyway << " right in spite of the damage\n";
    EXPECT_GT(refused, 0);
}

TEST_F(damaged_store, B8_sizes_that_are_claimed_but_cannot_be) {
    const std::string key = capture(3);
    const auto with = [&](std::size_t at, std::initializer_list<std::uint8_t> bytes) {
        io::bytes other = objects.at(key);
        std::copy(bytes.begin(), bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(at));
        return other;
    };
    const std::size_t size = objects.at(key).size();
    const std::pair<const char*, io::bytes> lies[] = {
        {"a page size of 65536", with(8, {0, 1, 0, 0})},
        {"a page size of 2^31", with(8, {0x80, 0, 0, 0})},
        {"4,294,967,295 pages", with(12, {0xff, 0xff, 0xff, 0xff})},
        {"a log of 2^62 bytes", with(56, {0x40, 0, 0, 0, 0, 0, 0, 0})},
        {"a block of 4 GiB", with(106, {0xff, 0xff, 0xff, 0xff})},
        {"page number 2^32-1", with(100, {0xff, 0xff, 0xff, 0xff})},
        {"an index of 2^63 bytes", with(size - 24, {0x80, 0, 0, 0, 0, 0, 0, 0})},
        {"an index of no bytes", with(size - 24, {0, 0, 0, 0, 0, 0, 0, 0})},
    };
    for (const auto& [what, bytes] : lies) {
        SCOPED_TRACE(what);
        inside.write(key, bytes);
        expect_damage(3, {name_of(key)});
    }
}

TEST_F(damaged_store, B13_B14_an_object_under_another_name) {
    inside.write(capture(4), objects.at(capture(3)));
    expect_damage(4, {name_of(capture(4))});
    inside.rename(capture(6), capture(7));
    expect_damage(6, {"app.db"});
    inside.rename(snapshot(), inside.key("app.db", engine::level_snapshots, {1, 2}));
    expect_damage(1, {"app.db"});
    inside.rename(snapshot(), capture(1));  // a snapshot on another level is the same database
    for (const auto& [txid, bytes] : databases) expect_right_or_refused(txid);
    put_back();
    inside.rename(capture(5), folder_of(capture(5)) + "/5.ltx");
    expect_damage(5, {"app.db"});
}

TEST_F(damaged_store, B10_an_object_of_another_stream) {
    backup("other.db", dir.file("other-store"));
    tests::store_access other(dir.file("other-store"));
    for (std::uint64_t txid = 2; txid <= 6; ++txid) {
        SCOPED_TRACE(txid);
        inside.write(capture(txid), other.read(other.key("other.db", txid)));
        expect_damage(txid, {name_of(capture(txid))});
    }
    // A snapshot is sound by itself, so a restore that needs nothing else cannot tell; what follows on it, and verify, can.
    inside.write(snapshot(), other.read(other.key("other.db", engine::level_snapshots, {1, 1})));
    expect_noticed({"another stream"});
    for (std::uint64_t txid = 2; txid <= 6; ++txid) EXPECT_FALSE(expect_right_or_refused(txid));
}

TEST_F(damaged_store, F1_A13_an_object_that_is_missing) {
    for (std::uint64_t txid = 2; txid < 6; ++txid) {
        SCOPED_TRACE(txid);
        inside.remove(capture(txid));
        expect_noticed({"app.db"});
        const auto newest = tests::flotilla({"restore", "app.db", "--from", store, "-o", restored, "--force"});
        EXPECT_EQ(newest.code, 5) << "stopping early is no success";
        EXPECT_THAT(newest.err, HasSubstr(fmt::format("TXIDs {} to {} are missing", txid, txid)));
        expect_damage(txid, {"app.db"});
    }
    inside.remove(snapshot());
    expect_damage(1, {"app.db"});
}

TEST_F(damaged_store, something_that_is_no_object_where_one_is_expected) {
    inside.remove(capture(3));
    inside.write(capture(3) + "/below", io::bytes(10, 'x'));
    expect_noticed({"app.db"});
    for (const auto& [txid, bytes] : databases) expect_right_or_refused(txid);
    inside.remove(capture(3) + "/below");
    inside.remove(capture(3));  // the directory that this was
    put_back();
    inside.write(folder_of(capture(3)) + "/notes.txt", io::bytes(10, 'x'));
    for (const auto& [txid, bytes] : databases) EXPECT_TRUE(expect_right_or_refused(txid)) << "a stranger is in nobody's way";
    put_back();
}

}  // namespace
