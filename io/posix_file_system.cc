#include "io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace io {

namespace {

constexpr std::size_t most_entries = 1'000'000;

error failed(std::string_view what, const std::string& path) {
    return from_errno(errno, subject::general, fmt::format("{} {}", what, path));
}

class posix_file final : public file {
public:
    posix_file(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    ~posix_file() override { ::close(descriptor_); }

    result<std::size_t> read_at(std::uint64_t offset, byte_span out) override {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failed("read", path_);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    result<void> write_at(std::uint64_t offset, byte_view data) override {
        while (!data.empty()) {
            const ssize_t put = ::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return failed("write", path_);
            data = data.subspan(static_cast<std::size_t>(put));
            offset += static_cast<std::uint64_t>(put);
        }
        return {};
    }

    result<std::uint64_t> size() override {
        struct stat status {};
        if (::fstat(descriptor_, &status) != 0) return failed("stat", path_);
        return static_cast<std::uint64_t>(status.st_size);
    }

    result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failed("truncate", path_);
        return {};
    }

    result<void> sync() override {
        if (::fdatasync(descriptor_) != 0) return failed("sync", path_);
        return {};
    }

    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
    std::string path_;
};

class posix_mapping final : public mapping {
public:
    posix_mapping(void* at, std::size_t size, std::string path) : at_(at), size_(size), path_(std::move(path)) {}
    ~posix_mapping() override { ::munmap(at_, size_); }
    byte_span bytes() override { return {static_cast<std::uint8_t*>(at_), size_}; }
    result<void> sync() override {
        if (::msync(at_, size_, MS_SYNC) != 0) return failed("sync", path_);
        return {};
    }

private:
    void* at_;
    std::size_t size_;
    std::string path_;
};

result<std::unique_ptr<posix_file>> open_file(const std::string& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (descriptor < 0) return failed("open", path);
    return std::make_unique<posix_file>(descriptor, path);
}

file_kind kind_of(mode_t mode) {
    return S_ISREG(mode) ? file_kind::regular : S_ISDIR(mode) ? file_kind::directory : file_kind::other;
}

}  // namespace

result<std::unique_ptr<file>> posix_file_system::open(const std::string& path, open_mode mode) {
    const int flags = mode == open_mode::read ? O_RDONLY : mode == open_mode::create ? O_RDWR | O_CREAT : O_RDWR | O_CREAT | O_EXCL;
    auto opened = open_file(path, flags);
    if (!opened) return opened.error();
    return std::unique_ptr<file>(std::move(*opened));
}

result<std::unique_ptr<mapping>> posix_file_system::map(const std::string& path, std::uint64_t size) {
    auto opened = open_file(path, O_RDWR | O_CREAT);
    if (!opened) return opened.error();
    if (auto ok = (*opened)->truncate(size); !ok) return ok.error();
    // Blocks are allocated now: a store into a hole of a full disk would be a SIGBUS.
    if (const int rc = ::posix_fallocate((*opened)->descriptor(), 0, static_cast<off_t>(size)); rc != 0) {
        return from_errno(rc, subject::general, fmt::format("allocate {}", path));
    }
    void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, (*opened)->descriptor(), 0);
    if (at == MAP_FAILED) return failed("map", path);
    return std::unique_ptr<mapping>(std::make_unique<posix_mapping>(at, size, path));
}

result<file_status> posix_file_system::status(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return failed("stat", path);
    file_status out;
    out.kind = kind_of(found.st_mode);
    out.size = static_cast<std::uint64_t>(found.st_size);
    out.modified_ms = static_cast<std::int64_t>(found.st_mtim.tv_sec) * 1000 + found.st_mtim.tv_nsec / 1'000'000;
    out.identity = {static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino)};
    return out;
}

