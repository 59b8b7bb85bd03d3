#include "io/task_group.h"

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <utility>

namespace io {

task_group::task_group(clock& time, executor on) : on_(on), ended_(time, on) {}

task_group::~task_group() {
    if (running_ != 0) std::abort();
}

void task_group::spawn(task<void> child) {
    ++running_;
    boost::asio::co_spawn(on_, std::move(child), [this](std::exception_ptr failure) {
        if (failure && !first_) first_ = failure;
        --running_;
        ended_.notify();
    });
}

task<void> task_group::join() {
    while (running_ != 0) co_await ended_.wait();
    if (first_) std::rethrow_exception(std::exchange(first_, nullptr));
}

}  // namespace io
