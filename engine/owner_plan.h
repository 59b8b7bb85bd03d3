// Who may write a stream: one pure decision from its newest owner record, whether that owner lives, what is remembered and what the store ends with.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/memo.h"
#include "engine/owner_record.h"
#include "io/error.h"

namespace engine {

struct owner_view {
    enum class holder {
        none,     // no record
        ours,     // the newest record is of this state directory
        unknown,  // another's, and it is not known yet whether that one lives
        alive,    // another's, who lives
        dead,     // another's, who does not
    };
    holder is = holder::none;
    owner_record newest;     // not for none
    bool take_over = false;  // an operator wants the stream here, whoever has it
};

// What is known of the stream apart from its owner.
struct owned_stream {
    std::uint64_t known_epoch = 0;  // the memo's
    std::uint64_t known_txid = 0;   // the memo's; 0: nothing of it was ever confirmed, or nothing is remembered
    std::uint64_t head_txid = 0;    // the newest object in the store; 0: the stream is empty
    std::uint64_t head_epoch = 0;   // its node id; 0: Litestream's, or another program's
};

struct owner_decision {
    enum class step {
        keep,        // ours under `epoch`
        claim,       // `epoch` is to be created; if it is taken by then, decide again
        look_again,  // nothing can be said yet
        refuse,      // with `code` and `why`
    };
    step what = step::refuse;
    std::uint64_t epoch = 0;
    bool from_another = false;  // claimed while another's record was the newest
    io::errc code = io::errc::held;
    std::string why;
};

owner_decision plan_owner(const owner_view& owner, const owned_stream& stream);

// Whether the newest object is by us: by the epoch that we own, or by the one under which we shipped what is remembered.
bool head_is_ours(const owner_view& owner, const owned_stream& stream);

}  // namespace engine
