// A configuration file from anywhere: no crash; an error is a usage error that names the file; what is accepted makes sense.
#include "apps/config.h"

#include <cstdint>
#include <cstdlib>

#include "engine/key.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const engine::stream_changes& changes) {
    require(!changes.min_interval || changes.min_interval->count() >= 0);
    require(!changes.snapshot_interval || changes.snapshot_interval->count() >= 0);
    require(!changes.checkpoint_bytes || *changes.checkpoint_bytes >= (64U << 10U));
    require(!changes.batch_bytes || *changes.batch_bytes > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto parsed = apps::parse_config(io::text_of({data, size}), "f.toml");
    if (!parsed) {
        require(parsed.error().about == io::subject::usage && parsed.error().context.starts_with("f.toml:"));
        return 0;
    }
    apps::anchor(*parsed, "/etc");
    check(parsed->general.streams);
    require(!parsed->general.to || !parsed->general.to->empty());
    require(!parsed->general.sweep_interval || parsed->general.sweep_interval->count() > 0);
    for (const auto& one : parsed->databases) {
        require(one.path.starts_with("/") && (one.name.empty() || engine::check_stream_name(one.name).has_value()));
        check(one.changes);
    }
    for (const auto& [name, one] : parsed->streams) {
        require(engine::check_stream_name(name).has_value());
        check(one.changes);
    }
    return 0;
}
