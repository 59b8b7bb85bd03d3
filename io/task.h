// The coroutine type of the whole project.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace io {

template <class T = void>
using task = boost::asio::awaitable<T>;

using executor = boost::asio::any_io_executor;

}  // namespace io
