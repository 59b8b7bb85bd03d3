// What all streams of an engine share, each first come, first served: memory, puts, images. A stream has at most one object made from its
// log and one image in hand, so first come, first served is a fair share: nobody waits for more than one object of every other stream.
//
// Memory is options.memory_bytes in parts, so that nothing small waits behind what takes long, and whoever waits for one part holds at most
// an earlier one: an eighth for the lists of captured frames, which live until their object is durable; an eighth for objects of one part;
// half for those of several, which may take hours; a quarter for the pages that small images keep (object_encoder::keep_bytes). A request
// for more than there is runs alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/object_encoder.h"
#include "engine/options.h"
#include "io/buggify.h"
#include "io/environment.h"
#include "io/semaphore.h"

namespace engine {

struct budgets {
    // `writer_bytes`: of the store.
    budgets(const io::environment& env, const options& settings, std::uint64_t writer_bytes)
        : budgets(env, io::buggify("budgets.tiny") ? tiny_bytes : settings.memory_bytes, settings.objects_in_flight, writer_bytes) {}

    ~budgets() { io::must(on_disk == 0, "without streams nothing of them is on disk"); }
    budgets(const budgets&) = delete;
    budgets& operator=(const budgets&) = delete;

    static constexpr std::uint64_t most_images = 8;  // at once, however much memory there is
    static constexpr std::uint64_t list_bytes_per_frame = 64;    // wal::page_place while it grows, and the object's pages and sums
    static constexpr std::uint64_t working_bytes = 256U << 10U;  // windows and compression, whatever the object's size

    io::semaphore lists;    // bytes, from the capture to the confirmation
    io::semaphore small;    // bytes, during one try to put an object
    io::semaphore large;    // bytes, the same
    io::semaphore objects;  // puts at once; held during one try, not between two
    io::semaphore images;   // whole databases being shipped: bounds the lists of their pages
    // Bytes on local disk that wait for the store, of all streams: segments, refused objects, what is about to be copied (counted_bytes). Copies of
    // shipped objects, which also count for options.disk_limit, are the cache_shelf's.
    std::uint64_t on_disk = 0;
    // Bytes of `lists` that streams hold whose object the store has refused, for as long as it refuses (counted_bytes): at most half of it.
    std::uint64_t halted = 0;
    std::uint64_t most_halted() const { return lists.total() / 2; }

    // How much of the log a capture may list, bytes: of what the lists' budget holds, one stream takes an eighth at the most.
    std::uint64_t most_listed(std::uint32_t page_size) const { return lists.total() / 8 / list_bytes_per_frame * page_size; }
    // What the list of so many bytes of it takes.
    static std::size_t for_list(std::uint64_t log_bytes, std::uint32_t page_size) {
        return static_cast<std::size_t>((log_bytes / page_size + 1) * list_bytes_per_frame);
    }

    // What one try to put an object holds whose pages have so many bytes, and from which budget.
    struct share {
        io::semaphore* from;
        std::size_t bytes;
        std::uint64_t writer_bytes;  // of these, for the store's writer; 0 if there is none
    };
    share for_object(std::uint64_t page_bytes) {
        constexpr std::uint64_t parts = 2 * std::uint64_t{object_encoder::part_bytes} + working_bytes;
        if (page_bytes <= object_encoder::part_bytes) return {&small, static_cast<std::size_t>(page_bytes + page_bytes / 128 + working_bytes), 0};
        // A quarter of the budget each, so that a few travel side by side, if that leaves room for one part of the store's.
        const std::uint64_t room = large.total() / 4 > parts ? large.total() / 4 - parts : 0;
        const std::uint64_t writer = std::clamp(room, writer_bytes_ / 8, writer_bytes_);
        return {&large, static_cast<std::size_t>(parts + writer), writer};
    }

private:
    static constexpr std::uint64_t tiny_bytes = 256U << 10U;  // of a simulation
    budgets(const io::environment& env, std::uint64_t memory, std::size_t puts, std::uint64_t writer_bytes)
        : lists(env.time, env.on, memory / 8), small(env.time, env.on, memory / 8), large(env.time, env.on, memory / 2), objects(env.time, env.on, puts),
          images(env.time, env.on, std::clamp<std::uint64_t>(memory / 4 / object_encoder::keep_bytes, 1, most_images)), writer_bytes_(writer_bytes) {}

    std::uint64_t writer_bytes_;
};

}  // namespace engine
