#include "io/file_system.h"

#include <fmt/format.h>

#include "io/failpoint.h"

namespace io {

std::string join(const std::string& dir, const std::string& name) {
    if (name.empty()) return dir;
    if (dir.empty()) return name;
    return dir.back() == '/' ? dir + name : dir + "/" + name;
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

result<bytes> read_file(file_system& files, const std::string& path, std::uint64_t limit) {
    auto opened = files.open(path, open_mode::read);
    if (!opened) return opened.error();
    auto size = (*opened)->size();
    if (!size) return size.error();
    if (*size > limit) return error{errc::too_large, subject::general, fmt::format("{}: {} bytes, at most {} expected", path, *size, limit)};
    bytes out(*size);
    auto got = (*opened)->read_at(0, out);
    if (!got) return got.error();
    out.resize(*got);
    return out;
}

result<void> write_file(file_system& files, const std::string& path, byte_view data) {
    const std::string temporary = path + ".tmp";
    const auto write = [&]() -> result<void> {
        auto opened = files.open(temporary, open_mode::create);
        if (!opened) return opened.error();
        if (auto ok = (*opened)->truncate(0); !ok) return ok;
        if (auto ok = (*opened)->write_at(0, data); !ok) return ok;
        if (auto ok = (*opened)->sync(); !ok) return ok;
        failpoint("file.written");
        return files.rename(temporary, path);
    };
    if (auto ok = write(); !ok) {
        (void)files.remove(temporary);
        return ok;
    }
    failpoint("file.renamed");
    return files.sync_directory(parent_of(path));
}

}  // namespace io
