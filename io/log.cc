#include "io/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace io {

namespace {

spdlog::level::level_enum level_of(level severity) {
    switch (severity) {
        case level::debug: return spdlog::level::debug;
        case level::info: return spdlog::level::info;
        case level::warning: return spdlog::level::warn;
        case level::error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

class stderr_log final : public log {
public:
    explicit stderr_log(level least) : out_("flotilla", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
        out_.set_level(level_of(least));
        out_.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
        out_.flush_on(spdlog::level::debug);
    }
    void write(level severity, std::string_view text) override {
        out_.log(level_of(severity), spdlog::string_view_t(text.data(), text.size()));
    }

private:
    spdlog::logger out_;
};

}  // namespace

std::unique_ptr<log> make_stderr_log(level least) { return std::make_unique<stderr_log>(least); }

}  // namespace io
