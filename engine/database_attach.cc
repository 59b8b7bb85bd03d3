// How a driver comes into step with its store: local state, the store's head, the pin, then what attach_plan says.
#include <fmt/format.h>

#include <array>

#include "engine/database.h"
#include "engine/database_lock.h"
#include "engine/restore_plan.h"
#include "engine/set_aside.h"
#include "io/buggify.h"
#include "io/failpoint.h"
#include "ltx/chain.h"
#include "ltx/decoder.h"
#include "ltx/file_name.h"

namespace engine {

namespace {

constexpr wal::live_options live_settings{1000};
constexpr std::uint64_t most_unseen = 64;                // objects fetched to bring page sums up to date
constexpr std::uint64_t most_object_bytes = 64U << 20U;  // a larger one is not worth fetching for that

// The sums of an object's pages.
io::result<std::vector<ltx::page_sum>> sums_in(io::byte_view object) {
    std::vector<ltx::page_sum> out;
    const ltx::page_sink take = [&out](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
        out.push_back({pgno, ltx::page_checksum(pgno, page)});
        return {};
    };
    ltx::decoder reader;
    if (auto ok = reader.feed(object, take); !ok) return ok.error();
    if (auto ok = reader.finish(); !ok) return ok.error();
    return out;
}

// Those of an object that carries every page: one a page, 0 for the lock page.
std::vector<std::uint64_t> sums_of_all(const object_encoder& object) {
    std::vector<std::uint64_t> out(object.head().commit);
    for (const auto& each : object.sums()) out[each.pgno - 1] = each.sum;
    return out;
}

void mark(const attach_decision& plan) {
    using step = attach_decision::step;
    switch (plan.what) {
        case step::begin: io::reached("attach.begin"); break;
        case step::go_on: io::reached("attach.go_on"); break;
        case step::difference: io::reached("attach.difference"); break;
        case step::everything: io::reached("attach.everything"); break;
        case step::refuse: io::reached("attach.refuse"); break;
    }
    if (plan.adopt) io::reached("attach.adopt");
    if (plan.fence) io::reached("attach.fence");
}

}  // namespace

io::task<io::result<void>> database::open_local() {
    if (at_) {
        auto same = co_await locally([this] { return at_->live->check(); });
        if (same) co_return same;
        co_await detach(false);  // replaced while the store was away, or gone
    }
    std::vector<io::error> damage;
    const auto open_all = [&]() -> io::result<std::unique_ptr<attachment>> {
        io::file_system& files = env_.files;
        auto live = wal::live_database::open(files, what_.path, live_settings);
        if (!live) return live.error();
        auto lock = lock_database(files, **live, around_.settings.lock_directory, around_.settings.who);
        if (!lock) return lock.error();
        const std::string id_text = local_id(around_.store.url(), memo_.stream);
        const std::string sums_folder = io::join(around_.state.directory(), "sums");
        if (auto ok = files.make_directories(sums_folder); !ok) return ok.error();
        auto sums = ltx::page_sums::open(files, io::join(sums_folder, id_text));
        if (!sums) return sums.error().within("page sums");
        const std::string shadow_folder = io::join(io::join(around_.state.directory(), "shadow"), id_text);
        auto shadow = wal::shadow::open(files, shadow_folder, *io::parse_hex16(id_text), env_.time.wall_ms());
        if (!shadow) return shadow.error().within("segments");
        damage = std::move(shadow->troubles);
        wal::log_reader log(files, (*live)->wal_path());
        return std::unique_ptr<attachment>(
            new attachment{std::move(*lock), std::move(*live), std::move(log), std::move(*sums), std::move(shadow->segments), false});
    };
    auto opened = co_await locally(open_all);
    tell_damage(damage);
    if (!opened) co_return opened.error();
    at_ = std::move(*opened);
    set_shadow_bytes(at_->shadow.bytes());
    co_return io::result<void>();
}

io::task<io::result<remote_view>> database::look_at_store() {
    auto all = co_await replica_.list_all();
    if (!all) co_return all.error();
    remote_view out;
    const stored_file* head = nullptr;
    for (const auto& file : all->files) {
        if (ltx::is_snapshot(file.range) && file.range.max >= out.snapshot_txid) {
            out.snapshot_txid = file.range.max;
            out.snapshot_ms = file.timestamp_ms;
        }
        // Among those that reach furthest the one of the lowest level, which listing order puts first: it alone says where the log was.
        if (head == nullptr || file.range.max > head->range.max) head = &file;
    }
    objects_.begin_at(head == nullptr ? 0 : head->range.max, around_.state.objects(memo_.stream));
    count_refused();
    if (head == nullptr) co_return out;
    auto header = co_await replica_.header(*head);
    if (!header) co_return header.error();
    out.head_txid = head->range.max;
    out.head = *header;
    out.restorable = plan_restore(all->files, out.head_txid).has_value();
    co_return out;
}

// Objects that the page sums or the memo have not seen are fetched: the sums move on, so that they prove the head (or are mended, if a
// crash tore them while they moved to the first of these), and the changes tell
// whether the log is the one that these objects were made from. Objects that cannot be had, or do not follow, leave both short of it.
io::task<io::result<changes>> database::read_unseen(const remote_view& remote) {
    ltx::page_sums& sums = at_->sums;
    const auto remembered = known(remote.head_txid);
    changes out;
    out.from_txid = out.to_txid = remembered && remembered->txid != 0 ? remembered->txid : remote.head_txid;
    const auto torn = sums.torn();
    if (torn) io::reached("sums.torn");
    const std::uint64_t sums_at = sums.valid() ? sums.txid() : torn ? torn->txid : remote.head_txid;
    // A memo that was not written for long does not keep the sums from the little that they lack.
    const bool old_memo = out.from_txid < sums_at && remote.head_txid - out.from_txid > most_unseen;
    const std::uint64_t seen = old_memo ? sums_at : std::min(sums_at, out.from_txid);
    if (!remote.head || seen >= remote.head_txid || remote.head_txid - seen > most_unseen || io::buggify("attach.unseen")) co_return out;
    for (std::uint64_t txid = seen + 1; txid <= remote.head_txid; ++txid) {
        auto object = co_await around_.store.get(replica_.key(level_captures, {txid, txid}), 0, most_object_bytes);
        if (!object && object.error().code == io::errc::not_found && txid <= sums_at) continue;  // the snapshot that the stream began with
        if (!object && object.error().code == io::errc::not_found) break;
        if (!object) co_return object.error();
        const auto take = [&]() -> bool {
            auto head = ltx::decode_header(*object);
            auto pages = sums_in(*object);
            if (!head || !pages || !head->sums || head->range() != txid_range{txid, txid}) return false;
            if (txid == out.to_txid + 1) out.add(*head, *pages);
            if (torn && txid == torn->txid + 1 && head->sums->pre == torn->post && head->page_size == torn->page_size) {
                io::reached("sums.mended");
                return sums.apply_again(*pages, head->commit, txid, head->sums->post).has_value();
            }
            if (!sums.valid() || txid != sums.txid() + 1) return true;
            if (head->sums->pre != sums.post() || head->page_size != sums.page_size()) return true;
            return sums.apply(*pages, head->commit, txid, head->sums->post).has_value();
        };
        const bool taken = co_await locally(take);
        if (!taken) break;
    }
    co_return out;
}

// Takes the pin, if it is not held yet, and finds out whether the log goes on where the stream ended.
io::task<io::result<attach_input>> database::take_pin(const remote_view& remote, owner_view owner, changes unseen, held_log& found) {
    attach_input in;
    in.identity = at_->live->identity();
    in.remembered = recall(around_.state.find(memo_.stream), owner, remote, in.identity);
    in.remote = remote;
    in.owner = std::move(owner);
    const auto take = [&]() -> io::result<void> {
        auto held = find_in_log(in, unseen);
        if (!held) return held.error();
        found = *held;
        return {};
    };
    auto ok = co_await locally(take);
    if (!ok) co_return ok.error();
    in.log.doubt = doubt_;
    co_return in;
}

// The blocking part of it: fills in what the log and the sums say, and returns where the log goes on.
io::result<database::held_log> database::find_in_log(attach_input& in, const changes& unseen) {
    const remote_view& remote = in.remote;
    const bool adopted = remote.head && in.remembered && remote.head_txid > in.remembered->txid;
    held_log found;
    found.at = adopted ? position_after(*remote.head) : in.remembered ? in.remembered->position : wal::position{};
    found.own_frame_first = !adopted && in.remembered && in.remembered->own_frame_first;
    // An object that the memo does not know is ours by its epoch; that the log is the one it was made from has to be shown.
    bool proven = !adopted;
    const auto find_position = [&]() -> io::result<bool> {
        auto holds = at_->log.holds(found.at, adopted);
        if (!holds || !*holds || !adopted || in.remembered->txid == 0 || unseen.to_txid != remote.head_txid) return holds;
        auto same = log_holds(std::array{stretch{&at_->log, in.remembered->position, found.at}}, unseen, in.remembered->page_count);
        if (!same) return same;
        proven = *same;
        if (proven) io::reached("attach.proven_by_log");
        return true;
    };
    bool at_the_end = false;
    const wal::drain before = [&](const wal::wal_index& now) -> io::result<bool> {
        auto head = at_->log.open();
        if (!head) return head.error();
        auto holds = find_position();
        if (!holds) return holds.error();
        const std::uint64_t end = wal::frame_offset(std::uint64_t{now.max_frame} + 1, found.at.page_size);
        const bool only_own = found.own_frame_first && now.max_frame == 1 && found.at.offset == wal::header_size;
        if (*holds && now.max_frame == 0) {
            auto all = nothing_follows(found.at);
            if (!all) return all;
            at_the_end = *all;
            io::reached("attach.between_generations");
        } else {
            at_the_end = *holds && (found.at.offset == end || only_own);
        }
        return true;
    };
    io::result<wal::handoff> taken = wal::handoff();
    if (!following_) taken = at_->live->log_pin().take(before);
    if (!taken) return taken.error();
    // Between open and here the store was asked: all connections must still be on the file that the path names.
    if (auto same = at_->live->check(); !same) return io::error{io::errc::busy, io::subject::database, same.error().context};
    auto head = at_->log.open();
    if (!head) return head.error();
    if (!*head) return io::error{io::errc::busy, io::subject::database, what_.path + ": the log is empty although it is pinned"};
    in.page_size = (*head)->page_size;
    if (taken->what == wal::handoff::outcome::handed_off) {
        in.log.position_holds = at_the_end;
        found = {wal::start_of(**head), at_the_end && taken->own_frame_first, true};
    } else {
        auto holds = find_position();
        if (!holds) return holds.error();
        in.log.position_holds = *holds;
    }
    if (auto ok = weigh_sums(in, found.at, proven); !ok) return ok.error();
    return found;
}

// What the page sums are worth. Where they are torn or lost, or nothing but the epoch says that the head is of this database, and the log
// goes on, the database itself is read and believed if its checksum is the head's.
io::result<void> database::weigh_sums(attach_input& in, const wal::position& expected, bool proven) {
    const remote_view& remote = in.remote;
    if (!remote.head || !remote.head->sums) return {};
    const std::uint64_t post = remote.head->sums->post;
    if (at_->sums.valid() && at_->sums.post() == post) in.sums_txid = at_->sums.txid();
    if (!in.log.position_holds || (proven && in.sums_txid == remote.head_txid)) return {};
    auto image = open_image(*at_, expected, remote.head->commit);
    if (!image) return image.error();
    auto sums = sums_of(**image);
    if (!sums) return sums.error();
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < sums->size(); ++i) {
        if (i + 1 != ltx::lock_page(in.page_size)) found = ltx::fold(found, (*sums)[i]);
    }
    if (found != post) {
        in.log.position_holds = proven;
        return {};
    }
    io::reached("sums.read_anew");
    if (auto ok = at_->sums.reset(in.page_size, *sums, remote.head_txid); !ok) return ok.error();
    in.sums_txid = remote.head_txid;
    return {};
}

