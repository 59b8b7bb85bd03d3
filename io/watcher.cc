#include "io/watcher.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <map>

#include "io/inotify_events.h"

namespace io {

namespace {

namespace asio = boost::asio;

constexpr std::uint32_t interest =
    IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

class inotify_watcher final : public watcher {
public:
    inotify_watcher(executor on, int descriptor) : stream_(std::move(on), descriptor), buffer_(64U << 10U) {}

    result<void> add(const std::string& directory) override {
        const int watch = ::inotify_add_watch(stream_.native_handle(), directory.c_str(), interest);
        const auto known = by_name_.find(directory);
        if (known != by_name_.end() && known->second == watch) return {};
        const int failure = errno;
        remove(directory);  // of this name by now there is another directory, or none
        errno = failure;
        if (watch < 0) {
            error e = from_errno(errno, subject::general, fmt::format("watch {}", directory));
            if (e.code == errc::no_space) e.context += " (all inotify watches are used; raise fs.inotify.max_user_watches)";
            return e;
        }
        by_name_[directory] = watch;
        by_watch_[watch].push_back(directory);
        return {};
    }

    void remove(const std::string& directory) override {
        const auto at = by_name_.find(directory);
        if (at == by_name_.end()) return;
        std::vector<std::string>& names = by_watch_[at->second];
        std::erase(names, directory);
        if (names.empty()) {
            ::inotify_rm_watch(stream_.native_handle(), at->second);
            by_watch_.erase(at->second);
        }
        by_name_.erase(at);
    }

    task<std::vector<watch_event>> next() override {
        std::vector<watch_event> out;
        while (out.empty() && !closed_) {
            auto [failure, size] = co_await stream_.async_read_some(asio::buffer(buffer_), asio::as_tuple(asio::use_awaitable));
            if (failure) break;
            const auto names_of_watch = [this](int watch) {
                const auto at = by_watch_.find(watch);
                return at == by_watch_.end() ? std::vector<std::string>() : at->second;
            };
            out = decode_inotify(byte_view(buffer_).first(size), names_of_watch);
            for (const auto& e : out) {
                if (e.kind == watch_event::what::lost) remove(e.directory);
            }
        }
        if (closed_) out.clear();
        co_return out;
    }

    void close() override {
        closed_ = true;
        stream_.cancel();
    }

private:
    asio::posix::stream_descriptor stream_;
    bytes buffer_;
    std::map<std::string, int> by_name_;
    std::map<int, std::vector<std::string>> by_watch_;  // several names may lead to one directory, which has one watch
    bool closed_ = false;
};

}  // namespace

std::vector<watch_event> decode_inotify(byte_view records, const std::function<std::vector<std::string>(int)>& directories_of) {
    std::vector<watch_event> out;
    const auto add = [&out](watch_event::what kind, std::string directory, std::string name) {
        const bool repeated = !out.empty() && out.back().kind == kind && out.back().directory == directory && out.back().name == name;
        if (!repeated) out.push_back({kind, std::move(directory), std::move(name)});
    };
    while (records.size() >= sizeof(inotify_event)) {
        inotify_event head{};
        std::memcpy(&head, records.data(), sizeof head);
        if (records.size() - sizeof head < head.len) break;
        const char* name = reinterpret_cast<const char*>(records.data() + sizeof head);
        records = records.subspan(sizeof head + head.len);
        if ((head.mask & IN_Q_OVERFLOW) != 0) add(watch_event::what::overflow, {}, {});
        if ((head.mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0) continue;
        const bool lost = (head.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0;
        for (auto& directory : directories_of(head.wd)) {
            if (lost) add(watch_event::what::lost, std::move(directory), {});
            else add(watch_event::what::changed, std::move(directory), std::string(name, ::strnlen(name, head.len)));
        }
    }
    return out;
}

result<std::unique_ptr<watcher>> make_inotify_watcher(executor on) {
    const int descriptor = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0) return from_errno(errno, subject::general, "inotify (raise fs.inotify.max_user_instances?)");
    return std::unique_ptr<watcher>(std::make_unique<inotify_watcher>(std::move(on), descriptor));
}

}  // namespace io
