// What the engine does with a database, without the engine: pins it, takes a first image, then applies every captured page to it. It fails
// the test when continuity is not proven.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/posix_file_system.h"
#include "wal/live_database.h"
#include "wal/log_reader.h"

namespace tests {

class follower {
public:
    // Opens, pins and reads the first image; throws std::runtime_error with the error's words.
    explicit follower(const std::string& path, int busy_ms = 5000);

    // Applies what was committed since; false if there was nothing.
    bool capture();
    void advance();
    wal::handoff hand_off();

    wal::live_database& live() { return *live_; }
    wal::log_reader& log() { return log_; }
    const wal::position& position() const { return position_; }
    std::uint64_t frames() const { return frames_; }
    const std::vector<std::uint64_t>& locked_ns() const { return locked_ns_; }

    // Writes the image as a database file that needs no log, and gives what dump() says about it. Throws if it is not intact.
    std::string dump_image(const std::string& path) const;
    // The rows of table t in the image are 1, 2, ... without a gap; returns how many.
    std::int64_t count_numbers(const std::string& path) const;

private:
    void apply(const wal::wal_index& now);
    void write_image(const std::string& path) const;

    io::posix_file_system files_;
    std::unique_ptr<wal::live_database> live_;
    wal::log_reader log_;
    wal::position position_;
    io::bytes image_;
    std::uint64_t frames_ = 0;
    std::vector<std::uint64_t> locked_ns_;
};

}  // namespace tests
