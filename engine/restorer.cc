#include "engine/restorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "engine/image_recipe.h"
#include "engine/object_reader.h"
#include "engine/page_fetch.h"
#include "engine/replica.h"
#include "engine/restore_output.h"
#include "engine/txid_at.h"
#include "io/task_group.h"
#include "ltx/file_name.h"

namespace engine {
namespace {

constexpr std::size_t edges_at_once = 16;

using maybe_edges = std::optional<io::result<file_edges>>;

io::task<void> read_into(object_reader& reader, const stored_file& file, maybe_edges& into) {
    auto edges = co_await read_edges(reader, file);
    into.emplace(std::move(edges));
}

// Reads both ends of every planned file, newest first, so many at once.
io::task<io::result<image_recipe>> survey(const io::environment& env, object_reader& reader, const std::vector<stored_file>& plan) {
    std::uint64_t total_size = 0;
    for (const auto& file : plan) total_size += file.size;
    recipe_builder builder(total_size);
    for (std::size_t left = plan.size(); left > 0;) {
        const std::size_t count = std::min(left, edges_at_once);
        std::vector<maybe_edges> batch(count);
        io::task_group group(env.time, env.on);
        for (std::size_t i = 0; i < count; ++i) group.spawn(read_into(reader, plan[left - 1 - i], batch[i]));
        co_await group.join();
        for (auto& edges : batch) {
            if (!*edges) co_return edges->error();
            --left;
            auto added = builder.add_older(plan[left], std::move(**edges));
            if (!added) co_return added.error();
        }
    }
    co_return builder.finish();
}

io::task<io::result<std::vector<stored_file>>> plan_for(const io::environment& env, const replica& where, restore_target target) {
    auto found = co_await where.list_all();
    if (!found) co_return found.error();
    auto txid = newest_txid(found->files);
    if (!txid) co_return txid.error().within(where.stream());
    if (target.kind == restore_target::what::txid) txid = target.txid;
    if (target.kind == restore_target::what::time) txid = co_await txid_at(env, where, found->files, target.time_ms);
    if (!txid) co_return txid.error().within(where.stream());
    auto plan = plan_restore(found->files, *txid);
    if (!plan) co_return plan.error().within(where.stream());
    co_return plan;
}

io::task<io::result<void>> check_request(const io::environment& env, const restore_request& request) {
    if (auto named = check_stream_name(request.stream); !named) co_return named;
    if (request.output.empty() && !request.dry_run) co_return io::error{io::errc::invalid, io::subject::usage, "no output is named"};
    if (request.output.empty()) co_return io::result<void>();
    const auto look = [&] { return restore_output::check(env.files, request.output, request.force); };
    co_return co_await env.elsewhere(look);
}

io::result<void> still_wanted(const restore_request& request) {
    if (!request.give_up || !request.give_up()) return {};
    return io::error{io::errc::canceled, io::subject::general, request.stream + ": the restore was stopped on request; nothing was written"};
}

// Fills the temporary, checks it and publishes it. `output` goes on owning it: what is left is removed where that may block.
io::task<io::result<void>> make(const io::environment& env, object_reader& reader, const image_recipe& recipe, const restore_request& request,
                                std::unique_ptr<restore_output>& output) {
    const std::string token = ltx::hex16(env.dice.next());
    const std::uint64_t size = std::uint64_t{recipe.page_count} * recipe.page_size;
    const auto create = [&]() -> io::result<void> {
        auto made = restore_output::create(env.files, request.output, request.force, size, token);
        if (!made) return made.error();
        output = std::move(*made);
        return {};
    };
    auto done = co_await env.elsewhere(create);
    if (!done) co_return done;
    const auto open = [&] { return output->open(); };
    const auto progress = [&](std::uint64_t pages) {
        if (request.progress) request.progress({pages, recipe.pages_to_write});
        return still_wanted(request);
    };
    page_fetch fetch(env, reader, recipe, open, progress);
    done = co_await fetch.run();
    if (!done) co_return done;
    const auto look = [&] { return check_integrity(output->temporary(), request.integrity); };
    done = co_await env.elsewhere(look);
    if (!done) co_return done.error().within("the restored image");
    done = still_wanted(request);
    if (!done) co_return done;
    const auto publish = [&] { return output->publish(); };
    co_return co_await env.elsewhere(publish);
}

restore_report describe(const image_recipe& recipe, const std::vector<stored_file>& plan) {
    restore_report report;
    report.txid = plan.back().range.max;
    report.timestamp_ms = recipe.timestamp_ms;
    report.page_size = recipe.page_size;
    report.page_count = recipe.page_count;
    report.database_checksum = recipe.checksum.has_value();
    for (const auto& file : plan) report.keys.push_back(file.key);
    return report;
}

}  // namespace

io::task<io::result<restore_report>> restore(const io::environment& env, io::object_store& store, restore_request request) {
    auto fine = co_await check_request(env, request);
    if (!fine) co_return fine.error();
    const replica where(store, request.stream);
    auto plan = co_await plan_for(env, where, request.target);
    if (!plan) co_return plan.error();
    object_reader reader(env, store);
    auto recipe = co_await survey(env, reader, *plan);
    if (!recipe) co_return recipe.error();
    if (auto wanted = still_wanted(request); !wanted) co_return wanted.error();
    restore_report report = describe(*recipe, *plan);
    if (!request.dry_run) {
        std::unique_ptr<restore_output> output;
        auto made = co_await make(env, reader, *recipe, request, output);
        const auto clean_up = [&] { output.reset(); };
        co_await env.elsewhere(clean_up);
        if (!made) co_return made.error();
    }
    report.fetched_bytes = reader.fetched();
    co_return report;
}

}  // namespace engine
