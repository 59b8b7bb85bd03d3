#include "engine/verifier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/chain_audit.h"
#include "engine/key.h"
#include "engine/object_reader.h"
#include "engine/object_stream.h"
#include "io/task_group.h"
#include "ltx/checksum.h"
#include "ltx/file_name.h"

namespace engine {
namespace {

constexpr std::size_t most_files_at_once = 8;
constexpr std::uint64_t most_bytes_at_once = 16U << 20U;

using maybe_audited = std::optional<io::result<audited_file>>;

// Reads a file whole and decodes it with all its checksums.
io::task<io::result<audited_file>> read_whole(const io::environment& env, object_reader& reader, const stored_file& file) {
    audited_file out;
    out.file = file;
    ltx::decoder decoder;
    const ltx::page_sink sum_up = [&](std::uint32_t pgno, io::byte_view page) -> io::result<void> {
        out.pages.push_back({pgno, ltx::page_checksum(pgno, page)});
        return {};
    };
    const std::function<io::result<void>(io::byte_view)> decode = [&](io::byte_view chunk) { return decoder.feed(chunk, sum_up); };
    auto streamed = co_await stream_object(env, reader, file.key, file.size, decode);
    if (!streamed) co_return streamed.error();
    auto summary = decoder.finish();
    if (!summary) co_return summary.error();
    if (auto named = ltx::check_name(file.range, summary->header); !named) co_return named.error();
    out.summary = *summary;
    co_return out;
}

io::task<void> read_into(const io::environment& env, object_reader& reader, const stored_file& file, maybe_audited& into) {
    auto read = co_await read_whole(env, reader, file);
    into.emplace(std::move(read));
}

// How many of the files from `first` on are read at once.
std::size_t batch_size(const std::vector<stored_file>& files, std::size_t first) {
    std::uint64_t bytes = 0;
    std::size_t count = 0;
    while (count < most_files_at_once && first + count < files.size()) {
        bytes += files[first + count].size;
        if (count > 0 && bytes > most_bytes_at_once) break;
        ++count;
    }
    return count;
}

// What is wrong with the object itself is a finding; a store that fails is an error.
bool about_the_object(const io::error& e) { return e.about == io::subject::integrity || e.code == io::errc::not_found; }

io::task<io::result<void>> audit(const io::environment& env, object_reader& reader, const std::vector<stored_file>& files, chain_audit& chain,
                                 verify_report& report, const std::function<void(std::uint64_t)>& progress) {
    for (std::size_t at = 0; at < files.size();) {
        const std::size_t count = batch_size(files, at);
        std::vector<maybe_audited> batch(count);
        io::task_group group(env.time, env.on);
        for (std::size_t i = 0; i < count; ++i) group.spawn(read_into(env, reader, files[at + i], batch[i]));
        co_await group.join();
        for (auto& read : batch) {
            const stored_file& file = files[at++];
            if (*read) chain.add(**read);
            else if (about_the_object(read->error())) report.findings.push_back({finding::severity::doubt, file.key, read->error().context});
            else co_return read->error();
        }
        progress(reader.fetched());
    }
    co_return io::result<void>();
}

}  // namespace

bool verify_report::sound() const {
    return std::none_of(findings.begin(), findings.end(), [](const finding& f) { return f.how == finding::severity::doubt; });
}

io::task<io::result<verify_report>> verify(const io::environment& env, io::object_store& store, std::string stream,
                                           std::function<void(const verify_progress&)> progress, std::uint64_t through) {
    if (auto named = check_stream_name(stream); !named) co_return named.error();
    const replica where(store, stream);
    auto found = co_await where.list_all();
    if (!found) co_return found.error();
    verify_report report;
    for (const auto& key : found->strangers)
        report.findings.push_back({finding::severity::note, key, "not the name of an LTX file; it is never read"});
    std::erase_if(found->files, [through](const stored_file& file) { return file.range.max > through; });
    verify_progress state;
    for (const auto& file : found->files) {
        state.bytes_total += file.size;
        if (ltx::is_snapshot(file.range)) ++report.snapshots;
    }
    report.files = found->files.size();
    std::sort(found->files.begin(), found->files.end(), chain_audit::before);
    const std::function<void(std::uint64_t)> tell = [&](std::uint64_t bytes) {
        state.bytes_done = bytes;
        if (progress) progress(state);
    };
    object_reader reader(env, store);
    chain_audit chain(report);
    auto done = co_await audit(env, reader, found->files, chain, report, tell);
    if (!done) co_return done.error();
    chain.finish(stream);
    report.bytes = reader.fetched();
    co_return report;
}

}  // namespace engine
