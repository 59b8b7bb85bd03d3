// What an owner looks at before it puts, when its host has stood still: on clocks that jump.
#include <gtest/gtest.h>

#include "engine/key.h"
#include "engine/owner.h"
#include "tests/engine/engine_world.h"

namespace {

using namespace std::chrono_literals;

// The real clock, and what it was put on by.
class jumping_clock final : public io::clock {
public:
    explicit jumping_clock(io::clock& real) : real_(real) {}

    io::duration jumped{};
    io::instant now() const override { return real_.now() + jumped; }
    std::int64_t wall_ms() const override { return real_.wall_ms() + std::chrono::duration_cast<std::chrono::milliseconds>(jumped).count(); }
    std::unique_ptr<io::timer> make_timer(io::executor on) override { return real_.make_timer(on); }

private:
    io::clock& real_;
};

class owner_check : public tests::engine_world {
protected:
    jumping_clock time{world.env.time};
    io::environment env{world.env.on, time, world.env.dice, files, world.env.elsewhere, world.env.journal, world.env.make_watcher};
    engine::heartbeat heart{env, *store, settings, [](const io::error&) {}};
    engine::neighbours others{env, *store};
    engine::owner owner{env, *store, settings, heart, others, "app.db"};

    owner_check() {
        settings.lease = 60s;
        settings.host = "host-a";
        std::filesystem::create_directories(settings.state_directory);
    }

    // The stream becomes ours, as epoch 1.
    void own() {
        ASSERT_TRUE(world.run(heart.open()).has_value());
        auto seen = world.run(owner.look());
        ASSERT_TRUE(seen.has_value()) << seen.error().context;
        ASSERT_TRUE(world.run(owner.claim(1, 0, *seen)).has_value());
        ASSERT_TRUE(world.run(owner.check()).has_value());
    }
    // What another host writes into the store.
    void write(const std::string& key, const io::bytes& text) { ASSERT_TRUE(world.run(behind->put(key, text, {})).has_value()); }
};

TEST_F(owner_check, A10_who_stands_still_for_a_lease_while_he_looks_for_the_owner_looks_again) {
    own();
    int looks = 0;
    store->on_list = [&](const std::string& prefix) -> io::result<void> {
        if (prefix != engine::owner_prefix("app.db")) return {};
        if (++looks == 1) time.jumped += 2 * settings.lease;  // and meanwhile another takes the stream over
        return {};
    };
    time.jumped += 2 * settings.lease;
    ASSERT_TRUE(world.run(owner.check()).has_value());
    EXPECT_EQ(looks, 2);
}

TEST_F(owner_check, A10_a_store_that_is_slower_than_the_lease_is_looked_at_three_times) {
    own();
    int looks = 0;
    store->on_list = [&](const std::string&) -> io::result<void> {
        ++looks;
        time.jumped += 2 * settings.lease;
        return {};
    };
    time.jumped += 2 * settings.lease;
    EXPECT_TRUE(world.run(owner.check()).has_value());
    EXPECT_EQ(looks, 3);
}

TEST_F(owner_check, A10_who_was_not_seen_for_a_lease_looks_for_his_own_copy_which_no_owner_record_tells_of) {
    own();
    engine::host_beat copy;
    copy.writer = heart.identity();
    copy.session = 2;
    copy.nonce = heart.nonce() + 1;
    copy.host = "host-b";
    write(engine::host_key(heart.identity()), engine::encode(copy));
    EXPECT_TRUE(world.run(owner.check()).has_value()) << "within the lease nobody looks";
    time.jumped += 2 * settings.lease;
    auto checked = world.run(owner.check());
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().code, io::errc::overtaken);
    EXPECT_NE(checked.error().context.find("host-b"), std::string::npos) << checked.error().context;
}

}  // namespace
