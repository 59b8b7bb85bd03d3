// What every benchmark does: run two things in turns so that a busy machine slows both, and keep the best or the percentiles.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace bench {

using seconds = std::chrono::duration<double>;

inline double now() { return seconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// How long one run takes, in seconds.
template <class F>
double time(const F& once) {
    const double start = now();
    once();
    return now() - start;
}

// The value below which that part of the samples lies; `part` from 0 to 1. Precondition: not empty.
inline double percentile(std::vector<double> samples, double part) {
    std::sort(samples.begin(), samples.end());
    return samples[std::min(samples.size() - 1, static_cast<std::size_t>(part * static_cast<double>(samples.size())))];
}

// A benchmark that cannot show that it did its work right prints why and no speed.
[[noreturn]] inline void refuse(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

// A directory of its own, for the benchmark to remove. Where TMPDIR says, so that the disk to be measured can be chosen.
inline std::string scratch_directory() {
    const char* root = std::getenv("TMPDIR");
    std::string name = std::string(root == nullptr ? "/tmp" : root) + "/flotilla-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) refuse("cannot make a directory in " + name);
    return name;
}

// Refuses to go on without the value, or without success.
template <class Result>
void need_ok(const Result& result) {
    if (!result) refuse(result.error().context);
}

template <class Result>
auto& need(Result& result) {
    if (!result) refuse(result.error().context);
    return *result;
}

}  // namespace bench
