// The driver of one database: attaches, then captures, ships, confirms, snapshots and hands off until told to stop; attaches again
// when continuity is lost or the database went away and came back. One coroutine, one L0 object in flight; what comes next is decided
// by database_state. All calls on the event loop's thread.
//
// From the moment when it is known what the pinned log goes on from (following_, base()), the log is guarded whenever the driver waits, whether it
// attaches, ships, or pauses after the store failed; and segments are written by the driver alone, in its turn. When that moment is: pin_at_once().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/attach_plan.h"
#include "engine/attachment.h"
#include "engine/budgets.h"
#include "engine/cache.h"
#include "engine/cache_copy.h"
#include "engine/cache_manifest.h"
#include "engine/cache_shelf.h"
#include "engine/capture.h"
#include "engine/continuity.h"
#include "engine/database_state.h"
#include "engine/discovery.h"
#include "engine/counted_bytes.h"
#include "engine/engine.h"
#include "engine/image_in_flight.h"
#include "engine/ladder.h"
#include "engine/live_compare.h"
#include "engine/owner.h"
#include "engine/replica.h"
#include "engine/shipper.h"
#include "engine/state_store.h"
#include "io/retry.h"
#include "io/semaphore.h"
#include "io/task_group.h"

namespace engine {

// What all drivers share. Owned by the fleet; outlives them.
struct surroundings {
    const io::environment& env;
    io::object_store& store;
    state_store& state;
    const options& settings;
    std::function<void(const event&)> tell;
    std::function<void()> state_changed;  // state.db has something to write
    budgets& shares;
    cache_shelf& shelf;
    heartbeat& heart;
    neighbours& others;
};

class database {
public:
    database(surroundings& around, candidate what);

    const std::string& stream() const { return memo_.stream; }
    const std::string& path() const { return what_.path; }
    const memo& status() const { return memo_; }

    // Opens the database for the first time, so that a caller can refuse to start. Errors: subject::database (missing, not a database,
    // not in WAL mode, held by another process, ...). Optional; run() does it otherwise.
    io::task<io::result<void>> open();

    // Follows the database until stop(); success if everything captured is durable then, else the reason (overtaken, long ago, included).
    // Before that: not_a_database only if it never was one; not_found, for one that was discovered in a directory, when it is there no more;
    // held (subject::store), for one that was named, if another host has its stream when it is begun.
    io::task<io::result<void>> run();

    // Instead of run(): nobody is going to follow it. Whoever waits for something of it, or asks from now on, is told why.
    void abandon(const io::error& why);

    // Something may have been written, or the file came or went.
    void on_change();
    // What waits for its next try is tried at once, an object or an attach: the store has answered somebody.
    void try_now();
    void stop();

    // Returns the TXID once a snapshot begun after this call is durable.
    io::task<io::result<std::uint64_t>> snapshot();

    // Returns the newest durable TXID once everything committed before this call is durable, as soon as the store allows it. An error if
    // the stream cannot be followed for now, has halted or ended, or does so before.
    io::task<io::result<std::uint64_t>> flush();

    // Tries an object again that the store has refused for good, and returns its TXID once it is durable; the newest durable TXID, at once,
    // if the stream is not halted. Errors: the store's, if it refuses again; why the stream has ended otherwise.
    io::task<io::result<std::uint64_t>> retry();