void database::adopt(const ltx::header& head) {
    memo_.txid = head.max_txid;
    memo_.page_size = head.page_size;
    memo_.page_count = head.commit;
    memo_.post = head.sums ? head.sums->post : 0;
    memo_.durable_ms = head.timestamp_ms;
    stamped_ms_ = head.timestamp_ms;
}

// Nothing of the log is needed: the next object is the database as it is by then.
io::task<void> database::let_go() {
    following_ = false;
    co_await locally([this] { at_->live->log_pin().let_go(); });
}

io::task<io::result<void>> database::attach() {
    if (auto ok = co_await open_local(); !ok) co_return ok;
    was_live_ = true;
    if (auto ok = co_await pin_at_once(); !ok) co_return ok;
    auto remote = co_await guarded(look_at_store());
    if (!remote) co_return remote.error();
    auto owned = co_await find_owner(*remote);
    if (!owned) co_return owned.error();
    // What an earlier run left here is shipped by the writer that it was made by, or not at all.
    const std::uint64_t epoch = owned->is == owner_view::holder::ours ? owned->newest.epoch : 0;
    auto resent = co_await send_cached(*remote, epoch);
    if (!resent) co_return resent.error();
    if (*resent) {
        remote = co_await guarded(look_at_store());
        if (!remote) co_return remote.error();
    }
    auto unseen = co_await guarded(read_unseen(*remote));
    if (!unseen) co_return unseen.error();
    auto sent = co_await send_segments(*remote, *unseen, *resent, epoch);
    if (!sent) co_return sent.error();
    if (*sent) {
        remote = co_await guarded(look_at_store());
        if (!remote) co_return remote.error();
        unseen = co_await guarded(read_unseen(*remote));
        if (!unseen) co_return unseen.error();
    }
    held_log found;
    auto input = co_await take_pin(*remote, *owned, std::move(*unseen), found);
    if (!input) co_return input.error();
    io::failpoint("attach.pinned");
    const attach_decision plan = plan_attach(*input);
    mark(plan);
    if (plan.what == attach_decision::step::refuse) co_return io::error{plan.code, io::subject::store, plan.why};
    if (plan.what != attach_decision::step::go_on) co_await let_go();
    if (auto ours = co_await own(plan, *owned, remote->head_txid); !ours) co_return ours;
    if (auto ok = co_await set_segments_aside(); !ok) co_return ok;
    if (auto still = co_await owner_.check(); !still) co_return still;
    if (plan.loud) {
        ++memo_.reanchors;
        tell(event::what::reanchored, plan.why);
    }
    take_state(plan, *input, found);
    if (remote->head && plan.adopt && !*resent) tell(event::what::confirmed);  // ours, and durable, but nobody was told
    co_return co_await carry_out(plan, *remote);
}

