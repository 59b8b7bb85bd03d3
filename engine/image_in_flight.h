// The image that an attach ships: a first snapshot, or what differs. It is read from the database and its log, which must not be restarted
// meanwhile. Once it was kept on local disk it is read from there, the very same bytes, and the log is free. Blocking, in the database's turn
// (outgoing::turn), but for what is said to be fixed.
#pragma once

#include <memory>
#include <optional>

#include "engine/cache.h"
#include "engine/object_encoder.h"
#include "engine/outgoing.h"

namespace engine {

class image_in_flight {
public:
    // `where` must outlive this.
    image_in_flight(const cache& where, object_name name, std::shared_ptr<object_encoder> object)
        : where_(where), name_(name), object_(std::move(object)) {}

    // Fixed.
    const object_name& name() const { return name_; }
    const object_encoder& object() const { return *object_; }

    // For one try to put it. A try that is under way when the image is kept ends with an error of the store that passes.
    static outgoing::part_source parts(std::shared_ptr<image_in_flight> self);

    // Durable in the cache on return; on an error nothing is there. Errors: cache::save's.
    io::result<cache::content> keep();

private:
    outgoing::part_source begin();

    const cache& where_;
    object_name name_;
    std::shared_ptr<object_encoder> object_;
    std::optional<cache::content> kept_;
    unsigned readings_ = 0;  // begun
};

}  // namespace engine
