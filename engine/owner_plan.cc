#include "engine/owner_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace engine {

namespace {

using holder = owner_view::holder;
using step = owner_decision::step;

owner_decision refuse(io::errc code, std::string why) {
    owner_decision out;
    out.code = code;
    out.why = std::move(why);
    return out;
}

// Somebody else has written to the stream after us, and it was not we who took it back since.
bool is_overtaken(const owner_view& owner, const owned_stream& s) {
    if (s.known_txid == 0 || s.head_txid == 0 || head_is_ours(owner, s)) return false;
    // A claim of ours, whose first object never came to be: what the stream ends with is what we claimed it over.
    const bool just_claimed = owner.is == holder::ours && s.known_epoch < owner.newest.epoch && s.head_epoch != 0 && s.head_epoch < owner.newest.epoch;
    return !just_claimed;
}

}  // namespace

bool head_is_ours(const owner_view& owner, const owned_stream& s) {
    if (s.head_txid == 0 || s.head_epoch == 0) return false;
    return s.head_epoch == s.known_epoch || (owner.is == holder::ours && s.head_epoch == owner.newest.epoch);
}

owner_decision plan_owner(const owner_view& owner, const owned_stream& s) {
    const bool another = owner.is != holder::none && owner.is != holder::ours;
    if (owner.is == holder::alive && !owner.take_over) {
        return refuse(io::errc::held, fmt::format("another host ships this stream: {}. Stop that one first, or take the stream over with "
                                                  "--take-over (that one stops then, and what it has not shipped is not in the store), or give "
                                                  "this database another stream name",
                                                  describe(owner.newest)));
    }
    if (owner.is == holder::unknown && !owner.take_over) {
        owner_decision out;
        out.what = step::look_again;
        return out;
    }
    if (is_overtaken(owner, s) && !owner.take_over) {
        const std::string by = another ? ", " + describe(owner.newest) : std::string();
        return refuse(io::errc::overtaken,
                      fmt::format("another writer (epoch {:016x}{}) has written TXID {} of this stream; ours ends at {}. If this database is the "
                                  "one to go on with, start with --take-over; else give it another stream name",
                                  s.head_epoch, by, s.head_txid, s.known_txid));
    }
    owner_decision out;
    const bool buried = s.head_epoch > owner.newest.epoch;  // the records of who wrote that were removed
    if (owner.is == holder::ours && !buried && (!is_overtaken(owner, s))) {
        out.what = step::keep;
        out.epoch = owner.newest.epoch;
        return out;
    }
    const std::uint64_t highest = std::max({owner.newest.epoch, s.known_epoch, s.head_epoch});
    if (highest == UINT64_MAX) return refuse(io::errc::corrupt, "the epoch of this stream's owner cannot grow any more: something wrote a false one");
    out.what = step::claim;
    out.epoch = highest + 1;
    out.from_another = another;
    return out;
}

}  // namespace engine
