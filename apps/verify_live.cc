#include "apps/verify_live.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/json.h"
#include "apps/places.h"
#include "apps/running.h"
#include "apps/store_url.h"
#include "engine/live_compare.h"
#include "engine/request_box.h"
#include "engine/state_store.h"
#include "engine/verifier.h"

namespace apps {

namespace {

struct both {
    engine::live_comparison live;
    engine::verify_report stored;

    // The last condition holds of itself for a database that was compared with the store's own sums.
    bool equal() const {
        return live.equal() && stored.sound() && stored.newest.txid == live.txid && stored.page_sums.size() == live.page_count &&
               stored.page_size == live.page_size && stored.database_checksum == live.checksum;
    }
};

io::error wrong(std::string context) { return {io::errc::invalid, io::subject::usage, std::move(context)}; }

// What the last watch wrote down of the stream: where the database is, and which store it goes to.
io::result<engine::stored_memo> find_memo(const std::string& state, const std::string& stream, const std::string& store_url) {
    auto rows = engine::read_state(state);
    if (!rows) return rows.error();
    const auto other = [&](const engine::stored_memo& one) { return one.row.stream != stream || (!store_url.empty() && one.store_url != store_url); };
    rows->erase(std::remove_if(rows->begin(), rows->end(), other), rows->end());
    if (rows->size() == 1) return std::move(rows->front());
    if (rows->empty()) return wrong(fmt::format("{}: no watch with the state directory {} has followed it; say --state, or see `flotilla status`", stream, state));
    return wrong(fmt::format("{}: the state directory {} knows it in {} stores; say which with --from", stream, state, rows->size()));
}

io::result<both> compare_watched(world& here, io::object_store& store, const std::string& state, const live_flags& what) {
    auto answer = here.run(engine::ask(here.env, state, engine::request_box::kind::compare, what.stream, what.timeout));
    if (!answer) return answer.error();
    auto live = engine::live_comparison::parse(answer->txid, answer->text);
    if (!live) return io::error{io::errc::corrupt, io::subject::general, "the watch's answer makes no sense; is it another version of flotilla?"};
    auto stored = here.run(engine::verify(here.env, store, what.stream, {}, live->txid));
    if (!stored) return stored.error();
    return both{std::move(*live), std::move(*stored)};
}

io::task<io::result<both>> compare_directly(const io::environment& env, io::object_store& store, std::string path, std::string stream) {
    auto stored = co_await engine::verify(env, store, stream, {});
    if (!stored) co_return stored.error();
    const auto compare = [&] {
        return engine::compare_unwatched(env.files, path, lock_directory(real_surroundings()), "flotilla verify --live " + stream, stored->page_sums,
                                         stored->newest.txid);
    };
    auto live = co_await env.elsewhere(compare);
    if (!live) co_return live.error();
    co_return both{std::move(*live), std::move(*stored)};
}

void print(const std::string& stream, const both& found, bool json) {
    const auto& live = found.live;
    const auto& stored = found.stored;
    if (json) {
        std::vector<std::string> first;
        for (const auto pgno : live.first) first.push_back(std::to_string(pgno));
        json_object line;
        line.add("stream", stream).add("equal", found.equal()).add("txid", live.txid).add("page_size", live.page_size).add("page_count", live.page_count);
        line.add("differing_pages", live.differing).add("first_differing", first).add("live_checksum", fmt::format("{:016x}", live.checksum));
        line.add("store_sound", stored.sound()).add("store_txid", stored.newest.txid).add("store_checksum", fmt::format("{:016x}", stored.database_checksum));
        (void)print_line(line.add("objects", stored.files).add("bytes", stored.bytes));
        return;
    }
    const std::string what = fmt::format("TXID {}, {} pages of {} bytes, database checksum {:016x}", live.txid, live.page_count, live.page_size, live.checksum);
    if (found.equal()) {
        fmt::print("{}: equal: {}; {} objects in the store are sound\n", stream, what, stored.files);
        return;
    }
    fmt::print("{}: NOT EQUAL: {}\n", stream, what);
    if (live.differing > 0) fmt::print("  {} pages differ from TXID {}, the first are {}\n", live.differing, live.txid, fmt::join(live.first, ", "));
    for (const auto& one : stored.findings) fmt::print("  {}: {}\n", one.key, one.text);
    if (live.differing == 0) fmt::print("  the store has TXID {}, database checksum {:016x}\n", stored.newest.txid, stored.database_checksum);
}

}  // namespace

io::result<void> verify_live(const flags& given, const live_flags& what) {
    world here;
    auto all = effective(here, given);
    if (!all) return all.error();
    auto state = state_directory(here, given);
    if (!state) return state.error();
    std::string url = all->to.value_or("");
    std::shared_ptr<io::object_store> store;
    if (!url.empty()) {
        auto opened = here.run(open_store(here.env, url, io::directory_store::access::read));
        if (!opened) return opened.error();
        store = std::move(*opened);
        url = store->url();
    }
    auto memo = find_memo(*state, what.stream, url);
    if (!memo) return memo.error();
    if (!store) {
        auto opened = here.run(open_store(here.env, memo->store_url, io::directory_store::access::read));
        if (!opened) return opened.error().within("say --from with the URL that the watch has in --to");
        store = std::move(*opened);
    }
    const auto watcher = running_watch(here.env.files, *state);
    bool watched = watcher && !watcher->empty();
    auto found = watched ? compare_watched(here, *store, *state, what) : here.run(compare_directly(here.env, *store, memo->row.path, what.stream));
    if (!watcher && !found && found.error().code == io::errc::held) {  // nothing says who runs, but the database has its watch
        watched = true;
        found = compare_watched(here, *store, *state, what);
    }
    if (!found) return found.error();
    print(what.stream, *found, given.json);
    if (found->equal()) return {};
    const char* advice = watched || !found->stored.sound() ? "" : "; no watch is running: what was committed since the last one ended is not in the store";
    return io::error{io::errc::corrupt, io::subject::integrity, fmt::format("{}: the live database and the store are not equal{}", what.stream, advice)};
}

}  // namespace apps
