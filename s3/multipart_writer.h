// Writes an object in pieces: a single put if it stays small, else a multipart upload whose parts travel in parallel.
//
// Memory: at most parts_in_flight(n) parts of part_size(n), 64 MiB, and what one write() brings; fewer parts at once if the caller wants it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "io/object_store.h"
#include "s3/claims.h"

namespace s3 {

// The size of part number `n` (from 1), bytes: with it 10,000 parts, S3's limit, hold 266 GiB.
constexpr std::size_t part_size(unsigned n) { return n <= 2000 ? 8U << 20U : 32U << 20U; }
// How many parts of that size travel at once.
constexpr unsigned parts_in_flight(unsigned n) { return n <= 2000 ? 8 : 2; }
inline constexpr std::uint64_t most_held = 64U << 20U;
inline constexpr unsigned most_parts = 10'000;

class multipart_writer final : public io::object_writer {
public:
    // `key` is whole. Without `conditional` (a store that does not honour conditions) the key is looked at before it is written, and
    // two writers at the same moment may both succeed.
    // `memory_bytes` limits how many parts travel at once, to one at least; 0: no limit of its own.
    // `abandoned` gets the upload if this is destroyed in the middle of it: an upload can only be aborted by a request.
    multipart_writer(const io::environment& env, client& requests, std::string key, metadata about, bool conditional,
                     std::uint64_t memory_bytes, std::shared_ptr<std::vector<upload_marker>> abandoned);
    ~multipart_writer() override;

    // Sends parts when enough for all that may travel at once are there, and waits for them. After an error the upload is aborted.
    io::task<io::result<void>> write(io::bytes part) override;
    io::task<io::result<void>> commit() override;

private:
    io::task<io::result<void>> send_parts(bool last);
    io::task<void> send_part(unsigned number, shared_bytes data);
    io::task<io::result<void>> publish();

    const io::environment& env_;
    client& requests_;
    claims claims_;
    std::string key_;
    metadata about_;
    bool conditional_;
    std::uint64_t memory_bytes_;
    io::bytes held_;
    std::string upload_id_;
    std::vector<uploaded_part> parts_;
    io::result<void> outcome_{};
    std::shared_ptr<std::vector<upload_marker>> abandoned_;
    bool ended_ = false;  // published, aborted, or left to whoever meets its claim
};

// Creates an object in one request. already_exists, outcome_unknown; `conditional` as above.
io::task<io::result<void>> create_object(client& requests, std::string key, shared_bytes data, metadata about, bool conditional);

}  // namespace s3
