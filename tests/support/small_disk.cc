#include "tests/support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace tests {

namespace {

void check(bool done, const std::string& what) {
    if (!done) throw std::runtime_error(what + ": " + std::strerror(errno) + " (mounting needs root with CAP_SYS_ADMIN)");
}

}  // namespace

small_disk::small_disk(std::string path, std::size_t bytes) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    check(::unshare(CLONE_NEWNS) == 0, "unshare");
    check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make / private");
    check(::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes) + ",mode=755").c_str()) == 0, "mount " + path_);
}

small_disk::~small_disk() { ::umount2(path_.c_str(), MNT_DETACH); }

void small_disk::make_read_only() { check(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0, "remount " + path_); }

// Others write to it meanwhile, so what was available may be so no more when it is taken.
void small_disk::fill(std::size_t leaving) {
    const int ballast = ::open(file("ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    check(ballast >= 0, "open ballast");
    bool done = false;
    for (int tries = 0; !done && tries < 1000; ++tries) {
        struct statvfs space {};
        check(::statvfs(path_.c_str(), &space) == 0, "statvfs " + path_);
        const std::size_t available = space.f_bavail * space.f_frsize;
        done = available <= leaving || ::fallocate(ballast, 0, 0, static_cast<off_t>(available - leaving)) == 0;
        if (!done && errno != ENOSPC) break;
    }
    ::close(ballast);
    check(done, "fill " + path_);
}

void small_disk::give_back() { std::filesystem::remove(file("ballast")); }

}  // namespace tests
