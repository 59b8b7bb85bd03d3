// No object of a store ever changes or goes: what was seen once is held against what is there later.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/store_access.h"

namespace crash {

class object_journal {
public:
    // A directory, or s3://...
    explicit object_journal(std::string store) : store_(std::move(store)) {}

    // Takes note of new objects and compares the known ones: name, size, time and, in a directory, inode always, the bytes too if `bytes`.
    // Returns what is wrong, in words.
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
        std::int64_t modified_ms = 0;
        std::uint64_t inode = 0;
        std::uint64_t checksum = 0;
        bool whole = false;
    };
    std::uint64_t inode_of(const std::string& key) const;

    std::string store_;
    std::unique_ptr<tests::store_access> open_;
    std::map<std::string, seen> known_;  // by key
};

}  // namespace crash
