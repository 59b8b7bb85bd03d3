// io::watcher on a simulated disk, as inotify(7) is: events of a directory's names, coalesced, dropped when too many wait (and then an overflow
// says so), and none for what is stored through a mapping.
#pragma once

#include <map>
#include <set>

#include "io/wakeup.h"
#include "io/watcher.h"
#include "tests/sim/disk.h"

namespace sim {

struct watcher_habits {
    std::size_t most_waiting = 16384;      // events, before an overflow
    std::uint64_t lost_rate = 0;           // in 1,000,000: an event is never seen, as when a network file system was written elsewhere
    io::duration most_delay = std::chrono::milliseconds(2);
};

class watcher final : public io::watcher, private disk::observer {
public:
    // `on`, `time` and `habits` must outlive this.
    watcher(disk& on, process_id who, io::clock& time, io::executor loop, const watcher_habits& habits, prng dice);
    ~watcher() override;

    io::result<void> add(const std::string& directory) override;
    void remove(const std::string& directory) override;
    io::task<std::vector<io::watch_event>> next() override;
    void close() override;

private:
    void changed(const inode& directory, const std::string& name) override;
    void gone(const inode& directory) override;
    void push(io::watch_event one);

    disk& on_;
    io::clock& time_;
    const watcher_habits& habits_;
    prng dice_;
    io::wakeup bell_;
    std::map<std::string, disk::node> by_name_;
    std::map<std::uint64_t, std::set<std::string>> by_number_;
    std::vector<io::watch_event> waiting_;
    bool closed_ = false;
};

}  // namespace sim