// What the store says of the stream is what the driver goes on from.
void database::take_state(const attach_decision& plan, const attach_input& in, const held_log& found) {
    memo_.identity = in.identity;
    memo_.epoch = plan.epoch;
    memo_.snapshot_txid = in.remote.snapshot_txid;
    memo_.snapshot_ms = in.remote.snapshot_ms;  // the memo may be older than a snapshot that is in the store
    if (in.remote.head) {
        adopt(*in.remote.head);
    } else if (in.remembered) {
        memo_.txid = in.remembered->txid;
        memo_.post = in.remembered->post;
    }
    if (plan.base_txid > memo_.txid && in.remembered) {  // the store lost objects: what was confirmed is not used twice
        memo_.txid = in.remembered->txid;
        memo_.post = in.remembered->post;
        memo_.page_count = in.remembered->page_count;
    }
    memo_.position = found.at;
    at_->own_frame_first = found.own_frame_first;
    following_ = plan.what == attach_decision::step::go_on;
}

io::task<io::result<void>> database::carry_out(const attach_decision& plan, const remote_view& remote) {
    if (memo_.state == "failing") {
        show("streaming", "");
        tell(event::what::recovered, "the store answers again");
    }
    next_.emplace(what_.settings);
    objects_.begin_at(memo_.txid, around_.state.objects(memo_.stream));
    if (memo_.snapshot_ms != 0) {
        const auto age = std::chrono::milliseconds(std::max<std::int64_t>(env_.time.wall_ms() - memo_.snapshot_ms, 0));
        next_->set_snapshot_age(env_.time.now(), age, memo_.txid > memo_.snapshot_txid);
    }
    if (plan.what != attach_decision::step::go_on) {
        if (auto ok = co_await ship_image(plan, memo_.post); !ok) co_return ok;
    }
    const bool complete = plan.what == attach_decision::step::begin || (remote.snapshot_txid != 0 && remote.restorable);
    if (plan.snapshot || !complete || !asked_.empty()) next_->owe_snapshot();
    doubt_.clear();
    was_ours_ = true;
    begin_objects();
    // In step: what was moved aside is not needed for anything that is durable.
    const std::string aside = io::join(io::join(around_.state.directory(), "shadow"), local_id(around_.store.url(), memo_.stream));
    const auto tidy = [&] { keep_newest(env_.files, aside, ".damaged-"); };
    co_await locally(tidy);
    io::failpoint("attach.done");
    remember();
    show("streaming", "");
    tell(event::what::attached);
    co_return io::result<void>();
}