result<std::vector<directory_entry>> posix_file_system::list(const std::string& path) {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return failed("list", path);
    std::vector<directory_entry> out;
    int problem = 0;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory);
        if (entry == nullptr) {
            problem = errno;
            break;
        }
        std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        file_kind kind = entry->d_type == DT_REG ? file_kind::regular : entry->d_type == DT_DIR ? file_kind::directory : file_kind::other;
        if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
            struct stat found {};
            if (::stat(join(path, name).c_str(), &found) == 0) kind = kind_of(found.st_mode);
        }
        out.push_back({std::move(name), kind});
        if (out.size() > most_entries) break;
    }
    ::closedir(directory);
    if (problem != 0) return from_errno(problem, subject::general, fmt::format("list {}", path));
    if (out.size() > most_entries) return error{errc::too_large, subject::general, fmt::format("{}: more than {} entries", path, most_entries)};
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return out;
}

result<std::string> posix_file_system::resolve(const std::string& path) {
    char* real = ::realpath(path.c_str(), nullptr);
    if (real == nullptr) return failed("resolve", path);
    std::string out = real;
    std::free(real);
    return out;
}

result<disk_space> posix_file_system::space(const std::string& path) {
    struct statvfs found {};
    if (::statvfs(path.c_str(), &found) != 0) return failed("statvfs", path);
    return disk_space{std::uint64_t{found.f_bavail} * found.f_frsize, std::uint64_t{found.f_blocks} * found.f_frsize};
}

result<void> posix_file_system::make_directories(const std::string& path) {
    auto known = status(path);
    if (known && known->kind == file_kind::directory) return {};
    if (known) return from_errno(ENOTDIR, subject::general, path);
    const std::string parent = parent_of(path);
    if (parent != path) {
        if (auto ok = make_directories(parent); !ok) return ok;
    }
    if (::mkdir(path.c_str(), 0755) != 0) {
        if (errno == EEXIST) return {};  // somebody else made it meanwhile
        return failed("create directory", path);
    }
    return sync_directory(parent);
}

result<void> posix_file_system::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename to", to);
    return {};
}

result<void> posix_file_system::rename_if_absent(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno != EINVAL && errno != ENOSYS) return failed("rename to", to);
    // Some file systems do not know the flag; link(2) has the same guarantee.
    if (::link(from.c_str(), to.c_str()) != 0) return failed("link to", to);
    if (::unlink(from.c_str()) != 0) return failed("remove", from);
    return {};
}

result<void> posix_file_system::remove(const std::string& path) {
    if (::remove(path.c_str()) != 0) return failed("remove", path);
    return {};
}

result<void> posix_file_system::sync_directory(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("open directory", path);
    const int rc = ::fsync(descriptor);
    const int problem = errno;
    ::close(descriptor);
    if (rc != 0) return from_errno(problem, subject::general, fmt::format("sync directory {}", path));
    return {};
}

result<void> posix_file_system::set_modified(const std::string& path, std::int64_t modified_ms) {
    const std::int64_t seconds = modified_ms >= 0 ? modified_ms / 1000 : -((-modified_ms + 999) / 1000);
    timespec times[2]{};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = seconds;
    times[1].tv_nsec = (modified_ms - seconds * 1000) * 1'000'000;
    if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0) return failed("set the time of", path);
    return {};
}

result<std::unique_ptr<file>> posix_file_system::lock(const std::string& path, const std::string& who) {
    auto opened = open_file(path, O_RDWR | O_CREAT);
    if (!opened) return opened.error();
    if (::flock((*opened)->descriptor(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return failed("lock", path);
        bytes words(512);
        auto got = (*opened)->read_at(0, words);
        words.resize(got ? *got : 0);
        return error{errc::held, subject::general, words.empty() ? std::string("another process") : std::string(text_of(words))};
    }
    if (auto ok = (*opened)->truncate(0); !ok) return ok.error();
    if (auto ok = (*opened)->write_at(0, view_of(who)); !ok) return ok.error();
    return std::unique_ptr<file>(std::move(*opened));
}

}  // namespace io
