// Requests of other processes: asked, answered, withdrawn.
#include "engine/request_box.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "tests/support/chain_builder.h"
#include "tests/support/real_environment.h"
#include "tests/support/temp_directory.h"

namespace {

using namespace std::chrono_literals;

class request_box : public testing::Test {
protected:
    tests::temp_directory dir;
    tests::real_environment world;
    engine::request_box box{dir.path()};
    std::optional<io::result<std::uint64_t>> outcome;

    request_box() { EXPECT_TRUE(box.prepare(world.env.files).has_value()); }

    io::task<void> asking(io::duration limit) { outcome = co_await engine::ask_for_snapshot(world.env, dir.path(), "a stream", limit); }
    void ask(io::duration limit = 60s) { boost::asio::co_spawn(world.loop(), asking(limit), [](std::exception_ptr) {}); }
    engine::request_box::request wait_for_request() {
        while (true) {
            world.loop().restart();
            world.loop().run_one();
            auto found = box.pending(world.env.files);
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
    EXPECT_EQ(one.stream, "a stream");
    ASSERT_TRUE(box.answer(world.env.files, one, std::uint64_t{42}).has_value());
    EXPECT_TRUE(box.pending(world.env.files)->empty()) << "answered";
    finish();
    ASSERT_TRUE(outcome->has_value());
    EXPECT_EQ(**outcome, 42U);
    EXPECT_TRUE(tests::names_in(box.directory()).empty());
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
    ASSERT_TRUE(box.answer(world.env.files, one, std::uint64_t{1}).has_value());
    EXPECT_TRUE(box.pending(world.env.files)->empty());
    EXPECT_TRUE(tests::names_in(box.directory()).empty());
    outcome.reset();
    world.loop().stop();
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
