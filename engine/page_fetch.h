// Brings the pages of a recipe into a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/image_recipe.h"
#include "engine/image_writer.h"
#include "engine/object_reader.h"
#include "io/environment.h"
#include "io/task.h"

namespace engine {

class page_fetch {
public:
    // Opens one more handle on the image; called on the pool's threads.
    using open_image = std::function<io::result<std::unique_ptr<io::file>>()>;

    // Everything by reference must outlive this. `progress` may be empty; it is called with the pages written so far, on the event
    // loop's thread, and an error from it ends the fetch.
    using on_progress = std::function<io::result<void>(std::uint64_t)>;
    page_fetch(const io::environment& env, object_reader& reader, const image_recipe& recipe, open_image open, on_progress progress);

    // Once. If the recipe's database checksum is known, just the needed pages are fetched, in runs, by up to eight lanes at once, and the
    // checksum of what was written is compared. If not, every file is read whole, four at a time, and its own checksum verified: without
    // one of the two nothing proves the pages. Errors: subject::integrity corrupt, unsupported (F4), with a key in the context unless it is
    // the database checksum; subject::target for the image; otherwise as object_reader. After an error the image holds anything.
    // Memory: a lane holds at most 4 MiB of a run and image_writer::buffer_size, or two pieces of a file and the same.
    io::task<io::result<void>> run();

private:
    // Pages of one source whose frames are fetched together.
    struct page_run {
        std::size_t source;
        std::size_t first, last;        // [first, last) in its pages
        std::uint64_t offset, length;   // bytes of the file
    };

    void cut_runs();
    io::task<void> lane(std::size_t writer);
    io::task<io::result<void>> fetch_run(page_run what, image_writer& out);
    io::task<io::result<void>> read_whole(const image_source& source, image_writer& out);
    io::result<void> finish() const;

    const io::environment& env_;
    object_reader& reader_;
    const image_recipe& recipe_;
    open_image open_;
    on_progress progress_;
    std::vector<page_run> runs_;
    std::vector<std::unique_ptr<image_writer>> writers_;   // one a lane
    std::size_t next_ = 0;                                 // of runs_ or of the sources
    std::uint64_t pages_done_ = 0;
    std::optional<io::error> failure_;
};

}  // namespace engine
