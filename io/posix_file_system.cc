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

constexpr std::size_t most_entries = 10'000'000;

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

// What an entry is, symbolic links followed; one that leads nowhere is "other". Any other failure to look is an error: an entry of an
// unknown kind would be passed over by whoever relies on the listing.
result<file_kind> kind_of_entry(const dirent& entry, const std::string& path) {
    if (entry.d_type == DT_REG) return file_kind::regular;
    if (entry.d_type == DT_DIR) return file_kind::directory;
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return file_kind::other;
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0) return kind_of(found.st_mode);
    const bool nowhere = errno == ENOENT || (entry.d_type == DT_LNK && (errno == ELOOP || errno == ENOTDIR || errno == EACCES));
    if (!nowhere) return failed("stat", path);
    return file_kind::other;
}

result<void> sync_opened(const std::string& path, std::string_view what, int (*how)(int)) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("open directory", path);
    const int rc = how(descriptor);
    const int problem = errno;
    ::close(descriptor);
    if (rc != 0) return from_errno(problem, subject::general, fmt::format("{} {}", what, path));
    return {};
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
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory && errno == ENOTDIR) return error{errc::invalid, subject::general, fmt::format("list {}: not a directory", path)};
    if (!directory) return failed("list", path);
    std::vector<directory_entry> out;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr && errno != 0) return failed("list", path);
        if (entry == nullptr) break;
        std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        auto kind = kind_of_entry(*entry, join(path, name));
        if (!kind) return kind.error();
        if (out.size() == most_entries) return error{errc::too_large, subject::general, fmt::format("{}: more than {} entries", path, most_entries)};
        out.push_back({std::move(name), *kind});
    }
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
    const std::lock_guard guard(making_directories_);
    return make_one_by_one(path);
}

result<void> posix_file_system::make_one_by_one(const std::string& path) {
    auto known = status(path);
    if (known && known->kind == file_kind::directory) return {};
    if (known) return error{errc::invalid, subject::general, fmt::format("create directory {}: there is a file of that name", path)};
    const std::string parent = parent_of(path);
    if (parent != path) {
        if (auto ok = make_one_by_one(parent); !ok) return ok;
    }
    // EEXIST: somebody else made it meanwhile, and may not have come to the sync.
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return failed("create directory", path);
    auto synced = sync_directory(parent);
    if (!synced) ::rmdir(path.c_str());  // so that the next try does not take it for durable
    return synced;
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
    return sync_opened(path, "sync directory", ::fsync);
}

result<void> posix_file_system::sync_file_system(const std::string& path) {
    return sync_opened(path, "sync the file system of", ::syncfs);
}

result<void> posix_file_system::set_modified(const std::string& path, std::int64_t modified_ms) {
    const std::int64_t seconds = modified_ms / 1000 - (modified_ms % 1000 < 0 ? 1 : 0);
    timespec times[2]{};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = seconds;
    times[1].tv_nsec = (modified_ms - seconds * 1000) * 1'000'000;
    if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0) return failed("set the time of", path);
    return {};
}

result<std::unique_ptr<file>> posix_file_system::lock(const std::string& path, const std::string& who) {
    while (true) {
        auto opened = open_file(path, O_RDWR | O_CREAT);
        if (!opened) return opened.error();
        if (::flock((*opened)->descriptor(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) return failed("lock", path);
            bytes words(512);
            auto got = (*opened)->read_at(0, words);
            words.resize(got ? *got : 0);
            return error{errc::held, subject::general, words.empty() ? std::string("another process") : std::string(text_of(words))};
        }
        // Between open and lock its last holder may have removed it: then this is a lock on nothing.
        struct stat named {}, locked {};
        if (::fstat((*opened)->descriptor(), &locked) != 0) return failed("stat", path);
        if (::stat(path.c_str(), &named) != 0 && errno != ENOENT) return failed("stat", path);
        if (named.st_ino != locked.st_ino || named.st_dev != locked.st_dev) continue;
        // In this order, words over words need no space: leftovers are cleared on a full disk, too.
        if (auto ok = (*opened)->write_at(0, view_of(who)); !ok) return ok.error();
        if (auto ok = (*opened)->truncate(who.size()); !ok) return ok.error();
        return std::unique_ptr<file>(std::move(*opened));
    }
}

}  // namespace io
