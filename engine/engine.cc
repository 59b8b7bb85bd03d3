#include "engine/engine.h"

#include "engine/fleet.h"

namespace engine {

engine::engine(const io::environment& env, io::object_store& store, options settings)
    : fleet_(std::make_unique<fleet>(env, store, std::move(settings))) {}

engine::~engine() = default;

void engine::on_event(std::function<void(const event&)> listener) { fleet_->listener = std::move(listener); }

io::task<io::result<void>> engine::run() { return fleet_->run(); }

void engine::stop() { fleet_->stop(); }

io::task<io::result<std::uint64_t>> engine::snapshot(std::string stream) { return fleet_->snapshot(std::move(stream)); }

io::task<io::result<std::uint64_t>> engine::flush(std::string stream) { return fleet_->flush(std::move(stream)); }

io::task<io::result<std::uint64_t>> engine::retry(std::string stream) { return fleet_->retry(std::move(stream)); }

io::task<io::result<live_comparison>> engine::compare(std::string stream) { return fleet_->compare(std::move(stream)); }

std::vector<memo> engine::status() const { return fleet_->status(); }

}  // namespace engine
