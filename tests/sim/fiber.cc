#include "tests/sim/fiber.h"

#include <cxxabi.h>

#include <boost/context/fiber.hpp>
#include <cstring>
#include <utility>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#endif

#ifdef SIM_ADDRESS_SANITIZER
// A leak checker does not look into the sanitizer's own stacks of suspended fibers, which killed processes leave for ever.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=0"; }
#endif

namespace sim {

namespace {

using context = boost::context::fiber;

// Untouched pages cost nothing. Frames are large without optimisation and with a sanitizer.
constexpr std::size_t stack_bytes = 1U << 20U;

fiber* current = nullptr;
std::vector<fiber*>& idle() {
    static auto* const fibers = new std::vector<fiber*>();
    return *fibers;
}

// Gives Boost a stack that is somebody else's.
struct lender {
    char* stack;
    boost::context::stack_context allocate() const {
        boost::context::stack_context out;
        out.size = stack_bytes;
        out.sp = stack + stack_bytes;
        return out;
    }
    void deallocate(boost::context::stack_context&) const {}
};

// The exceptions that are being handled are a list of the thread's: code that blocks in a catch clause takes its own with it.
struct handled {
    static constexpr std::size_t bytes = sizeof(void*) + sizeof(unsigned);  // as the C++ ABI has it
    unsigned char list[bytes] = {};
    void swap() {
        unsigned char mine[bytes];
        void* const now = abi::__cxa_get_globals();
        std::memcpy(mine, now, bytes);
        std::memcpy(now, list, bytes);
        std::memcpy(list, mine, bytes);
    }
};

}  // namespace

// From the heap, and kept by pointers in the heap: a leak checker sees what only a suspended stack knows.
struct fiber::machine {
    std::unique_ptr<char[]> stack{new char[stack_bytes]};
    context own;      // while it is suspended
    context outside;  // while it runs: whoever entered it
    handled exceptions;
    const void* outside_stack = nullptr;
    std::size_t outside_bytes = 0;
    void* fake_stack = nullptr;
};

fiber::fiber(std::unique_ptr<machine> how) : how_(std::move(how)) {}

fiber* fiber::self() { return current; }

// A fiber does one body after the other, so that stacks are used again.
void fiber::main() {
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(nullptr, &how_->outside_stack, &how_->outside_bytes);
#endif
    while (true) {
        body_();
        body_ = nullptr;
        suspend();
    }
}

fiber* fiber::start(std::function<void()> body) {
    fiber* one = nullptr;
    if (idle().empty()) {
        one = new fiber(std::make_unique<machine>());
        const auto run = [one](context&& outside) {
            one->how_->outside = std::move(outside);
            one->main();
            return context();
        };
        one->how_->own = context(std::allocator_arg, lender{one->how_->stack.get()}, run);
    } else {
        one = idle().back();
        idle().pop_back();
    }
    one->body_ = std::move(body);
    return enter(one) ? one : nullptr;
}

bool fiber::resume(fiber* one) { return enter(one); }

bool fiber::enter(fiber* one) {
    fiber* const outer = std::exchange(current, one);
    machine& how = *one->how_;
    how.exceptions.swap();
#ifdef SIM_ADDRESS_SANITIZER
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, how.stack.get(), stack_bytes);
#endif
    how.own = std::move(how.own).resume();
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
    how.exceptions.swap();
    current = outer;
    if (one->body_) return true;
    idle().push_back(one);
    return false;
}

void fiber::suspend() {
    machine& how = *current->how_;
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(&how.fake_stack, how.outside_stack, how.outside_bytes);
#endif
    how.outside = std::move(how.outside).resume();
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(how.fake_stack, &how.outside_stack, &how.outside_bytes);
#endif
}

}  // namespace sim
