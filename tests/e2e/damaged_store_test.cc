// Whatever happens to the objects of a store, `verify` finds it and `restore` gives back exactly the right database or an error: never another
// one, and never a file that looks finished.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <map>

#include "io/bytes.h"
#include "ltx/format.h"
#include "tests/e2e/fixture.h"
#include "tests/support/chain_builder.h"

namespace {

using e2e::words;
using testing::HasSubstr;

class damaged_store : public e2e::end_to_end {
protected:
    std::map<std::string, io::bytes> objects;         // by path
    std::map<std::uint64_t, io::bytes> databases;     // what each TXID restores to, before any damage
    std::string restored = dir.file("out.db");

    // A snapshot and an object for each of a few commits, some that grow and one that shrinks the database.
    void SetUp() override {
        backup("app.db", store);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(store)) {
            if (entry.path().extension() == ".ltx") objects[entry.path()] = tests::slurp(entry.path());
        }
        for (std::uint64_t txid = 1; restore_at(txid) == 0; ++txid) databases[txid] = tests::slurp(restored);
        ASSERT_EQ(databases.size(), 6U);
        ASSERT_EQ(objects.size(), 6U);
        expect_verified();
    }

    void backup(const std::string& name, const std::string& to) {
        const std::string path = dir.file(name);
        create(path, "PRAGMA auto_vacuum=FULL;");
        tests::app(path).run("INSERT INTO t(x) VALUES('" + name + "')");  // two streams that begin alike could not be told apart
        tests::watch run({path, "--to", to, "--state", to + "-state", "--min-interval", "0"}, dir.file("watch.log"));
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

    std::string snapshot() const { return store + "/app.db/ltx/9/0000000000000001-0000000000000001.ltx"; }
    std::string capture(std::uint64_t txid) const { return store + fmt::format("/app.db/ltx/0/{0:016x}-{0:016x}.ltx", txid); }
    static std::string name_of(const std::string& path) { return std::filesystem::path(path).filename(); }

    void put_back() {
        std::filesystem::remove_all(store + "/app.db");
        for (const auto& [path, bytes] : objects) {
            std::filesystem::create_directories(std::filesystem::path(path).parent_path());
            tests::spill(path, bytes);
        }
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
    for (const auto& [path, whole] : objects) {
        const std::uint64_t bad = path == snapshot() ? 1 : std::stoull(name_of(path).substr(0, 16), nullptr, 16);
        const std::size_t size = whole.size();
        const std::size_t lengths[] = {0, 1, 50, ltx::header_size, size / 2, size - 24, size - 1, size + 1, 2 * size};
        for (const std::size_t length : lengths) {
            SCOPED_TRACE(fmt::format("{} cut from {} to {} bytes", path, size, length));
            io::bytes other = whole;
            other.resize(length);
            tests::spill(path, other);
            expect_damage(bad, {name_of(path)});
        }
        tests::spill(path, io::bytes(size, 0));
        expect_damage(bad, {name_of(path)});
    }
}

// Every region of every object: header, frames, blocks, index, trailer.
TEST_F(damaged_store, an_object_with_one_byte_changed_anywhere) {
    int refused = 0;
    int restored_anyway = 0;
    for (const auto& [path, whole] : objects) {
        std::vector<std::size_t> at;
        for (std::size_t i = 0; i < whole.size();) {
            at.push_back(i);
            const bool at_an_end = i < ltx::header_size + 12 || i + 60 > whole.size();
            i += at_an_end ? 3 : std::max<std::size_t>(whole.size() / 20, 1);
        }
        const std::uint64_t ends = std::stoull(name_of(path).substr(17, 16), nullptr, 16);
        for (const std::size_t i : at) {
            SCOPED_TRACE(fmt::format("{}, byte {} of {}", path, i, whole.size()));
            io::bytes other = whole;
            other[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
            tests::spill(path, other);
            expect_noticed({name_of(path)});
            for (const std::uint64_t txid : {ends, databases.rbegin()->first}) (expect_right_or_refused(txid) ? restored_anyway : refused)++;
            tests::spill(path, whole);
        }
    }
    std::cout << refused << " restores refused, " << restored_anyway << " right in spite of the damage\n";
    EXPECT_GT(refused, 0);
}

TEST_F(damaged_store, B8_sizes_that_are_claimed_but_cannot_be) {
    const std::string path = capture(3);
    const auto with = [&](std::size_t at, std::initializer_list<std::uint8_t> bytes) {
        io::bytes other = objects.at(path);
        std::copy(bytes.begin(), bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(at));
        return other;
    };
    const std::size_t size = objects.at(path).size();
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
        tests::spill(path, bytes);
        expect_damage(3, {name_of(path)});
    }
}

TEST_F(damaged_store, B13_B14_an_object_under_another_name) {
    std::filesystem::remove(capture(4));
    std::filesystem::copy(capture(3), capture(4));
    expect_damage(4, {name_of(capture(4))});
    std::filesystem::rename(capture(6), capture(7));
    expect_damage(6, {"app.db"});
    std::filesystem::rename(snapshot(), store + "/app.db/ltx/9/0000000000000001-0000000000000002.ltx");
    expect_damage(1, {"app.db"});
    std::filesystem::rename(snapshot(), capture(1));  // a snapshot on another level is the same database
    for (const auto& [txid, bytes] : databases) expect_right_or_refused(txid);
    put_back();
    std::filesystem::rename(capture(5), store + "/app.db/ltx/0/5.ltx");
    expect_damage(5, {"app.db"});
}

TEST_F(damaged_store, B10_an_object_of_another_stream) {
    backup("other.db", dir.file("other-store"));
    for (std::uint64_t txid = 2; txid <= 6; ++txid) {
        SCOPED_TRACE(txid);
        tests::spill(capture(txid), tests::slurp(dir.file(fmt::format("other-store/other.db/ltx/0/{0:016x}-{0:016x}.ltx", txid))));
        expect_damage(txid, {name_of(capture(txid))});
    }
    // A snapshot is sound by itself, so a restore that needs nothing else cannot tell; what follows on it, and verify, can.
    tests::spill(snapshot(), tests::slurp(dir.file("other-store/other.db/ltx/9/" + name_of(snapshot()))));
    expect_noticed({"another stream"});
    for (std::uint64_t txid = 2; txid <= 6; ++txid) EXPECT_FALSE(expect_right_or_refused(txid));
}

TEST_F(damaged_store, F1_A13_an_object_that_is_missing) {
    for (std::uint64_t txid = 2; txid < 6; ++txid) {
        SCOPED_TRACE(txid);
        std::filesystem::remove(capture(txid));
        expect_noticed({"app.db"});
        const auto newest = tests::flotilla({"restore", "app.db", "--from", store, "-o", restored, "--force"});
        EXPECT_EQ(newest.code, 5) << "stopping early is no success";
        EXPECT_THAT(newest.err, HasSubstr(fmt::format("TXIDs {} to {} are missing", txid, txid)));
        expect_damage(txid, {"app.db"});
    }
    std::filesystem::remove(snapshot());
    expect_damage(1, {"app.db"});
}

TEST_F(damaged_store, something_that_is_no_object_where_one_is_expected) {
    std::filesystem::remove(capture(3));
    std::filesystem::create_directories(capture(3));
    expect_damage(3, {"app.db"});
    tests::spill(store + "/app.db/ltx/0/notes.txt", io::bytes(10, 'x'));
    for (const auto& [txid, bytes] : databases) EXPECT_TRUE(expect_right_or_refused(txid)) << "a stranger is in nobody's way";
    put_back();
}

}  // namespace
