// What only a store on S3 can meet.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/e2e/fixture.h"

namespace {

using testing::HasSubstr;

class on_s3 : public e2e::end_to_end {
protected:
    tests::rgw& server = tests::rgw::shared();

    on_s3() {
        static int count = 0;
        store = server.make_bucket("on-s3-" + std::to_string(++count));
    }
};

TEST_F(on_s3, killed_again_and_again_while_the_server_restarts_it_loses_nothing) {
    create(db, "PRAGMA page_size=1024");
    e2e::application writer("full_speed", db);
    std::unique_ptr<tests::watch> run;
    for (int round = 0; round < 3; ++round) {
        run = follow(db, {"--checkpoint-size", "64KiB"});
        writer.await_commits(50);
        if (round == 1) {
            server.pause();
            writer.await_commits(50);
            server.restart();
        }
        run->await_another("confirmed", "app.db");
        run->kill();
    }
    run = follow(db);
    const std::int64_t commits = writer.finish();
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_log(restore("app.db"), commits);
    expect_verified();
}

TEST_F(on_s3, a_large_database_is_a_multipart_upload_and_comes_back) {
    create(db);
    {
        tests::app app(db);
        app.run("CREATE TABLE large(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<40000) INSERT INTO large SELECT randomblob(1000) FROM n");
    }
    auto run = follow(db);
    EXPECT_EQ(run->stop(), 0) << run->log();
    const auto requests = server.requests();
    const auto parts = std::ranges::count_if(requests, [](const std::string& line) { return line.find("partNumber=5&") != std::string::npos; });
    EXPECT_EQ(parts, 1);
    expect_same_rows("app.db", db);
    expect_verified();
}

TEST_F(on_s3, A10_two_watches_of_copies_of_one_database_do_not_mix_their_histories) {
    create(db);
    const std::string copy = dir.file("copy.db");
    std::filesystem::copy_file(db, copy);
    auto first = start({db});
    tests::watch second({"app.db=" + copy, "--to", store, "--state", dir.file("other-state"), "--min-interval", "0"}, dir.file("second.log"));
    tests::app ours(db);
    tests::app theirs(copy);
    // Both claim the stream; one gets it, and the other ends when it has seen that that one lives.
    tests::watch* loser = nullptr;
    while (loser == nullptr) {
        ours.run("INSERT INTO t(x) VALUES('ours')");
        theirs.run("INSERT INTO t(x) VALUES('theirs')");
        if (first->count("attached") == 1) loser = &second;
        if (second.count("attached") == 1) loser = first.get();
    }
    EXPECT_EQ(loser->wait(), 4) << loser->log();
    EXPECT_THAT(loser->log(), HasSubstr("another host ships this stream"));
    const bool first_won = loser == &second;
    EXPECT_EQ((first_won ? *first : second).stop(), 0);
    expect_same_rows("app.db", first_won ? db : copy);
    expect_verified();
}

TEST_F(on_s3, E7_the_drain_limit_holds_while_the_server_is_away) {
    create(db);
    auto run = follow(db, {"--drain-limit", "1s"});
    server.pause();
    tests::app(db).run("INSERT INTO t(x) VALUES('late')");
    run->send_signal(SIGTERM);
    EXPECT_EQ(run->wait(tests::process::milliseconds(30'000)), 4) << run->log();
    server.restart();
    auto next = follow(db);
    EXPECT_EQ(next->stop(), 0) << next->log();
    expect_same_rows("app.db", db);
}

TEST_F(on_s3, what_is_wrong_with_a_store_is_exit_code_4_and_with_its_url_2) {
    create(db);
    const auto watch = [&](const std::string& url) { return tests::flotilla({"watch", db, "--to", url, "--state", state}); };
    const auto missing = watch("s3://no-such-bucket?endpoint=" + server.http());
    EXPECT_EQ(missing.code, 4);
    EXPECT_THAT(missing.err, HasSubstr("no-such-bucket"));
    const auto untrusted = watch("s3://bucket?endpoint=" + server.https());
    EXPECT_EQ(untrusted.code, 4);
    EXPECT_THAT(untrusted.err, HasSubstr("ca="));
    const auto word = watch(store + "&regoin=eu-west-1");
    EXPECT_EQ(word.code, 2);
    EXPECT_THAT(word.err, HasSubstr("regoin"));
    const auto secret = watch("s3://key:very-secret@bucket");
    EXPECT_EQ(secret.code, 2);
    EXPECT_THAT(secret.err, testing::Not(HasSubstr("very-secret")));
}

TEST_F(on_s3, over_tls_with_a_certificate_authority_of_ones_own) {
    store = store.substr(0, store.find('?')) + "/below/here?endpoint=" + server.https() + "&ca=" + server.ca_file();
    create(db);
    auto run = follow(db);
    EXPECT_EQ(run->stop(), 0) << run->log();
    expect_same_rows("app.db", db);
    expect_verified();
}

}  // namespace
