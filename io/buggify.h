// Places at which a simulation (tests/sim) lets the unusual happen, learns that something rare was reached, and is told when what must always
// be true is not. As io/failpoint.h only in builds with FLOTILLA_FAILPOINTS, and there only when somebody listens; in all others nothing of
// this is in the program. A name is a literal, and stands in one place; tests/sim/marks.txt lists every one.
#pragma once

#include <string_view>

namespace io {

#ifdef FLOTILLA_FAILPOINTS
// Who is asked and told, from any thread.
struct points {
    virtual ~points() = default;
    // io::failpoint(): does not return if the process is to die there.
    virtual void passed(std::string_view failpoint) = 0;
    virtual bool fires(std::string_view point) = 0;
    virtual void reached(std::string_view mark) = 0;
    virtual void broken(std::string_view promise) = 0;
};
// Before anything passes a point; null: nobody.
void listen_at_points(points* who);
points* listener_at_points();

// True: the program is to do here what it may do at any time, but seldom does.
bool buggify(std::string_view name);
// Something that a test must have seen happen.
void reached(std::string_view mark);
// Ends the program if nobody listens.
void must(bool holds, std::string_view promise);
#else
constexpr bool buggify(std::string_view) { return false; }
inline void reached(std::string_view) {}
inline void must(bool, std::string_view) {}
#endif

}  // namespace io
