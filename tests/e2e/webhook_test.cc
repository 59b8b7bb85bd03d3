// Webhooks of the program as a user sets them up: what it does is told, signed, and told before it ends.
#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "apps/webhook.h"
#include "tests/e2e/fixture.h"
#include "tests/support/http_receiver.h"

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* key = "correct horse battery staple";

class webhook : public e2e::end_to_end {
protected:
    std::string config(const std::vector<std::string>& urls, const std::string& more = "") {
        const std::string path = dir.file("flotilla.toml");
        std::ofstream file(path);
        for (const auto& url : urls) file << "[[webhook]]\nurl = \"" << url << "\"\nsecret = \"" << key << "\"\n" << more;
        return path;
    }
    // A certificate of 127.0.0.1 that nobody but itself vouches for, and its key, in one file.
    std::string certificate() {
        const std::string path = dir.file("server.pem");
        const auto made = tests::run_process({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-keyout", path,
                                      "-out", dir.file("ca.pem"), "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"});
        EXPECT_EQ(made.code, 0) << made.err;
        std::ofstream(path, std::ios::app) << std::ifstream(dir.file("ca.pem")).rdbuf();
        return path;
    }
    // Commits pass while nobody watches, and the log that held them is gone: the next watch must say so.
    void pass_unseen() {
        tests::app app(db);
        app.run("INSERT INTO t(x) VALUES('unseen'); PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t(x) VALUES('in a new log')");
    }
};

TEST_F(webhook, a_lost_log_is_told_signed_and_tried_again_while_the_receiver_fails) {
    tests::http_receiver receiver([](int number, const auto&) { return number < 3 ? (number == 1 ? 500 : 0) : 200; });
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    pass_unseen();
    auto run = follow(db, {"--config", config({receiver.url() + "/in/T0P-SECRET"})});
    const auto all = receiver.await(3);
    EXPECT_EQ(all[2].target, "/in/T0P-SECRET");
    EXPECT_THAT(all[2].body, HasSubstr(R"("event":"re_anchored")"));
    EXPECT_THAT(all[2].body, HasSubstr(R"("stream":"app.db")"));
    EXPECT_EQ(all[2].header("x-flotilla-signature"),
              apps::webhook_signature(s3::secret(key), std::stoll(all[2].header("x-flotilla-timestamp")), all[2].body));
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_THAT(run->log(), Not(HasSubstr("T0P-SECRET")));
    EXPECT_THAT(run->log(), Not(HasSubstr(key)));
    EXPECT_EQ(receiver.requests().size(), 3U);
}

TEST_F(webhook, over_https_only_to_who_has_a_certificate_that_the_configuration_trusts) {
    tests::http_receiver receiver([](int, const auto&) { return 200; }, certificate());
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    pass_unseen();
    auto stranger = follow(db, {"--config", config({receiver.url()})});
    EXPECT_EQ(stranger->stop(), 0) << stranger->log();
    EXPECT_EQ(receiver.requests().size(), 0U) << "it was sent to somebody whom nobody vouches for";
    EXPECT_THAT(stranger->log(), HasSubstr("1 events were not delivered"));
    EXPECT_THAT(stranger->log(), HasSubstr("certificate"));
    pass_unseen();
    auto run = follow(db, {"--config", config({receiver.url()}, "ca = \"ca.pem\"\n")});
    const auto all = receiver.await(1);
    EXPECT_EQ(all[0].header("x-flotilla-signature"),
              apps::webhook_signature(s3::secret(key), std::stoll(all[0].header("x-flotilla-timestamp")), all[0].body));
    EXPECT_EQ(run->stop(), 0) << run->log();
}

// The receiver refuses everything until the watch is told to end; what has to be told is told all the same.
TEST_F(webhook, what_is_not_delivered_yet_is_delivered_before_the_end) {
    std::atomic<bool> ending = false;
    tests::http_receiver receiver([&](int, const auto&) { return ending ? 200 : 503; });
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    pass_unseen();
    auto run = follow(db, {"--config", config({receiver.url()})});
    const std::size_t tries = receiver.await(1).size();
    ending = true;
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_GT(receiver.requests().size(), tries);
    EXPECT_THAT(run->log(), HasSubstr("delivers again"));
}

TEST_F(webhook, a_dead_one_delays_neither_replication_nor_the_end_for_long) {
    tests::http_receiver dead([](int, const auto&) { return std::nullopt; });
    tests::http_receiver alive;
    create(db);
    EXPECT_EQ(follow(db)->stop(), 0);
    pass_unseen();
    auto run = follow(db, {"--config", config({dead.url(), alive.url()})});
    (void)dead.await(1);
    for (int i = 0; i < 20; ++i) run->await_after("confirmed", [&] { tests::app(db).run("INSERT INTO t(x) VALUES('goes on')"); });
    (void)alive.await(1);
    EXPECT_EQ(run->stop(), 0) << run->log();
    EXPECT_THAT(run->log(), HasSubstr("1 events were not delivered"));
    expect_same_rows("app.db", db);
}

}  // namespace
