#include "engine/cache_copy.h"

namespace engine {

cache_copy::parts cache_copy::along(parts from) {
    return [self = shared_from_this(), from = std::move(from)] {
        const bool first = !std::exchange(self->tried_, true);
        return first ? self->copying(from()) : self->without(from());
    };
}

outgoing::part_source cache_copy::copying(outgoing::part_source from) {
    is_ = state::begun;
    return [self = shared_from_this(), from = std::move(from)]() -> io::result<std::optional<io::bytes>> {
        auto part = from();
        if (part) self->take(*part);
        return part;
    };
}

outgoing::part_source cache_copy::without(outgoing::part_source from) {
    return [self = shared_from_this(), from = std::move(from)]() -> io::result<std::optional<io::bytes>> {
        self->file_.drop();
        self->is_ = state::none;
        return from();
    };
}

void cache_copy::take(const std::optional<io::bytes>& part) {
    if (is_ != state::begun) return;
    if (!part) {
        is_ = state::whole;
        return;
    }
    auto written = write(*part);
    if (written && is_ == state::begun) return;
    is_ = state::given_up;
    file_.drop();
    if (!written) trouble_ = written.error();
}

io::result<void> cache_copy::write(const io::bytes& part) {
    size_ += part.size();
    if (size_ > within_.most) is_ = state::given_up;
    if (within_.reserve != 0 && is_ == state::begun) {
        auto space = files_.space(within_.directory);
        if (!space) return space.error();
        if (space->free_bytes < within_.reserve + part.size()) is_ = state::given_up;
    }
    return is_ == state::begun ? file_.write(part) : io::result<void>();
}

io::result<std::optional<cache::content>> cache_copy::keep(const parts& from) {
    if (is_ == state::none || is_ == state::begun) {
        file_.drop();
        size_ = 0;
        const auto again = copying(from());
        while (is_ == state::begun) {
            if (auto part = again(); !part) {
                file_.drop();
                return part.error();
            }
        }
    }
    if (trouble_) return *trouble_;
    if (is_ != state::whole) return std::optional<cache::content>();
    auto kept = file_.keep(false);
    if (!kept) return kept.error();
    return std::optional(*kept);
}

}  // namespace engine