struct database::image_to_ship {
    std::shared_ptr<object_encoder> object;  // null: nothing differs
    wal::position mark;                      // of the image
};

// The database as it is now becomes the next TXID: as a snapshot, as the pages that differ from what was shipped, or as all pages. The log is
// pinned from the image's mark on. Blocking.
io::result<database::image_to_ship> database::make_image(const attach_decision& plan, std::uint64_t pre) {
    using step = attach_decision::step;
    const std::uint64_t txid = memo_.txid + 1;
    const bool snapshot = plan.what == step::begin;
    const wal::drain nothing_to_keep = [](const wal::wal_index&) -> io::result<bool> { return true; };
    if (auto taken = at_->live->log_pin().take(nothing_to_keep); !taken) return taken.error();
    if (auto same = at_->live->check(); !same) return io::error{io::errc::busy, io::subject::database, same.error().context};
    auto image = open_image(*at_, std::nullopt, 0);
    if (!image) return image.error();
    image_to_ship out;
    out.mark = (*image)->mark();
    page_list pages;
    if (plan.what == step::difference) {
        auto changed = changed_pages(*image, at_->sums);
        if (!changed) return changed.error();
        const bool same = changed->pages.empty() && (*image)->page_count() == at_->sums.page_count();
        if (same && !plan.fence) return out;
        pages = std::move(*changed);
    } else {
        pages = all_pages(*image);
    }
    if (pages.pages.empty()) pages.pages.push_back(1);  // only the size changed, or nothing and it is a fence: an object needs a page
    const ltx::header head = make_header(snapshot ? 1 : txid, txid, (*image)->page_count(), memo_.epoch, wal::header_size, out.mark,
                                         stamp(env_.time.wall_ms(), stamped_ms_));
    out.object = std::make_shared<object_encoder>(head, std::move(pages));
    if (auto ok = out.object->prepare(); !ok) return ok.error();
    if (plan.what == step::difference) {
        auto after = at_->sums.checksum_after(out.object->sums(), head.commit);
        if (!after) return after.error();
        out.object->set_sums({pre, *after});
        return out;
    }
    std::uint64_t post = 0;
    for (const auto& each : out.object->sums()) post = ltx::fold(post, each.sum);
    out.object->set_sums({snapshot ? 0 : pre, post});
    // Sums made anew come before the upload: if this process does not live to hear of it, the next one proves by them what it was.
    if (auto ok = at_->sums.reset(head.page_size, sums_of_all(*out.object), txid); !ok) return ok.error();
    return out;
}