    // Compares the live database with what was shipped, once everything committed before this call is durable (database_compare.cc). Pages that
    // differ are told as `corruption`. canceled if the stream is not followed, or no longer.
    io::task<io::result<live_comparison>> compare();

private:
    // Into step with the store (database_attach.cc).
    io::task<io::result<void>> open_local();
    io::task<io::result<void>> attach();
    io::task<io::result<remote_view>> look_at_store();
    io::task<io::result<owner_view>> find_owner(remote_view& remote);                                    // database_owner.cc
    io::task<io::result<void>> own(const attach_decision& plan, const owner_view& was, std::uint64_t head_txid);  // database_owner.cc
    io::task<io::result<changes>> read_unseen(const remote_view& remote);
    // Where the log goes on that is pinned.
    struct held_log {
        wal::position at;
        bool own_frame_first = false;
        bool restarted = false;  // for the pin
    };
    io::task<io::result<void>> pin_at_once();                                                               // database_pin.cc
    io::result<bool> pin_at(base_state from, bool newest, held_log& found, std::vector<io::error>& troubles);  // database_pin.cc
    io::result<bool> nothing_follows(const wal::position& from);                                          // database_pin.cc
    io::task<io::result<attach_input>> take_pin(const remote_view& remote, owner_view owner, changes unseen, held_log& found);
    io::result<held_log> find_in_log(attach_input& in, const changes& unseen);
    io::task<void> let_go();
    io::result<void> weigh_sums(attach_input& in, const wal::position& expected, bool proven);
    io::task<io::result<void>> carry_out(const attach_decision& plan, const remote_view& remote);
    struct image_to_ship;
    io::result<image_to_ship> make_image(const attach_decision& plan, std::uint64_t pre);
    io::task<io::result<void>> ship_image(const attach_decision& plan, std::uint64_t pre);
    void adopt_image(const attach_decision& plan, const ltx::header& head);
    void take_state(const attach_decision& plan, const attach_input& in, const held_log& found);
    void adopt(const ltx::header& head);

    // Segments of earlier runs, and those that are durable (database_segments.cc).
    struct joining;
    io::task<io::result<bool>> send_segments(const remote_view& remote, const changes& unseen, bool told, std::uint64_t epoch);
    io::result<joining> join_segments(const std::optional<memo>& from, const remote_view& remote, const changes& unseen);
    std::optional<memo> known(std::uint64_t head_txid) const;
    io::result<bool> made_from_segments(const memo& from, wal::position& end, const changes& unseen);
    io::task<io::result<void>> set_segments_aside();
    void tell_damage(const std::vector<io::error>& troubles);
    void tidy_up();
    io::task<void> remove_durable_segments();

    // Following (database.cc).
    io::task<io::result<void>> follow();
    io::task<void> detach(bool keep_log);
    io::task<io::result<void>> stay_in_step();
    void tell_trouble(const io::error& why);
    io::task<void> pause_after(const io::error& why, bool attached, io::backoff& pause);
    io::task<void> rest(const io::error& why, std::function<bool()> over, std::optional<io::instant> again);
    bool keeps_log(const io::error& why) const;
    io::task<bool> may_still_catch_up(const io::error& why);

    // Waiting (database_guard.cc): whatever waits for the store or for memory waits in guard_until(), where the log is looked after meanwhile.
    io::task<io::result<void>> guard_until(std::function<bool()> met, bool for_memory, std::optional<io::instant> again = std::nullopt);
    // For `work` to end, which runs in a child meanwhile, and does not wait for the driver's own wakeup.
    template <class T>
    io::task<io::result<T>> guarded(io::task<io::result<T>> work) {
        std::optional<io::result<T>> outcome;
        const auto carry = [&]() -> io::task<void> {
            outcome = co_await std::move(work);
            wake_.notify();
        };
        io::task_group child(env_.time, env_.on);
        child.spawn(carry());
        auto waited = co_await guard_until([&] { return outcome.has_value(); }, false);
        if (!waited) {
            abandoned_ = true;
            retried_.notify();
            shipper_.nudge();
        }
        co_await child.join();
        abandoned_ = false;
        if (!waited) co_return waited.error();
        co_return std::move(*outcome);
    }
    io::task<io::result<io::semaphore::permit>> wait_for(io::semaphore& from, std::size_t units);
    io::task<io::result<void>> look_at_log();
    io::result<void> copy_log(const base_state& from);
    io::task<io::result<void>> spill();
    io::task<io::result<void>> keep_image();
    io::task<io::result<counted_bytes>> find_room(std::uint64_t bytes);
    void set_shadow_bytes(std::uint64_t bytes);
    std::uint64_t tail_bytes() const;
    io::task<io::error> with_what_is_left(io::error why);

