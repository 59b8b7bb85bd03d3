// Requests of other processes: asked, answered, withdrawn.
#include "engine/request_box.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using namespace std::chrono_literals;

using kind = engine::request_box::kind;

class request_box : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::real_environment world;
    engine::request_box box{dir.path()};
    std::optional<io::result<engine::request_box::reply>> outcome;

    request_box() { EXPECT_TRUE(box.prepare(world.env.files).has_value()); }

    io::task<void> asking(io::duration limit) { outcome = co_await engine::ask(world.env, dir.path(), kind::compare, "a stream", limit); }
    void ask(io::duration limit = 60s) { boost::asio::co_spawn(world.loop(), asking(limit), [](std::exception_ptr) {}); }
    engine::request_box::request wait_for_request() {
        while (true) {
            world.loop().restart();
            world.loop().run_one();
            auto found = box.pending(world.env.files, world.env.time.now());
            if (found && !found->empty()) return found->front();
        }
    }
    void finish() {
        world.loop().restart();
        while (!outcome) world.loop().run_one();
    }
};

TEST_F(request_box, an_answer_comes_back_and_nothing_is_left_behind) {
    ask();
    const auto one = wait_for_request();
    EXPECT_EQ(one.what, kind::compare);
    EXPECT_EQ(one.stream, "a stream");
    ASSERT_TRUE(box.answer(world.env.files, one, engine::request_box::reply{42, "a b"}).has_value());
    EXPECT_TRUE(box.pending(world.env.files, world.env.time.now())->empty()) << "answered";
    finish();
    ASSERT_TRUE(outcome->has_value());
    EXPECT_EQ((*outcome)->txid, 42U);
    EXPECT_EQ((*outcome)->text, "a b");
    EXPECT_TRUE(tests::names_in(box.directory()).empty());
}

TEST_F(request_box, what_a_newer_program_asks_is_kept_so_that_it_gets_an_answer) {
    for (const auto& [text, what, stream] : {std::tuple{"sync app.db", kind::sync, "app.db"}, std::tuple{"retry a b", kind::retry, "a b"},
                                             std::tuple{"snapshot x", kind::snapshot, "x"}, std::tuple{"dance app.db", kind::unknown, "app.db"},
                                             std::tuple{"app.db", kind::unknown, ""}}) {
        const std::string words = text;
        ASSERT_TRUE(io::write_file(world.env.files, box.directory() + "/1.request", io::view_of(words)).has_value());
        const auto all = box.pending(world.env.files, world.env.time.now());
        ASSERT_EQ(all->size(), 1U);
        EXPECT_EQ(all->front().what, what) << text;
        EXPECT_EQ(all->front().stream, stream);
    }
}

TEST_F(request_box, an_error_comes_back_with_its_subject_and_words) {
    ask();
    const auto one = wait_for_request();
    ASSERT_TRUE(box.answer(world.env.files, one, io::error{io::errc::access_denied, io::subject::store, "put: denied"}).has_value());
    finish();
    ASSERT_FALSE(outcome->has_value());
    EXPECT_EQ(outcome->error().about, io::subject::store);
    EXPECT_EQ(outcome->error().context, "put: denied");
}

TEST_F(request_box, without_an_engine_it_times_out_and_is_withdrawn) {
    ask(1ms);
    finish();
    ASSERT_FALSE(outcome->has_value());
    EXPECT_EQ(outcome->error().code, io::errc::timed_out);
    EXPECT_NE(outcome->error().context.find("is `flotilla watch` running"), std::string::npos);
    EXPECT_TRUE(tests::names_in(box.directory()).empty());
}

TEST_F(request_box, an_answer_that_nobody_waits_for_is_removed) {
    ask();
    const auto one = wait_for_request();
    ASSERT_TRUE(world.env.files.remove(box.directory() + "/" + one.id + ".request").has_value());
    ASSERT_TRUE(box.answer(world.env.files, one, engine::request_box::reply{1, ""}).has_value());
    EXPECT_TRUE(box.pending(world.env.files, world.env.time.now())->empty());
    EXPECT_TRUE(tests::names_in(box.directory()).empty());
    outcome.reset();
    world.loop().stop();
}

TEST_F(request_box, what_a_killed_process_leaves_goes_after_a_while) {
    const auto leave = [&](const std::string& name, std::string_view text) {
        EXPECT_TRUE(io::write_file(world.env.files, box.directory() + "/" + name, io::view_of(text)).has_value());
    };
    leave("1.request", "sync app.db");
    leave("1.answer", "ok 1");
    leave("2.request.tmp", "sy");
    leave("3.answer.tmp", "ok");
    leave("4.request", "sync app.db");
    const io::instant begun = world.env.time.now();
    const auto pending_after = [&](io::duration since) { return box.pending(world.env.files, begun + since)->size(); };
    EXPECT_EQ(pending_after(0s), 1U);
    EXPECT_EQ(pending_after(engine::request_box::lies_for - 1s), 1U);
    EXPECT_EQ(tests::names_in(box.directory()).size(), 5U) << "an asker that was stopped may go on";
    EXPECT_EQ(pending_after(engine::request_box::lies_for), 1U);
    EXPECT_EQ(pending_after(engine::request_box::lies_for), 1U);
    EXPECT_THAT(tests::names_in(box.directory()), testing::ElementsAre("4.request")) << "nobody has answered that one";
}

TEST_F(request_box, an_answer_that_makes_no_sense_is_an_error) {
    ask();
    const auto one = wait_for_request();
    const std::string nonsense = "ok 12x";
    ASSERT_TRUE(io::write_file(world.env.files, box.directory() + "/" + one.id + ".answer", io::view_of(nonsense)).has_value());
    finish();
    ASSERT_FALSE(outcome->has_value());
    EXPECT_EQ(outcome->error().code, io::errc::corrupt);
}

}  // namespace