// While it is on its way, the log goes on from its mark, and is guarded as if it were durable; in need the image is kept on local disk for that.
io::task<io::result<void>> database::ship_image(const attach_decision& plan, std::uint64_t pre) {
    const auto turn = co_await wait_for(around_.shares.images, 1);
    if (!turn) co_return turn.error();
    show("streaming", "");
    auto made = co_await locally([&] { return make_image(plan, pre); });
    if (!made) co_return made.error();
    at_->own_frame_first = false;
    if (made->object) {
        const ltx::header& head = made->object->head();
        const object_name name{plan.what == attach_decision::step::begin ? level_snapshots : level_captures, head.range()};
        image_ = std::make_shared<image_in_flight>(cache_, name, made->object);
        image_base_ = {head.max_txid, head.commit, head.sums->post, memo_.epoch, made->mark, stamped_ms_};
        following_ = true;
        outgoing object = as_outgoing(name.level, made->object);
        object.parts = [image = image_] { return image_in_flight::parts(image); };
        auto shipped = co_await ship(object, when_refused::end);  // refused: the next attach makes it anew
        made->mark = image_base_.position;
        image_.reset();
        image_kept_ = false;
        following_ = shipped.has_value();
        set_shadow_bytes(at_->shadow.bytes());
        if (!shipped) co_return shipped;
        if (objects_.find(name) != nullptr) co_await settle(object, nullptr);  // kept at the moment when it was confirmed
        io::failpoint("attach.shipped");
        if (plan.fence) io::failpoint("owner.fenced");
        const auto note_sums = [&]() -> io::result<void> {
            if (plan.what != attach_decision::step::difference) return {};
            return at_->sums.apply(made->object->sums(), head.commit, head.max_txid, head.sums->post);
        };
        auto noted = co_await locally(note_sums);
        if (!noted) co_return noted;
        adopt_image(plan, head);
    }
    memo_.position = made->mark;
    following_ = true;
    co_return io::result<void>();
}

void database::adopt_image(const attach_decision& plan, const ltx::header& head) {
    adopt(head);
    memo_.durable_ms = env_.time.wall_ms();
    if (plan.what == attach_decision::step::begin) {
        memo_.snapshot_txid = head.max_txid;
        memo_.snapshot_ms = head.timestamp_ms;
        next_->set_snapshot_age(env_.time.now(), io::duration::zero(), false);
        tell(event::what::snapshot);
    }
    tell(event::what::confirmed);
}

}  // namespace engine
