#include "tests/sim/fiber.h"

#include <ucontext.h>

#include <cstdint>
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

// Untouched pages cost nothing. Frames are large without optimisation and with a sanitizer.
constexpr std::size_t stack_bytes = 1U << 20U;

fiber* current = nullptr;
std::vector<fiber*>& idle() {
    static auto* const fibers = new std::vector<fiber*>();
    return *fibers;
}

}  // namespace

// From the heap, and kept by pointers in the heap: a leak checker sees what only a suspended stack knows.
struct fiber::machine {
    std::unique_ptr<char[]> stack{new char[stack_bytes]};
    ucontext_t own{};
    ucontext_t outside{};
    const void* outside_stack = nullptr;
    std::size_t outside_bytes = 0;
    void* fake_stack = nullptr;
};

fiber::fiber(std::unique_ptr<machine> how) : how_(std::move(how)) {}

fiber* fiber::self() { return current; }

// A fiber does one body after the other, so that stacks are used again.
void fiber::main(unsigned low, unsigned high) {
    auto* self = reinterpret_cast<fiber*>((static_cast<std::uintptr_t>(high) << 32U) | low);
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(nullptr, &self->how_->outside_stack, &self->how_->outside_bytes);
#endif
    while (true) {
        self->body_();
        self->body_ = nullptr;
        suspend();
    }
}

fiber* fiber::start(std::function<void()> body) {
    fiber* one = nullptr;
    if (idle().empty()) {
        one = new fiber(std::make_unique<machine>());
        ucontext_t& own = one->how_->own;
        ::getcontext(&own);
        own.uc_stack.ss_sp = one->how_->stack.get();
        own.uc_stack.ss_size = stack_bytes;
        own.uc_link = nullptr;
        const auto self = reinterpret_cast<std::uintptr_t>(one);
        ::makecontext(&own, reinterpret_cast<void (*)()>(&fiber::main), 2, static_cast<unsigned>(self), static_cast<unsigned>(self >> 32U));
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
#ifdef SIM_ADDRESS_SANITIZER
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, one->how_->stack.get(), stack_bytes);
#endif
    ::swapcontext(&one->how_->outside, &one->how_->own);
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
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
    ::swapcontext(&how.own, &how.outside);
#ifdef SIM_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(how.fake_stack, &how.outside_stack, &how.outside_bytes);
#endif
}

}  // namespace sim
