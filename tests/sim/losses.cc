#include "tests/sim/losses.h"

#include <charconv>

#include "io/hex.h"
#include "tests/sim/copy.h"

namespace sim {

namespace {

constexpr const char* directory = "/state";
constexpr const char* state_db = "/state/state.db";
constexpr const char* identity_file = "/state/identity";
constexpr const char* tails[] = {"", "-wal", "-shm"};
constexpr std::uint64_t identity_bytes = 85;  // five numbers of 16 digits, and a line's end
constexpr std::uint64_t user_version_at = 60;  // in an SQLite file

void flip(inode& file, std::uint64_t bit) {
    std::uint8_t& byte = file.now.all()[bit / 8];
    byte = static_cast<std::uint8_t>(byte ^ (1U << (bit % 8)));
}

bool is_of_identity(loss what) { return what == loss::identity_gone || what == loss::identity_cut || what == loss::identity_bit || what == loss::all_gone; }

}  // namespace

std::string_view words(loss what) {
    constexpr std::string_view names[] = {"state.db gone", "state.db cut", "state.db has other bits", "state.db of another version", "identity gone", "identity cut", "identity has another bit",
                                          "sums gone", "segments gone", "cache gone", "state directory gone", "state directory copied", "state.db put back", "state directory put back"};
    return names[static_cast<int>(what)];
}

void losses::happen(loss what) {
    all_.note("{}", words(what));
    disk& on = at_.machine().disk;
    if (what == loss::keep) {
        if (shelf_ == nullptr) shelf_ = &all_.add_host("shelf");
        remove_tree(shelf_->disk, directory);
        copy_tree(on, shelf_->disk, directory);
        return;
    }
    owe(what);
    if (is_of_identity(what)) {
        changed_ = true;
        set_back_ = false;
    }
    if (what == loss::all_gone) remove_tree(on, directory);
    if (what == loss::sums_gone) remove_tree(on, "/state/sums");
    if (what == loss::shadow_gone) remove_tree(on, "/state/shadow");
    if (what == loss::cache_gone) remove_tree(on, "/state/cache");
    if (what == loss::identity_gone) remove_tree(on, identity_file);
    if (what == loss::state_gone) {
        const bool alone = dice_.chance(500);
        for (const char* tail : tails) if (!alone || *tail == '\0') remove_tree(on, std::string(state_db) + tail);
    }
    if (what == loss::state_back || what == loss::all_back) put_back(what == loss::all_back);
    damage(what);
    on.sync_everything();
}

// Bytes of one file; nothing if it is not there, or empty.
void losses::damage(loss what) {
    const bool of_state_db = what == loss::state_cut || what == loss::state_bits || what == loss::state_version;
    const bool of_identity = what == loss::identity_cut || what == loss::identity_bit;
    if (!of_state_db && !of_identity) return;
    disk& on = at_.machine().disk;
    const bool log = what == loss::state_cut || what == loss::state_bits ? dice_.chance(400) : false;
    int problem = 0;
    const disk::node file = on.find(of_identity ? std::string(identity_file) : std::string(state_db) + (log ? "-wal" : ""), problem);
    if (!file || file->now.size() == 0) return;
    const std::uint64_t size = file->now.size();
    if (what == loss::state_cut || what == loss::identity_cut) {
        file->resize(dice_.below(size));
    } else if (what == loss::identity_bit) {
        flip(*file, dice_.below(size * 8));
    } else if (what == loss::state_bits) {
        // Most of the file is empty, and nobody would notice.
        std::vector<std::uint64_t> used;
        for (std::uint64_t i = 0; i < size; ++i) if (file->now.all()[i] != 0) used.push_back(i);
        const std::uint64_t count = 1 + dice_.below(6);
        for (std::uint64_t i = 0; i < count && !used.empty(); ++i) flip(*file, used[dice_.below(used.size())] * 8 + dice_.below(8));
    } else if (size > user_version_at + 4) {
        file->now.all()[user_version_at + 3] = 99;
        for (const char* tail : {"-wal", "-shm"}) remove_tree(on, std::string(state_db) + tail);
    }
}

void losses::put_back(bool everything) {
    if (shelf_ == nullptr) return;
    disk& on = at_.machine().disk;
    const std::uint64_t full = std::exchange(on.habits.capacity, disk_habits().capacity);  // there is room for what was there before
    if (everything) {
        remove_tree(on, directory);
        copy_tree(shelf_->disk, on, directory);
        changed_ = true;
        set_back_ = has_run_since();
    } else {
        for (const char* tail : tails) remove_tree(on, std::string(state_db) + tail);
        for (const char* tail : {"", "-wal"}) copy_tree(shelf_->disk, on, std::string(state_db) + tail);
    }
    on.habits.capacity = full;
}

// A process of the identity that is on the disk, of a later session than is written there, has shown itself in the store.
bool losses::has_run_since() const {
    int problem = 0;
    const disk::node file = at_.machine().disk.find(identity_file, problem);
    if (!file || file->now.size() != identity_bytes) return false;
    const std::string text(io::text_of(file->now.all()));
    if (text.find_first_not_of("0123456789abcdef \n") != std::string::npos) return false;  // damaged, when it was copied
    const std::string beat = stored_(fmt::format(".flotilla/hosts/{}.json", text.substr(0, 16)));
    constexpr std::string_view begin = "\"session\":";
    const std::size_t at = beat.find(begin);
    std::uint64_t newest = 0;
    if (at != std::string::npos) (void)std::from_chars(beat.data() + at + begin.size(), beat.data() + beat.size(), newest);
    return newest > io::parse_hex16(text.substr(17, 16)).value_or(UINT64_MAX);
}

// Only what is certain to be seen: damaged bytes may be of a page that the log has anew.
void losses::owe(loss what) {
    owed_ = {};
    owed_.life = at_.lives() + 1;
    int problem = 0;
    const bool used = at_.machine().disk.find("/state/sums", problem) != nullptr;
    owed_.of_state_db = what == loss::state_gone && used;
    if (what == loss::identity_gone || what == loss::identity_cut || what == loss::all_gone) owed_.taken_over = confirmed_;
    if (what == loss::all_gone) owed_.anew = confirmed_;
}

void losses::settle(const engine::event& e) {
    using what = engine::event::what;
    if (at_.lives() != owed_.life || at_.takes_over()) return;
    if (e.kind == what::corruption && e.stream.empty()) owed_.of_state_db = false;
    if (e.kind == what::watching && owed_.of_state_db) all_.fail_soon("state.db was lost, and nothing is told of it");
    if (e.kind == what::took_over) owed_.taken_over.erase(e.stream);
    if (e.kind == what::reanchored) owed_.anew.erase(e.stream);
    if (e.kind != what::attached) return;
    if (owed_.taken_over.contains(e.stream)) all_.fail_soon(e.stream + ": its owner was lost, and who goes on with it does not say so");
    if (owed_.anew.contains(e.stream)) all_.fail_soon(e.stream + ": nothing was remembered of it, and nothing is told of that");
}

void losses::on_event(const engine::event& e) {
    using what = engine::event::what;
    if (at_.takes_over()) set_back_ = false;
    settle(e);
    if (set_back_ && (e.kind == what::attached || e.kind == what::confirmed)) {
        all_.fail_soon(e.stream + ": the state directory was set back to an earlier time, and is gone on with unasked");
    }
    if (e.kind == what::confirmed) confirmed_.insert(e.stream);
    if (e.kind == what::stopped && changed_) {
        decide(e.stream + " has stopped");
        at_.stop();
    }
}

void losses::on_end() {
    if (at_.was_refused() && changed_) decide("it was refused");
}

void losses::decide(const std::string& why) {
    all_.note("{}: whoever looks after it takes over", why);
    at_.insist();
}

}  // namespace sim
