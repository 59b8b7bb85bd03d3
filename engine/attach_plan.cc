#include "engine/attach_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine {

namespace {

using step = attach_decision::step;

attach_decision refuse(io::errc code, std::string why) {
    attach_decision out;
    out.code = code;
    out.why = std::move(why);
    return out;
}

// Continuity is lost: what is the cheapest object that brings the stream back into step?
attach_decision lost(const attach_input& in, std::uint64_t base, std::uint32_t base_page_size, std::string why) {
    attach_decision out;
    out.base_txid = base;
    out.loud = true;
    out.why = std::move(why);
    if ((base_page_size != 0 && base_page_size != in.page_size) || (in.remote.head && !in.remote.head->sums)) {
        // Pages of another size cannot follow, nor anything of ours a file that does not say what it ended with (Litestream's own):
        // the stream begins anew, at the next TXID.
        out.what = step::begin;
    } else if (in.sums_txid == base && base != 0) {
        out.what = step::difference;
    } else {
        out.what = step::everything;
        out.snapshot = true;
    }
    return out;
}

attach_decision without_memo(const attach_input& in) {
    attach_decision out;
    if (in.remote.head_txid == 0) {
        out.what = step::begin;
        return out;
    }
    // The local state is lost, or this host takes the stream over.
    const std::uint64_t head = in.remote.head_txid;
    std::string why = fmt::format("nothing is remembered of this stream, but the store holds it up to TXID {}", head);
    if (!in.remote.head->sums) {
        why += fmt::format(", written by Litestream or another program; flotilla takes it over with a snapshot at TXID {}. Nothing else may write "
                           "to it any more", head + 1);
    }
    return lost(in, head, in.remote.head->page_size, std::move(why));
}

// What the next object holds, once it is known that we may write it.
attach_decision plan_content(const attach_input& in) {
    if (!in.remembered) return without_memo(in);
    const memo& known = *in.remembered;
    const bool ours = head_is_ours(in.owner, owned_stream_of(in.remembered, in.remote));
    if (known.txid == 0 && !ours) return without_memo(in);  // nothing of ours was ever confirmed
    if (in.remote.head_txid == 0) {
        attach_decision out;
        out.what = step::begin;
        out.loud = true;
        out.why = fmt::format("the store no longer holds anything of this stream, which had reached TXID {}", known.txid);
        return out;
    }
    const ltx::header& head = *in.remote.head;
    if (!ours) {
        return lost(in, in.remote.head_txid, head.page_size,
                    fmt::format("another writer (epoch {:016x}) has written this stream up to TXID {}", head.node_id, in.remote.head_txid));
    }
    if (in.remote.head_txid == known.txid && head.sums && head.sums->post != known.post) {
        std::string why = fmt::format("TXID {} in the store is not the one that was shipped from here: another engine runs on a copy of this state "
                                      "directory. Stop the other one, or give this database another stream name",
                                      known.txid);
        return in.owner.take_over ? lost(in, in.remote.head_txid, head.page_size, std::move(why)) : refuse(io::errc::overtaken, std::move(why));
    }
    if (in.remote.head_txid < known.txid) {
        attach_decision out = lost(in, known.txid, known.page_size,
                                   fmt::format("the store ends at TXID {}, although TXID {} was confirmed: objects have been removed",
                                               in.remote.head_txid, known.txid));
        if (out.what == step::difference) out.what = step::everything;  // what the difference would stand on is gone
        out.snapshot = true;
        return out;
    }
    const bool adopt = in.remote.head_txid > known.txid;
    attach_decision out;
    if (head.page_size != in.page_size) {
        out = lost(in, in.remote.head_txid, head.page_size,
                   fmt::format("the page size changed from {} to {}", head.page_size, in.page_size));
    } else if (in.identity != known.identity) {
        out = lost(in, in.remote.head_txid, head.page_size, "the database file was replaced by another");
    } else if (!in.log.doubt.empty()) {
        out = lost(in, in.remote.head_txid, head.page_size, in.log.doubt);
    } else if (!in.log.position_holds) {
        out = lost(in, in.remote.head_txid, head.page_size,
                   fmt::format("the log does not go on where TXID {} ended: it was restarted unseen, or the files are of another time", in.remote.head_txid));
    } else if (in.sums_txid != in.remote.head_txid) {
        out = lost(in, in.remote.head_txid, head.page_size, "the page sums do not prove the state that was shipped");
    } else {
        out.what = step::go_on;
        out.base_txid = in.remote.head_txid;
    }
    out.adopt = adopt;
    if (in.remote.snapshot_txid == 0) out.snapshot = true;
    return out;
}

}  // namespace

attach_decision plan_attach(const attach_input& in) {
    const owner_decision owner = plan_owner(in.owner, owned_stream_of(in.remembered, in.remote));
    if (owner.what == owner_decision::step::look_again) return refuse(io::errc::busy, "it is not known yet whether the stream's owner lives");
    if (owner.what == owner_decision::step::refuse) return refuse(owner.code, owner.why);
    attach_decision out = plan_content(in);
    if (out.what == step::refuse) return out;
    out.epoch = owner.epoch;
    out.claim = owner.what == owner_decision::step::claim;
    out.took_over = owner.from_another;
    out.fence = in.remote.head_txid != 0 && in.remote.head->node_id != out.epoch;
    if (out.fence && out.what == step::go_on) out.what = step::difference;
    if (out.what == step::begin && in.remote.head_txid != 0 && owner.from_another && in.owner.is != owner_view::holder::dead) {
        return refuse(io::errc::held, fmt::format("{}: the stream would begin anew, which does not keep its owner out: {}. Stop that one first",
                                                  out.why, describe(in.owner.newest)));
    }
    return out;
}

owned_stream owned_stream_of(const std::optional<memo>& remembered, const remote_view& remote) {
    owned_stream out;
    if (remembered) out = {remembered->epoch, remembered->txid, 0, 0};
    out.head_txid = remote.head_txid;
    if (remote.head) out.head_epoch = remote.head->node_id;
    return out;
}

std::optional<memo> recall(std::optional<memo> row, const owner_view& owner, const remote_view& remote, const io::file_identity& identity) {
    const bool nothing = !row || row->txid == 0;
    if (!nothing || owner.is != owner_view::holder::ours || !remote.head || !remote.head->sums) return row;
    if (remote.head->node_id != owner.newest.epoch || (row && row->epoch == owner.newest.epoch)) return row;
    memo out = row.value_or(memo{});
    out.epoch = owner.newest.epoch;
    out.identity = identity;
    return out;
}

bool follows_head(const remote_view& remote, const ltx::header& object, std::uint64_t epoch) {
    return remote.head && remote.head->sums && object.sums && object.min_txid == remote.head_txid + 1 && object.node_id == epoch &&
           remote.head->node_id == object.node_id && object.sums->pre == remote.head->sums->post;
}

wal::position position_after(const ltx::header& object) {
    wal::position out;
    out.salt1 = object.salt1;
    out.salt2 = object.salt2;
    out.page_size = object.page_size;
    out.offset = static_cast<std::uint64_t>(object.wal_offset + object.wal_size);
    return out;
}

}  // namespace engine
