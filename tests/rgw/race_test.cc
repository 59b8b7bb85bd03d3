// Writers of one key: exactly one wins, and what is stored is the winner's.
#include <fmt/format.h>

#include "io/task_group.h"
#include "s3/multipart_writer.h"
#include "tests/rgw/bucket.h"

namespace {

using tests::some_bytes;

class rgw_race : public tests::bucket_test {
public:
    std::vector<std::unique_ptr<s3::store>> writers;

    void open_writers(std::size_t count) {
        while (writers.size() < count) writers.push_back(store());
    }

    // Everybody writes the key at once, number i what body(i) gives: the number of the one that won.
    std::size_t race(const std::string& key, const std::function<io::task<io::result<void>>(s3::store&, std::size_t)>& write) {
        std::vector<std::size_t> winners;
        world.run([&]() -> io::task<void> {
            io::task_group group(world.env.time, world.env.on);
            for (std::size_t i = 0; i < writers.size(); ++i) {
                group.spawn([](rgw_race& t, auto& how, std::size_t n, std::vector<std::size_t>& won) -> io::task<void> {
                    auto ok = co_await how(*t.writers[n], n);
                    if (ok) won.push_back(n);
                    EXPECT_TRUE(ok || ok.error().code == io::errc::already_exists) << ok.error().context;
                }(*this, write, i, winners));
            }
            co_await group.join();
        }());
        EXPECT_EQ(winners.size(), 1U) << key;
        return winners.empty() ? 0 : winners.front();
    }
};

TEST_F(rgw_race, A10_of_twenty_writers_of_one_key_exactly_one_wins_in_two_hundred_rounds) {
    open_writers(20);
    for (int round = 0; round < 200; ++round) {
        const std::string key = fmt::format("race/{}", round);
        const std::size_t winner = race(key, [&](s3::store& to, std::size_t i) { return to.put_if_absent(key, some_bytes(64 + i, i), {}); });
        auto stored = world.run(writers[0]->get(key, 0, 1000));
        ASSERT_TRUE(stored);
        ASSERT_EQ(*stored, some_bytes(64 + winner, winner)) << key;
    }
}

TEST_F(rgw_race, multipart_uploads_and_single_puts_of_one_key_have_one_winner) {
    open_writers(6);
    const auto write = [&](const std::string& key) {
        return [key](s3::store& to, std::size_t i) -> io::task<io::result<void>> {
            const auto data = some_bytes(s3::part_size(1) + 1000 + i, i);
            if (i % 3 == 2) co_return co_await to.put_if_absent(key, some_bytes(100 + i, i), {});
            auto writer = co_await to.open_writer(key, {});
            auto written = co_await (*writer)->write(data);
            if (!written) co_return written;
            co_return co_await (*writer)->commit();
        };
    };
    for (int round = 0; round < 10; ++round) {
        const std::string key = fmt::format("race/{}", round);
        const std::size_t winner = race(key, write(key));
        auto stored = world.run(writers[0]->get(key, 0, 64U << 20U));
        ASSERT_TRUE(stored);
        const auto expected = winner % 3 == 2 ? some_bytes(100 + winner, winner) : some_bytes(s3::part_size(1) + 1000 + winner, winner);
        ASSERT_TRUE(*stored == expected) << key;
    }
}

}  // namespace
