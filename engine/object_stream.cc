#include "engine/object_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "io/task_group.h"

namespace engine {
namespace {

io::task<void> read_into(object_reader& reader, const std::string& key, std::uint64_t offset, std::uint64_t length,
                         std::optional<io::result<io::bytes>>& into) {
    auto got = co_await reader.read(key, offset, length);
    into.emplace(std::move(got));
}

}  // namespace

io::task<io::result<void>> stream_object(const io::environment& env, object_reader& reader, const std::string& key, std::uint64_t size,
                                         const std::function<io::result<void>(io::byte_view)>& sink) {
    std::optional<io::result<io::bytes>> piece;
    const auto length_at = [&](std::uint64_t offset) { return std::min(object_reader::piece, size - offset); };
    co_await read_into(reader, key, 0, length_at(0), piece);
    std::uint64_t offset = 0;
    io::result<void> taken;
    while (taken && piece) {
        if (!*piece) co_return piece->error();
        const io::bytes current = std::move(**piece);
        piece.reset();
        offset += current.size();
        io::task_group ahead(env.time, env.on);
        if (offset < size) ahead.spawn(read_into(reader, key, offset, length_at(offset), piece));
        const auto work = [&] { return sink(current); };
        taken = co_await env.elsewhere(work);
        co_await ahead.join();
    }
    co_return taken;
}

}  // namespace engine
