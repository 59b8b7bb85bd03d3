#include "tests/sim/ownership.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/key.h"
#include "engine/owner_record.h"
#include "tests/sim/hash_bytes.h"

namespace {

using namespace std::chrono_literals;

// A store whose books are kept. Engines are played by hand, in the engine's own names and documents.
struct stage {
    stage() { server.watching = &owners; }

    sim::world all{1};
    sim::host &a = all.add_host("a"), &b = all.add_host("b");
    sim::store_server server{all};
    std::set<std::string> forced;  // hosts whose engines take over
    sim::ownership owners{all, 30s, [this](const sim::host& one) { return forced.contains(one.name); }};
    std::uint64_t sessions = 0;
};

io::bytes object_of(std::uint64_t epoch) {
    io::bytes out(100, 0);
    for (std::size_t i = 0; i < 8; ++i) out[72 + i] = static_cast<std::uint8_t>(epoch >> (8 * (7 - i)));
    return out;
}

class player {
public:
    // Of the state directory of that identity.
    player(stage& in, sim::host& on, std::uint64_t identity) : who(in.all.start(on, "engine")), in_(in), store_(in.server, who), identity_(identity) {}

    void begins() { EXPECT_TRUE(does(store_.put_if_absent(engine::session_key(identity_, ++in_.sessions), io::bytes(1), {}))); }
    bool beats(bool ended = false) { return does(store_.put(engine::host_key(identity_), beat(identity_, 0, ended), {})); }
    void shows() {
        begins();
        EXPECT_TRUE(beats());
    }
    void ends() { EXPECT_TRUE(beats(true)); }
    void asks_to_look(std::uint64_t whom) { EXPECT_TRUE(does(store_.put(engine::host_key(whom), beat(whom, 7, false), {}))); }
    void claims(std::uint64_t epoch) {
        engine::owner_record out;
        out.epoch = epoch;
        out.writer = identity_;
        EXPECT_TRUE(does(store_.put_if_absent(engine::owner_key("s", epoch), encode(out), {})));
    }
    void ships(std::uint64_t txid, std::uint64_t epoch, unsigned level = 0) {
        const auto key = engine::object_key(store_.layout(), "s", level, {level == 0 ? txid : 1, txid});
        EXPECT_TRUE(does(store_.put_if_absent(key, object_of(epoch), {})));
    }
    void looks(const std::string& stream = "s") { EXPECT_TRUE(does(store_.list(engine::owner_prefix(stream)))); }
    void is_in_step() { in_.owners.on_attached(who, "s"); }
    // Is not seen meanwhile.
    void waits(io::duration how_long) { in_.all.run(who, io::sleep_for(who.time, how_long), 1h); }

    sim::process& who;

private:
    static io::bytes beat(std::uint64_t whose, std::uint64_t look, bool ended) {
        engine::host_beat out;
        out.writer = whose;
        out.look = look;
        out.ended = ended;
        return encode(out);
    }
    template <class T>
    bool does(io::task<io::result<T>> work) {
        bool done = false;
        const auto keep = [&done](io::task<io::result<T>> inner) -> io::task<void> { done = (co_await std::move(inner)).has_value(); };
        in_.all.run(who, keep(std::move(work)), 1h);
        return done;
    }

