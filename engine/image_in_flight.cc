#include "engine/image_in_flight.h"

namespace engine {

outgoing::part_source image_in_flight::begin() {
    ++readings_;
    if (kept_) return where_.read(name_, *kept_);
    object_->restart();
    return [object = object_] { return object->next(); };
}

// The first part begins the reading: only then it is this try's turn.
outgoing::part_source image_in_flight::parts(std::shared_ptr<image_in_flight> self) {
    return [self, mine = 0U, from = outgoing::part_source()]() mutable -> io::result<std::optional<io::bytes>> {
        if (mine == 0) {
            from = self->begin();
            mine = self->readings_;
        }
        if (mine == self->readings_) return from();
        return io::error{io::errc::busy, io::subject::store, "the image was kept on local disk meanwhile, from where it is sent anew"};
    };
}

io::result<cache::content> image_in_flight::keep() {
    auto saved = where_.save(name_, begin());
    if (saved) kept_ = *saved;
    return saved;
}

}  // namespace engine
