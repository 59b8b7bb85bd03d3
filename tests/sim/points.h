// What a run does at the product's named points (io/buggify.h, io/failpoint.h). Two levels: a coin of the seed says for each point whether it
// is one of this run's, and then how often it fires. Each point has random numbers of its own, so that another point shifts nothing.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "io/buggify.h"
#include "tests/sim/world.h"

namespace sim {

class points final : public io::points {
public:
    // While it exists it is the program's listener.
    explicit points(world& in);
    ~points() override;

    // Whether buggify points fire.
    bool firing = false;
    // From now on the process dies at one of the failpoints that it passes, some of them at first, after a while any.
    void doom(process_id who);
    // An engine dies at that failpoint, when one passes it.
    void doom_at(std::string failpoint) { fatal_.insert(std::move(failpoint)); }
    void spare();
    // Called when it did.
    std::function<void(const process&)> on_death = [](const process&) {};

    // What was reached: marks, points that fired ("fired ..."), and failpoints at which a process died ("died at ...").
    const std::set<std::string>& marks() const { return marks_; }
    void reached(std::string_view mark) override { marks_.emplace(mark); }

private:
    struct point {
        prng dice;
        std::uint64_t rate;  // in 1,000; 0: not in this run
    };
    struct doomed {
        process_id who;
        io::instant since;
        std::uint64_t coins;
    };
    void passed(std::string_view failpoint) override;
    bool is_fatal(std::string_view failpoint);
    bool fires(std::string_view point) override;
    void broken(std::string_view promise) override;

    world& all_;
    std::map<std::string, point, std::less<>> points_;
    std::set<std::string> marks_;
    std::optional<doomed> doomed_;
    std::multiset<std::string, std::less<>> fatal_;  // failpoints at which an engine is to die
    std::uint64_t dooms_ = 0;
};

}  // namespace sim
