// The driver's part in whose stream it is: waits until that is known, and makes it ours.
#include <fmt/format.h>

#include "engine/database.h"
#include "io/failpoint.h"

namespace engine {

// Returns once it is known that we may claim the stream, or have it; `remote` is looked at again if another had it. Errors: held, overtaken, as plan_owner
// says; canceled.
io::task<io::result<owner_view>> database::find_owner(remote_view& remote) {
    const owned_stream known = owned_stream_of(around_.state.find(memo_.stream), remote);
    auto view = co_await guarded(owner_.look());
    bool waited = false;
    while (view) {
        const owner_decision plan = plan_owner(*view, known);
        if (plan.what == owner_decision::step::refuse) co_return io::error{plan.code, io::subject::store, plan.why};
        if (plan.what == owner_decision::step::keep) owner_.keep(plan.epoch);
        if (plan.what != owner_decision::step::look_again) break;
        if (!waited) {
            env_.journal.info("{}: the stream is owned by {}; whether that one lives takes up to {} s to find out", memo_.stream, describe(view->newest),
                              std::chrono::ceil<std::chrono::seconds>(view->newest.lease).count());
        }
        waited = true;
        const io::instant again = env_.time.now() + owner_.pause(*view);
        auto rested = co_await guard_until([&] { return stopping_ || env_.time.now() >= again; }, false, again);
        if (!rested) co_return rested.error();
        if (stopping_) co_return io::error{io::errc::canceled, io::subject::general, "stopped before it was known whose the stream is"};
        view = co_await guarded(owner_.watch(std::move(*view)));
    }
    if (!view) co_return view.error();
    // Since the store was looked at, that owner may have gone on with the stream.
    if (view->is != owner_view::holder::none && view->is != owner_view::holder::ours) {
        auto now = co_await guarded(look_at_store());
        if (!now) co_return now.error();
        remote = std::move(*now);
    }
    co_return view;
}

io::task<io::result<void>> database::own(const attach_decision& plan, const owner_view& was, std::uint64_t head_txid) {
    if (!plan.claim) co_return io::result<void>();
    auto claimed = co_await guarded(owner_.claim(plan.epoch, head_txid, was));
    if (!claimed) co_return claimed;
    io::failpoint("owner.claimed");
    if (plan.took_over) {
        const char* why = was.is == owner_view::holder::dead ? "which has not been seen for its lease, or has ended" : "by --take-over";
        tell(event::what::took_over, fmt::format("from {}: {}", describe(was.newest), why));
    }
    const bool forgotten = !plan.took_over && was.is == owner_view::holder::ours;
    if (forgotten) env_.journal.warning("{}: the owner records of this stream were removed from the store; it goes on as epoch {:016x}", memo_.stream, plan.epoch);
    co_return claimed;
}

}  // namespace engine
