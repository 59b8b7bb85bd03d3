// No object of a directory store ever changes or goes: what was seen once is held against what is there later.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace crash {

class object_journal {
public:
    explicit object_journal(std::string root) : root_(std::move(root)) {}

    // Takes note of new objects and compares the known ones: name, size, time and inode always, the bytes too if `bytes`. Returns what
    // is wrong, in words.
    std::vector<std::string> look(bool bytes);

    // Of one stream: objects of snapshots, and captures that carry every page, which is a full upload under another name.
    struct counts {
        std::size_t captures = 0;
        std::size_t snapshots = 0;
        std::size_t whole_captures = 0;
    };
    counts count(const std::string& stream) const;

private:
    struct seen {
        std::uint64_t size = 0;
        std::int64_t modified_ns = 0;
        std::uint64_t inode = 0;
        std::uint64_t checksum = 0;
        bool whole = false;
    };

    std::string root_;
    std::map<std::string, seen> known_;  // by path below the root
};

}  // namespace crash