    // Shipping (database_ship.cc).
    io::task<io::result<bool>> capture(bool even_own);
    io::task<io::result<void>> catch_up();
    // What becomes of an object that the store refuses for good: it is kept and waited for until it is accepted, or it is an error.
    enum class when_refused { wait, end };
    io::task<io::result<void>> ship(outgoing object, when_refused how = when_refused::wait);
    io::task<io::result<void>> confirm(const captured& what);
    outgoing as_outgoing(unsigned level, std::shared_ptr<object_encoder> object);

    // What the store refuses (database_halt.cc).
    io::task<io::result<void>> put_through(outgoing object, when_refused how);
    io::task<void> refuse(const outgoing& object, const io::error& why, when_refused how);
    bool may_hold(counted_bytes& held, const outgoing& object);
    io::task<bool> asked_to_retry();
    std::shared_ptr<cache_copy> begin_copy(const outgoing& object);
    io::task<void> give_up(std::shared_ptr<cache_copy> copy);
    io::task<void> settle(const outgoing& object, std::shared_ptr<cache_copy> copy);
    io::task<io::result<bool>> send_cached(const remote_view& remote, std::uint64_t epoch);
    outgoing as_outgoing(const object_name& name, const cache::found& what);
    void recover(std::uint64_t txid);
    void begin_retries();
    void end_retries(const io::error& why);
    void answer_retries(const io::result<std::uint64_t>& outcome);
    io::error why_not_there() const;
    void note(const object_name& name);
    void count_refused();
    void begin_objects();

    // database_hand_off.cc
    io::task<io::result<void>> hand_off();
    struct tail {
        static constexpr std::uint64_t most_bytes = 8U << 20U;  // copied under the write lock; a longer one is shipped, or copied, before

        std::string no_room;             // why nothing may be copied at all
        bool too_long = false;           // nothing was done
        std::string unsaved;             // why it could not be copied
        bool restarted = false;
        bool own_frame_first = false;
        std::uint64_t locked_ns = 0;
        wal::position next;              // where the log begins after the restart
        bool waits = false;              // there are segments that are not durable in the store
        std::uint64_t shadow_bytes = 0;
    };
    io::task<io::result<tail>> restart_log();
    io::result<void> read_from_segments(frame_source& object, const wal::position& from);
    io::result<bool> save_tail(const base_state& from, const wal::wal_index& now, tail& saved);
    io::result<void> follow_restart(const wal::handoff& done, tail& saved);

    // database_snapshot.cc
    io::task<io::result<void>> start_snapshot();
    io::task<void> make_snapshot(std::shared_ptr<object_encoder> object, std::uint64_t txid, io::semaphore::permit turn);
    void end_snapshots(const io::result<std::uint64_t>& outcome);
    void answer_snapshots(const io::result<std::uint64_t>& outcome);

    // database_flush.cc
    void begin_flushes();
    void end_flushes(bool frames_follow);
    void end_flushes_passed();
    void fail_flushes(const io::error& why);

    // database_compare.cc
    io::task<io::result<void>> start_comparison();
    io::task<void> make_comparison(image_comparison what);
    void answer_comparisons(const io::result<live_comparison>& outcome);

    // Blocking work on this database's files and connections: one piece at a time, so that nothing reads the log while it is handed off.
    template <class Work>
    io::task<std::invoke_result_t<Work>> locally(Work work) {
        const auto mine = co_await turn_.acquire();
        co_return co_await env_.elsewhere(std::move(work));
    }
    base_state base() const;
    void remember();
    void fail_all(const io::error& why);
    void show(std::string state, std::string problem);
    void show_pressure();
    void show_words();
    void tell(event::what kind, std::string text = {});
    void tell(std::optional<ladder::news> news);
    std::optional<io::instant> deadline() const;
    bool is_gone(const io::error& why) const;
    io::task<bool> is_missing();
    io::task<bool> is_no_failure_of_stop(const io::error& why, bool attached);

