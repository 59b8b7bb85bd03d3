// Blocking work off the event loop: SQLite calls, file I/O, compression. The function takes values and returns a value; it touches
// no engine state. Bound: as many at once as the pool has threads; the rest wait in the pool's queue, first come first served.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/task.h"

namespace io {

class offload {
public:
    virtual ~offload() = default;

    // Runs `work` elsewhere and resumes the caller on its own executor with what it returned. An exception comes back, too.
    // Not cancellable: once started it runs to its end, and the caller waits for it, so references to the caller's locals are safe.
    template <class Work>
    task<std::invoke_result_t<Work>> operator()(Work work) {
        using value = std::invoke_result_t<Work>;
        std::exception_ptr failure;
        if constexpr (std::is_void_v<value>) {
            co_await run([&] { try { work(); } catch (...) { failure = std::current_exception(); } });
            if (failure) std::rethrow_exception(failure);
        } else {
            std::optional<value> out;
            co_await run([&] { try { out.emplace(work()); } catch (...) { failure = std::current_exception(); } });
            if (failure) std::rethrow_exception(failure);
            co_return std::move(*out);
        }
    }

protected:
    // Runs `work`, which does not throw and outlives the call, and returns on the caller's executor afterwards.
    virtual task<void> run(std::function<void()> work) = 0;
};

class thread_pool_offload final : public offload {
public:
    // threads >= 1. The destructor joins them; nothing may be running then.
    explicit thread_pool_offload(std::size_t threads);
    ~thread_pool_offload() override;

protected:
    task<void> run(std::function<void()> work) override;

private:
    boost::asio::thread_pool pool_;
};

}  // namespace io
