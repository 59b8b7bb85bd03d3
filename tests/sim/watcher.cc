#include "tests/sim/watcher.h"

#include <cerrno>
#include <utility>

namespace sim {

watcher::watcher(disk& on, process_id who, io::clock& time, io::executor loop, const watcher_habits& habits, prng dice)
    : on_(on), time_(time), habits_(habits), dice_(dice), bell_(time, std::move(loop)) {
    on_.observe(this, who);
}

watcher::~watcher() { on_.forget(this); }

io::result<void> watcher::add(const std::string& directory) {
    int problem = 0;
    auto node = on_.find(directory, problem);
    if (node && !node->directory) problem = ENOTDIR;
    const auto known = by_name_.find(directory);
    if (problem == 0 && known != by_name_.end() && known->second == node) return {};
    remove(directory);  // of this name by now there is another directory, or none
    if (problem != 0) return io::from_errno(problem, io::subject::general, "watch " + directory);
    by_number_[node->number].insert(directory);
    by_name_[directory] = std::move(node);
    return {};
}

void watcher::remove(const std::string& directory) {
    const auto at = by_name_.find(directory);
    if (at == by_name_.end()) return;
    auto& names = by_number_[at->second->number];
    names.erase(directory);
    if (names.empty()) by_number_.erase(at->second->number);
    by_name_.erase(at);
}

void watcher::push(io::watch_event one) {
    using what = io::watch_event::what;
    if (habits_.lost_rate != 0 && dice_.below(1'000'000) < habits_.lost_rate) return;
    if (!waiting_.empty()) {
        const auto& last = waiting_.back();
        if (last.kind == one.kind && last.directory == one.directory && last.name == one.name) return;
        if (waiting_.size() >= habits_.most_waiting) {
            if (last.kind == what::overflow) return;
            one = {what::overflow, {}, {}};
        }
    }
    waiting_.push_back(std::move(one));
    bell_.notify();
}

void watcher::changed(const inode& directory, const std::string& name) {
    const auto at = by_number_.find(directory.number);
    if (at == by_number_.end()) return;
    for (const auto& path : at->second) push({io::watch_event::what::changed, path, name});
}

void watcher::gone(const inode& directory) {
    const auto at = by_number_.find(directory.number);
    if (at == by_number_.end()) return;
    const auto names = at->second;
    for (const auto& path : names) {
        push({io::watch_event::what::lost, path, {}});
        remove(path);
    }
}

io::task<std::vector<io::watch_event>> watcher::next() {
    while (waiting_.empty() && !closed_) co_await bell_.wait();
    if (closed_) co_return std::vector<io::watch_event>();
    const auto delay = static_cast<io::duration::rep>(dice_.below(static_cast<std::uint64_t>(habits_.most_delay.count()) + 1));
    co_await io::sleep_for(time_, io::duration(delay));
    co_return closed_ ? std::vector<io::watch_event>() : std::exchange(waiting_, {});
}

void watcher::close() {
    closed_ = true;
    bell_.notify();
}

}  // namespace sim
