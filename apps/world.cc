#include "apps/world.h"

namespace apps {

namespace {

constexpr std::size_t threads = 8;  // for calls that mostly wait for the disk or for a lock

}  // namespace

world::world(io::level least)
    : journal_(io::make_stderr_log(least)), elsewhere_(threads),
      env{loop_.get_executor(), time_, dice_, files_, elsewhere_, *journal_, [this] { return io::make_inotify_watcher(loop_.get_executor()); }} {}

}  // namespace apps