    surroundings& around_;
    const io::environment& env_;
    candidate what_;
    replica replica_;
    cache cache_;
    cache_manifest objects_;
    std::optional<object_name> shipping_;  // the object that is on its way
    owner owner_;
    shipper shipper_;
    shipper snapshot_shipper_;
    io::wakeup wake_;
    io::semaphore turn_;  // see locally()
    io::task_group children_;
    std::unique_ptr<attachment> at_;
    std::optional<database_state> next_;
    ladder ladder_;
    bool following_ = false;  // the log is pinned, and goes on from base()
    std::shared_ptr<image_in_flight> image_;  // while an attach ships one; null: none
    base_state image_base_;                   // the stream once that is durable
    bool image_kept_ = false;                 // it is on local disk, too
    std::shared_ptr<bool> image_given_up_;  // of the snapshot or comparison that is being made; changed only while nothing is read
    memo memo_;
    std::shared_ptr<frame_source> in_flight_;  // of the object that is being shipped; null: none that was made from the log
    counted_bytes in_segments_;
    counted_bytes refused_;      // objects that the store has refused, in the cache
    bool tidying_ = false;  // remove_durable_segments() runs
    bool was_live_ = false;
    bool abandoned_ = false;  // nobody waits for the object that is on its way any more
    bool halted_ = false;  // the store has refused an object for good
    bool was_ours_ = false;  // it was in step once
    std::string doubt_;  // why the database cannot be what was shipped, found while following; the next attach compares them
    bool stopping_ = false;
    bool last_try_ = false;  // after a stop, to come into step
    bool waits_for_store_ = false;  // until try_now(), or for a while
    bool detaching_ = false;
    io::instant stop_by_{};
    std::int64_t stamped_ms_ = 0;  // time of the newest object

    struct asked_snapshot {
        io::wakeup done;
        bool begun = false;
        std::optional<io::result<std::uint64_t>> outcome;
    };
    std::vector<std::shared_ptr<asked_snapshot>> asked_;

    // Where a log's commits ended when somebody looked. A position in another generation has left it behind: positions only go on.
    struct log_end {
        std::uint32_t salt1 = 0;
        std::uint32_t salt2 = 0;
        std::uint64_t offset = 0;
        bool is_left_by(const wal::position& at) const { return at.salt1 != salt1 || at.salt2 != salt2; }
        bool is_reached_by(const wal::position& at) const { return !is_left_by(at) && at.offset >= offset; }
    };
    std::optional<log_end> seen_end_;  // by the newest capture; none if it read a segment
    unsigned restarts_tried_ = 0;         // of the log: each may have moved the pin

    struct asked_flush {
        io::wakeup done;
        bool begun = false;  // by the capture that is under way
        unsigned looks = 0;  // captures that ended before frames which are not committed
        std::optional<log_end> goal;  // as the first capture since saw it
        std::optional<io::result<std::uint64_t>> outcome;
    };
    std::vector<std::shared_ptr<asked_flush>> flushes_;

    struct asked_retry {
        io::wakeup done;
        bool begun = false;  // something has been tried since it was asked for
        std::optional<io::result<std::uint64_t>> outcome;
    };
    std::vector<std::shared_ptr<asked_retry>> retries_;
    io::wakeup retried_;  // there are some, or the engine stops

    struct asked_comparison {
        io::wakeup done;
        bool begun = false;
        unsigned given_up = 0;  // how often it was, because the log had to be restarted
        std::optional<io::result<live_comparison>> outcome;
    };
    std::vector<std::shared_ptr<asked_comparison>> comparisons_;
};

}  // namespace engine
