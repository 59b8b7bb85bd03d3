#include "engine/file_edges.h"

#include <algorithm>

#include "ltx/file_name.h"

namespace engine {
namespace {

// The end of the file that holds its index and trailer.
io::task<io::result<io::bytes>> read_tail(object_reader& reader, const stored_file& file, const ltx::header& head) {
    auto tail = co_await reader.read(file.key, file.size - small_file, small_file);
    if (!tail) co_return tail;
    const auto needed = ltx::tail_needed(head, file.size, *tail);
    if (!needed) co_return needed.error().within(file.key);
    if (*needed <= tail->size()) co_return tail;
    auto longer = co_await reader.read(file.key, file.size - *needed, *needed - tail->size());
    if (longer) io::append(*longer, *tail);
    co_return longer;
}

}  // namespace

io::task<io::result<file_edges>> read_edges(object_reader& reader, stored_file file) {
    auto start = co_await reader.read(file.key, 0, std::min(file.size, small_file));
    if (!start) co_return start.error();
    file_edges edges;
    auto head = ltx::decode_header(*start);
    if (!head) co_return head.error().within(file.key);
    edges.header = *head;
    if (auto named = ltx::check_name(file.range, *head); !named) co_return named.error().within(file.key);
    io::bytes tail;
    if (file.size <= small_file) {
        edges.whole = std::move(*start);
    } else {
        auto read = co_await read_tail(reader, file, *head);
        if (!read) co_return read.error();
        tail = std::move(*read);
    }
    auto index = ltx::read_page_index(*head, file.size, edges.whole.empty() ? tail : edges.whole);
    if (!index) co_return index.error().within(file.key);
    edges.index = std::move(*index);
    co_return edges;
}

}  // namespace engine