    stage& in_;
    sim::store store_;
    std::uint64_t identity_;
};

// What a history is accused of; empty: nothing.
std::string accused(const std::function<void(stage&)>& history) {
    stage in;
    try {
        history(in);
    } catch (const sim::failure& found) {
        return found.what();
    }
    return {};
}

// Host a owns the stream and has shipped TXID 1.
player owner(stage& in) {
    player out(in, in.a, 1);
    out.shows();
    out.claims(1);
    out.is_in_step();
    out.ships(1, 1);
    return out;
}

TEST(ownership, a_stream_that_goes_from_host_to_host_in_order_is_not_accused) {
    EXPECT_EQ(accused([](stage& in) {
        player a = owner(in), b(in, in.b, 2);
        a.ships(2, 1);
        a.ships(2, 1, 9);
        a.ends();
        b.shows();
        b.claims(2);
        b.is_in_step();
        b.ships(3, 2);
        EXPECT_EQ(in.owners.newest_writer("s"), &in.b);
        EXPECT_EQ(in.owners.newest_of("s", in.a), 2U);
        EXPECT_EQ(in.owners.newest_of("s", in.b), 3U);
        EXPECT_TRUE(in.owners.has_sent("s", 3, in.b, sim::hash_bytes(object_of(2))));
        EXPECT_FALSE(in.owners.has_sent("s", 3, in.b, sim::hash_bytes(object_of(1))));
        EXPECT_FALSE(in.owners.has_sent("s", 3, in.a, sim::hash_bytes(object_of(2))));
        in.forced = {"a"};
        a.begins();
        a.claims(3);
        EXPECT_TRUE(a.beats());
        a.ships(4, 3);
    }), "");
}

TEST(ownership, an_engine_that_nobody_has_seen) {
    const std::string words = "s: an engine ships that has never shown itself";
    const auto ships = [](stage& in, bool beats) {
        player a(in, in.a, 1);
        a.begins();
        in.server.habits.reply_lost = 1'000'000;
        if (beats) EXPECT_FALSE(a.beats());
        in.server.habits.reply_lost = 0;
        a.claims(1);
        a.ships(1, 1);
    };
    EXPECT_EQ(accused([&](stage& in) { ships(in, false); }), words);
    EXPECT_EQ(accused([&](stage& in) { ships(in, true); }), words) << "it does not know that it was seen";
}

TEST(ownership, who_was_silent_for_a_lease_looks_before_it_ships) {
    const std::string words = "s: process 1 could not show itself for longer than a lease, and puts without having looked for the owner";
    const auto ships = [](io::duration silent, const std::string& looks_at, io::duration then) {
        return accused([&](stage& in) {
            player a = owner(in);
            a.waits(silent);
            if (!looks_at.empty()) a.looks(looks_at);
            a.waits(then);
            a.ships(2, 1);
        });
    };
    EXPECT_EQ(ships(31s, "", 0s), "");
    EXPECT_EQ(ships(34s, "", 0s), words);
    EXPECT_EQ(ships(34s, "s", 0s), "");
    EXPECT_EQ(ships(34s, "t", 0s), words);
    EXPECT_EQ(ships(20s, "s", 20s), words) << "it looked when nobody could have taken it yet";
    EXPECT_EQ(ships(20s, "s", 0s), "");
}

TEST(ownership, nobody_claims_the_stream_of_an_owner_that_lives) {
    const std::string words = "s: b claims it although the owner, a, has shown itself within its lease ever since";
    const auto claims = [](const std::function<void(player& a, player& b)>& before) {
        return accused([&](stage& in) {
            player a = owner(in), b(in, in.b, 2);
            b.shows();
            before(a, b);
            b.claims(2);
        });
    };
    EXPECT_EQ(claims([](player&, player&) {}), words);
    EXPECT_EQ(claims([](player&, player& b) { b.waits(26s); }), words);
    EXPECT_EQ(claims([](player&, player& b) { b.waits(28s); }), "");
    EXPECT_EQ(claims([](player& a, player& b) {
        b.waits(20s);
        EXPECT_TRUE(a.beats());
        b.waits(20s);
    }), words);
    EXPECT_EQ(claims([](player& a, player& b) {
        b.waits(28s);
        EXPECT_TRUE(a.beats());
    }), "") << "it had found it dead";
    EXPECT_EQ(claims([](player& a, player&) {
        a.ends();
        EXPECT_TRUE(a.beats());
    }), "");
    EXPECT_EQ(claims([](player&, player& b) {
        b.waits(20s);
        b.asks_to_look(1);
        b.waits(8s);
    }), "") << "what somebody else writes in its place does not show it";
}

TEST(ownership, a_silence_that_was_over_before_one_watched_does_not_count) {
    EXPECT_EQ(accused([](stage& in) {
        player a = owner(in);
        a.waits(40s);
        EXPECT_TRUE(a.beats());
        player b(in, in.b, 2);
        b.shows();
        b.claims(2);
    }), "s: b claims it although the owner, a, has shown itself within its lease ever since");
}

TEST(ownership, who_takes_over_may_claim_at_once_but_no_epoch_that_is_past) {
    const auto claims = [](std::uint64_t epoch) {
        return accused([&](stage& in) {
            in.forced = {"b"};
            player a = owner(in), b(in, in.b, 2);
            a.claims(2);
            b.shows();
            b.claims(epoch);
        });
    };
    EXPECT_EQ(claims(3), "");
    EXPECT_EQ(claims(1 + (1ULL << 40U)), "");
    EXPECT_EQ(accused([](stage& in) {
        player a(in, in.a, 1);
        a.shows();
        a.claims(3);
        a.claims(2);
    }), "s: epoch 2 is claimed when there is 3");
}

TEST(ownership, nobody_takes_back_by_itself_what_another_has_gone_on_with) {
    const auto claims = [](bool forced, bool ships) {
        return accused([&](stage& in) {
            player a = owner(in), b(in, in.b, 2);
            a.ends();
            b.shows();
            b.claims(2);
            if (ships) b.ships(2, 2);
            b.ends();
            if (forced) in.forced = {"a"};
            a.claims(3);
        });
    };
    EXPECT_EQ(claims(false, true), "s: a takes it back by itself, although another copy has gone on since");
    EXPECT_EQ(claims(true, true), "");
    EXPECT_EQ(claims(false, false), "");
}

TEST(ownership, nobody_goes_on_as_a_host_that_lives) {
    const std::string words = "0000000000000001: b goes on as it, although a has shown itself within its lease ever since";
    const auto begins = [](const std::function<void(stage& in, player& a, player& b)>& before) {
        return accused([&](stage& in) {
            player a = owner(in), b(in, in.b, 1);
            before(in, a, b);
            b.begins();
        });
    };
    EXPECT_EQ(begins([](stage&, player&, player&) {}), words);
    EXPECT_EQ(begins([](stage&, player&, player& b) { b.waits(26s); }), words);
    EXPECT_EQ(begins([](stage&, player&, player& b) { b.waits(28s); }), "");
    EXPECT_EQ(begins([](stage&, player& a, player&) { a.ends(); }), "");
    EXPECT_EQ(begins([](stage& in, player&, player&) { in.forced = {"b"}; }), "");
    EXPECT_EQ(accused([](stage& in) {
        player before = owner(in);
        player a(in, in.a, 1);
        a.shows();
        a.ships(2, 1);
    }), "") << "the same host, started again";
}

TEST(ownership, an_object_of_an_epoch_that_is_not_its_writers) {
    EXPECT_EQ(accused([](stage& in) { owner(in).ships(2, 5); }), "s: TXID 2, of epoch 5 and by a: nobody has claimed that epoch");
    EXPECT_EQ(accused([](stage& in) {
        player a = owner(in), b(in, in.b, 2);
        b.shows();
        b.ships(2, 1);
    }), "s: TXID 2, of epoch 1 and by b: the epoch is another host's");
}

TEST(ownership, objects_come_in_their_order) {
    EXPECT_EQ(accused([](stage& in) {
        player a = owner(in);
        a.ships(3, 1);
        a.ships(2, 1);
    }), "s: TXID 2, of epoch 1 and by a: a later one was there before");
    EXPECT_EQ(accused([](stage& in) {
        player a = owner(in);
        a.ships(3, 1);
        a.ships(1, 1, 9);
    }), "") << "a snapshot of a TXID that was there";
}

// Host b takes the stream over from a, which lives and ships one more object under its old epoch.
std::string late(const std::function<void(player& b)>& before) {
    return accused([&](stage& in) {
        in.forced = {"b"};
        player a = owner(in), b(in, in.b, 2);
        b.shows();
        b.claims(2);
        before(b);
        a.ships(3, 1);
    });
}

TEST(ownership, an_owner_that_ships_after_its_successor_was_there) {
    EXPECT_EQ(late([](player&) {}), "") << "it was on its way";
    EXPECT_EQ(late([](player& b) { b.ships(2, 2); }), "s: TXID 3, of epoch 1 and by a: the one before is of a newer epoch");
    EXPECT_EQ(late([](player& b) { b.is_in_step(); }), "s: TXID 3, of epoch 1 and by a: another host was in step under a newer epoch");
}

TEST(ownership, two_hosts_of_one_identity_do_not_take_turns) {
    const auto ships = [](bool again) {
        return accused([&](stage& in) {
            in.forced = {"b"};
            player a = owner(in), b(in, in.b, 1);
            b.shows();
            b.ships(2, 1);
            b.ships(3, 1);
            if (again) a.ships(4, 1);
        });
    };
    EXPECT_EQ(ships(false), "");
    EXPECT_EQ(ships(true), "s: TXID 4, of epoch 1 and by a: two hosts take turns in one epoch");
}

}  // namespace
