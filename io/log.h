// The log. Every line names the thing it is about; nothing secret is ever passed here.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

namespace io {

enum class level { debug, info, warning, error };

class log {
public:
    virtual ~log() = default;
    // May be called from any thread; the text is copied before the call returns.
    virtual void write(level severity, std::string_view text) = 0;

    template <class... T>
    void debug(fmt::format_string<T...> text, T&&... values) { write(level::debug, fmt::format(text, std::forward<T>(values)...)); }
    template <class... T>
    void info(fmt::format_string<T...> text, T&&... values) { write(level::info, fmt::format(text, std::forward<T>(values)...)); }
    template <class... T>
    void warning(fmt::format_string<T...> text, T&&... values) { write(level::warning, fmt::format(text, std::forward<T>(values)...)); }
    template <class... T>
    void error(fmt::format_string<T...> text, T&&... values) { write(level::error, fmt::format(text, std::forward<T>(values)...)); }
};

// Lines on standard error, with a UTC time stamp, through spdlog. Lines below `least` are dropped.
std::unique_ptr<log> make_stderr_log(level least);

}  // namespace io
