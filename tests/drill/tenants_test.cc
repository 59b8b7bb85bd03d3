// One tenant's trouble is its own: the others' commits become durable one for one, as if it were not there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/drill/fixture.h"
#include "tests/drill/proxied_gateway.h"
#include "tests/support/chain_builder.h"
#include "tests/support/sqlite.h"

namespace {

namespace fs = std::filesystem;

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

INSTANTIATE_TEST_SUITE_P(a_tenant, tenant, testing::ValuesIn(troubles), [](const auto& each) { return each.param.name; });

}  // namespace
