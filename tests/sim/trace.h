// What happened: a rolling hash over every step and every note, and the last notes as text for whoever has to understand a failure.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "io/bytes.h"
#include "io/clock.h"
#include "tests/sim/hash_bytes.h"

namespace sim {

class trace {
public:
    void mix(std::uint64_t value) { hash_ = (hash_ ^ (value + 0x9e3779b97f4a7c15ULL)) * 0x100000001b3ULL; }
    void mix(io::byte_view data) { mix(hash_bytes(data)); }

    // Part of the hash: the text must say nothing of addresses, real time or real paths.
    template <class... T>
    void note(io::instant when, fmt::format_string<T...> text, T&&... values) {
        keep(when, fmt::format(text, std::forward<T>(values)...), true);
    }
    // Only for the reader: text that may differ from run to run, such as how long something really took.
    void remark(io::instant when, std::string text) { keep(when, std::move(text), false); }

    std::uint64_t hash() const { return hash_; }
    // The newest notes, oldest first, each with its virtual time.
    const std::deque<std::string>& newest() const { return newest_; }
    // How many are kept.
    std::size_t limit = 400;
    // Each note goes to standard error at once, too.
    bool loud = false;

private:
    void keep(io::instant when, std::string text, bool counts);

    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
    std::deque<std::string> newest_;
};

}  // namespace sim
