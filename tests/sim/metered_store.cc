#include "tests/sim/metered_store.h"

#include <optional>

namespace sim {

class metered_store::turn {
public:
    explicit turn(metered_store& of) : of_(of) { of_.on_put_(++of_.now_); }
    ~turn() { --of_.now_; }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

private:
    metered_store& of_;
};

class metered_store::writer final : public io::object_writer {
public:
    writer(metered_store& of, std::unique_ptr<io::object_writer> its) : counted_(of), its_(std::move(its)) {}
    io::task<io::result<void>> write(io::bytes part) override { return its_->write(std::move(part)); }
    io::task<io::result<void>> commit() override { return its_->commit(); }

private:
    turn counted_;
    std::unique_ptr<io::object_writer> its_;
};

io::task<io::result<void>> metered_store::put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) {
    std::optional<turn> counted;
    if (is_object(key)) counted.emplace(*this);
    co_return co_await of_->put_if_absent(std::move(key), std::move(data), attributes);
}

io::task<io::result<std::unique_ptr<io::object_writer>>> metered_store::open_writer(std::string key, io::object_attributes attributes) {
    const bool counts = is_object(key);
    auto its = co_await of_->open_writer(std::move(key), attributes);
    if (its && counts) *its = std::make_unique<writer>(*this, std::move(*its));
    co_return its;
}

}  // namespace sim
