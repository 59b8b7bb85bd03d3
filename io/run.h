// One coroutine from a program that is none: the event loop runs until it has ended.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "io/task.h"

namespace io {

// Returns what `work` returned, rethrows what it threw. What else was spawned on the loop runs for so long, too; then it must have ended
// or be harmless to forget. Not from within the loop.
template <class T>
T run(boost::asio::io_context& loop, task<T> work) {
    std::exception_ptr failure;
    const auto ended = [&](std::exception_ptr thrown) {
        failure = std::move(thrown);
        loop.stop();
    };
    const auto until_it_ends = [&](task<void> all) {
        boost::asio::co_spawn(loop, std::move(all), ended);
        loop.restart();
        loop.run();
        if (failure) std::rethrow_exception(failure);
    };
    if constexpr (std::is_void_v<T>) {
        until_it_ends(std::move(work));
    } else {
        std::optional<T> out;
        const auto keep = [](task<T> inner, std::optional<T>& into) -> task<void> { into.emplace(co_await std::move(inner)); };
        until_it_ends(keep(std::move(work), out));
        return std::move(*out);
    }
}

}  // namespace io
