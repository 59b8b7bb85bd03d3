#include "tests/support/rgw.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "tests/support/process.h"

namespace tests {

rgw::rgw() {
    // Between finding free ports and listening on them somebody else may take one.
    for (int tries = 3;; --tries) {
        try {
            command("start", std::to_string(::getpid()));
            break;
        } catch (const std::runtime_error&) {
            if (tries == 1) throw;
        }
    }
    std::ifstream in(folder_.file("env"));
    for (std::string line; std::getline(in, line);) {
        const std::size_t equals = line.find('=');
        values_[line.substr(0, equals)] = line.substr(equals + 1);
    }
}

rgw::~rgw() { command("stop", ""); }

rgw& rgw::shared() {
    static rgw one;
    return one;
}

void rgw::command(const std::string& what, const std::string& argument, std::map<std::string, std::string> environment) {
    process_options options;
    options.out = channel::file(folder_.file("script.out"));
    options.err = options.out;
    for (const auto& [name, value] : environment) options.environment[name] = value;
    const outcome ended = run_process({"bash", FLOTILLA_TEST_DATA "/../support/rgw.sh", what, folder_.path(), argument}, options);
    if (ended.code == 0) return;
    std::ifstream in(folder_.file("script.out"));
    const std::string said{std::istreambuf_iterator<char>(in), {}};
    throw std::runtime_error("rgw.sh " + what + ": " + said);
}

void rgw::restart(const std::string& options, const std::string& frontend_options) {
    command("restart", "", {{"RGW_OPTIONS", options}, {"RGW_FRONTEND", frontend_options}});
}

void rgw::pause() { command("pause", ""); }

std::string rgw::make_bucket(const std::string& name) {
    command("bucket", name);
    for (const auto& [variable, value] : values_) ::setenv(variable.c_str(), value.c_str(), 1);
    return "s3://" + name + "?endpoint=" + http();
}

std::string store_of_test(const std::string& directory) {
    const char* kind = std::getenv("FLOTILLA_STORE");
    if (kind == nullptr || std::string_view(kind) != "s3") return directory;
    static int count = 0;
    return rgw::shared().make_bucket("store-" + std::to_string(++count));
}

std::vector<std::string> rgw::requests() const {
    std::vector<std::string> out;
    std::ifstream in(folder_.file("access.log"));
    for (std::string line; std::getline(in, line);) {
        const std::size_t quote = line.find('"');
        if (line.find(" beast: ") != std::string::npos && quote != std::string::npos) out.push_back(line.substr(quote));
    }
    return out;
}

}  // namespace tests
