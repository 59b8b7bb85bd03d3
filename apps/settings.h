// Settings as somebody gave them, in flags or in the configuration file: only what was said, so that a default never beats the file and
// the file never a flag. Both are read by the same two functions, under the same names. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "io/error.h"
#include "io/log.h"

namespace apps {

struct settings {
    std::optional<std::string> to;               // store
    std::optional<std::string> state;            // directory
    std::optional<io::level> log_level;
    std::optional<io::duration> sweep_interval;
    std::optional<io::duration> drain_limit;
    std::optional<bool> unsafe_no_conditional_put;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint64_t> objects_in_flight;
    std::optional<std::uint64_t> disk_limit;
    std::optional<std::uint64_t> disk_reserve;
    std::optional<std::uint64_t> cache_bytes;
    std::optional<io::duration> lease;
    std::optional<bool> take_over;
    engine::stream_changes streams;

    // These, and where nothing is set here, those of `below`.
    settings over(const settings& below) const;
};

// `upper`, and where nothing is set there, `below`.
engine::stream_changes merge(const engine::stream_changes& upper, const engine::stream_changes& below);

// One setting's name (as in the file; a flag has -- before it), what a flag's help says, and its default in words.
struct setting_name {
    std::string_view name;
    std::string_view help;
};
const std::vector<setting_name>& stream_setting_names();   // may be given for one database, too
const std::vector<setting_name>& general_setting_names();
// What the text of a setting says. A truth takes none as a flag; a size, a time and a count may be plain numbers in the file.
enum class unit { text, size, time, count, truth };
unit unit_of(std::string_view name);

// Sets what `name` means from its text. invalid (subject::usage), without the name in the context: a text that makes no sense or a
// value that is refused. `name` must be one of the names above, else invalid, too.
io::result<void> set(engine::stream_changes& into, std::string_view name, std::string_view text);
io::result<void> set(settings& into, std::string_view name, std::string_view text);

}  // namespace apps
