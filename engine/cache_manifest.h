// What is known of the objects of one stream, and how far it is durable. Pure: the driver says what happens, and keeps what is remembered
// here in state.db (engine/state_store.h).
//
// The cursor walks intervals: it stands at the last TXID of the unbroken run of confirmed captures that begins where the stream was found.
// It moves by confirmed objects alone (F10) and never past one that is missing or was refused (F9); and no capture is begun beyond such a
// hole (A11).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/object_row.h"
#include "io/error.h"

namespace engine {

class cache_manifest {
public:
    // What the store, or a stream's beginning, says: everything up to `durable` is confirmed. Of `rows`, as they were remembered, those of
    // refused captures after it stay.
    void begin_at(std::uint64_t durable, const std::vector<object_row>& rows);

    // The newest TXID of the unbroken run.
    std::uint64_t cursor() const { return cursor_; }

    // A put of it begins. gap (subject::general), and nothing is changed, if a capture is not the next one: it would be shipped around a hole.
    io::result<void> on_begin(const object_name& name, std::int64_t now_ms);
    // A put failed in a way that may pass. Precondition, as for the next ones: on_begin(name).
    void on_trouble(const object_name& name, const std::string& error);
    // A put was refused for good. `file`: where its bytes are on local disk, empty if nowhere.
    void on_refused(const object_name& name, const std::string& error, std::int64_t now_ms);
    void on_saved(const object_name& name, std::string file, std::uint64_t size, std::uint64_t file_checksum);
    // The store has it. The row goes, unless it has a local file: forget() it when that is settled.
    void on_confirmed(const object_name& name, std::int64_t now_ms);
    // It is not wanted any more, or its local file is gone.
    void forget(const object_name& name) { rows_.erase(name); }

    // Null: nothing needs to be remembered of it.
    const object_row* find(const object_name& name) const;
    const std::map<object_name, object_row>& rows() const { return rows_; }
    // The first capture that was refused; null: none.
    const object_row* hole() const;

private:
    void walk();

    std::map<object_name, object_row> rows_;
    std::map<std::uint64_t, std::uint64_t> beyond_;  // confirmed captures after the cursor, min to max
    std::uint64_t cursor_ = 0;
};

}  // namespace engine
