// One tenant's trouble is its own: the others' commits become durable one for one, as if it were not there.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/drill/fixture.h"
#include "tests/drill/proxied_gateway.h"
#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct trouble {
    std::string name;
    tests::fault fault = tests::fault::none;  // of every request for that tenant's objects
};

const trouble troubles[] = {
    {"whose_key_is_denied", tests::fault::access_denied},
    {"whose_bucket_is_gone", tests::fault::no_bucket},
    {"whose_requests_are_never_answered", tests::fault::swallow},
    {"whose_requests_fail", tests::fault::internal_error},
    {"whose_database_is_corrupt", tests::fault::none},
};

class tenant : public drill::drill_test, public testing::WithParamInterface<trouble> {
protected:
    static constexpr int rounds = 25;
    drill::proxied_gateway gateway;
    std::vector<std::string> healthy = paths("healthy", 4);
    std::string sick = databases + "/sick.db";

    tenant() { store = gateway.make_bucket("tenants"); }

    // A row in each healthy database, durable before the next: the objects that each has got for them.
    void run_rounds(tests::watch& run, drill::writers& applications) {
        for (int i = 0; i < rounds; ++i) {
            std::map<std::string, std::size_t> before;
            for (const auto& path : healthy) before[path] = run.count("confirmed", stream_of(path));
            applications.commit(healthy);
            for (const auto& path : healthy) {
                run.await("confirmed", before[path] + 1, stream_of(path));
                EXPECT_EQ(run.count("confirmed", stream_of(path)), before[path] + 1) << path;
            }
        }
    }
    void damage(tests::watch& run, tests::app& app) const;
};

// Overwrites what its application has written, below SQLite.
void tenant::damage(tests::watch& run, tests::app& app) const {
    run.await_after("handed_off", [&] { app.run("INSERT INTO t VALUES(randomblob(200000))"); }, "sick.db");  // the log holds none of its pages any more
    run.await_after("confirmed", [&] { app.run("INSERT INTO t VALUES('newer than the last snapshot')"); }, "sick.db");
    app.run("PRAGMA wal_checkpoint(PASSIVE)");
    tests::spill(sick, io::bytes(20 * 4096, 0x99));
    const auto refused = tests::flotilla({"snapshot", "sick.db", "--state", state});
    EXPECT_NE(refused.code, 0) << "a snapshot of a file that is no database";
}

TEST_P(tenant, is_not_noticed_by_the_others) {
    drill::writers applications(healthy, 0);
    tests::app app(sick, 60'000);
    app.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x BLOB); INSERT INTO t VALUES(randomblob(3000000))");
    auto run = start({"--min-interval", "0", "--checkpoint-size", "64KiB", "--drain-limit", "1s"});
    for (const auto& path : healthy) run->await("attached", 1, stream_of(path));
    run->await("attached", 1, "sick.db");
    run_rounds(*run, applications);

    if (GetParam().fault == tests::fault::none) {
        damage(*run, app);
    } else {
        gateway.choose([fault = GetParam().fault](const std::string&, const std::string& target) {
            return target.find("sick.db") == std::string::npos ? tests::fault::none : fault;
        });
        const std::size_t before = gateway.requests("sick.db");
        app.run("INSERT INTO t SELECT randomblob(1000000) FROM (VALUES(1),(2),(3),(4),(5),(6))");
        gateway.await_requests("sick.db", before + 1);
    }
    const std::size_t asked = gateway.requests("sick.db");
    run_rounds(*run, applications);
    // A tenant in trouble does not take the machine either: its tries are paced.
    EXPECT_LE(gateway.requests("sick.db") - asked, static_cast<std::size_t>(rounds));
    gateway.heal();
    run->kill();  // it would wait for a request that is never answered
    const auto committed = applications.finish();
    for (const auto& [path, commits] : committed) expect_restored(path, commits);
}

class denied_tenant : public drill::drill_test {
protected:
    drill::proxied_gateway gateway;
    denied_tenant() { store = gateway.make_bucket("denied"); }
    // state.db is written once a second: asks until it says so, or has said a thousand times that it does not.
    std::string status_with(const std::string& part) const {
        std::string last;
        for (int i = 0; i < 1000 && last.find(part) == std::string::npos; ++i) last = tests::flotilla({"status", "--state", state, "--json"}).out;
        return last;
    }
    tests::outcome ask(const std::string& what) { return tests::flotilla({what, "app.db", "--state", state}); }
};

// The operator's way: status says what is wrong, the key is mended, retry goes on, and nothing is missing.
TEST_F(denied_tenant, is_shown_by_status_and_retry_goes_on_once_its_key_works_again) {
    tests::app app(databases + "/app.db", 60'000);
    app.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    auto run = start({"--min-interval", "0"});
    run->await("attached", 1, "app.db");
    EXPECT_EQ(ask("retry").code, 0) << "there is nothing to try again, and all is durable";
    gateway.choose([](const std::string& method, const std::string&) { return method == "PUT" ? tests::fault::access_denied : tests::fault::none; });
    run->await_after("halted", [&] { app.run("INSERT INTO t VALUES(2)"); }, "app.db");
    app.run("INSERT INTO t VALUES(3)");
    const std::string halted = status_with(R"("failed_objects":[{"level":0,)");
    EXPECT_THAT(halted, HasSubstr(R"("failed_objects":[{"level":0,)"));
    EXPECT_THAT(halted, HasSubstr(R"("state":"halted")"));
    EXPECT_THAT(halted, HasSubstr("AccessDenied"));
    const auto early = ask("retry");
    EXPECT_EQ(early.code, 4) << "the key does not work yet: " << early.err;
    EXPECT_THAT(early.err, HasSubstr("AccessDenied"));
    gateway.heal();
    const auto retried = ask("retry");
    EXPECT_EQ(retried.code, 0) << retried.err << run->log();
    const auto synced = ask("sync");
    EXPECT_EQ(synced.code, 0) << synced.err << run->log();
    EXPECT_THAT(status_with(R"("failed_objects":[])"), HasSubstr(R"("failed_objects":[])"));
    EXPECT_EQ(run->stop(), 0) << run->log();
    const auto restored = tests::flotilla({"restore", "app.db", "--from", store, "-o", dir.file("restored.db")});
    ASSERT_EQ(restored.code, 0) << restored.err;
    EXPECT_EQ(tests::app(dir.file("restored.db")).number("SELECT sum(x) FROM t"), 6);
}

INSTANTIATE_TEST_SUITE_P(a_tenant, tenant, testing::ValuesIn(troubles), [](const auto& each) { return each.param.name; });

}  // namespace
