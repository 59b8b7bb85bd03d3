// Merges consecutive files into one, streaming: of each page the newest version, the pages beyond the last commit dropped. Memory is
// one chunk and one page for each source, the merged index, and the output not yet taken. Pure: step() says what it wants.
//
//   merger m(files);
//   for (;;) {
//       const auto want = m.step();                      // error: give up, throw away what was taken
//       if want is input:  m.feed(source, next chunk of that file) or m.end(source)
//       if want is output: write m.take_output()
//       if want is done:   write m.take_output() and stop
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "io/bytes.h"
#include "io/error.h"
#include "ltx/chain.h"
#include "ltx/decoder.h"
#include "ltx/encoder.h"
#include "ltx/format.h"

namespace ltx {

class merger {
public:
    enum class need { input, output, done };
    struct wish {
        need what = need::done;
        std::size_t source = 0;      // for input: which one
    };

    // Merges `sources` files, oldest first. step() asks for output when `output_limit` bytes wait. Precondition: sources >= 1.
    explicit merger(std::size_t sources, std::size_t output_limit = 1U << 20);

    // Goes on until it needs something. Errors, all subject::integrity, after which every call is an error: as decoder and
    // check_successor (B3: a gap, a file that does not reach further, another page size), growth_check, encoder; always with the
    // number of the source in the context. Every source is read to its end and its file checksum verified before `done`.
    [[nodiscard]] io::result<wish> step();

    // The next bytes of a source, owned from now on. Precondition: step() asked for input from it.
    void feed(std::size_t source, io::bytes chunk);
    // The source has no more bytes. Precondition as feed().
    void end(std::size_t source);

    // The merged file's bytes since the last call, in order.
    [[nodiscard]] io::bytes take_output();

    // The merged file's header: min TXID and pre checksum of the first source; max TXID, commit, timestamp, node id and post checksum
    // of the last; no WAL position. Our checksums are kept only if both ends carry them in our form. Null until every header was seen.
    [[nodiscard]] const header* head() const { return out_ ? &merged_ : nullptr; }

private:
    struct input {
        decoder reader;
        io::bytes chunk;
        io::byte_view rest;                      // of chunk
        std::optional<page> current;
        bool no_more_bytes = false;
        std::optional<trailer> ended;            // finish() succeeded
        std::uint32_t keep_to = 0;               // pages above were cut off by a later file
        std::optional<growth_check> growth;
    };

    io::result<bool> fill(std::size_t source);
    io::result<void> start();
    io::result<void> emit_lowest();
    io::result<void> check_ends() const;
    io::result<wish> run();

    std::vector<input> inputs_;
    std::size_t output_limit_;
    std::optional<encoder> out_;
    header merged_;
    bool done_ = false;
    std::optional<io::error> failure_;
};

}  // namespace ltx
