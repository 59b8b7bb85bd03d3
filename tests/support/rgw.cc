#include "tests/support/rgw.h"

#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "tests/support/process.h"

namespace tests {

rgw::rgw() {
    command("start");
    std::ifstream in(folder_.file("env"));
    for (std::string line; std::getline(in, line);) {
        const std::size_t equals = line.find('=');
        values_[line.substr(0, equals)] = line.substr(equals + 1);
    }
}

rgw::~rgw() { command("stop"); }

rgw& rgw::shared() {
    static rgw one;
    return one;
}

void rgw::command(const std::string& what, std::map<std::string, std::string> environment) {
    process_options options;
    options.out = channel::file(folder_.file("script.out"));
    options.err = options.out;
    for (const auto& [name, value] : environment) options.environment[name] = value;
    const outcome ended = run_process({"bash", FLOTILLA_TEST_DATA "/../support/rgw.sh", what, folder_.path(), std::to_string(::getpid())}, options);
    if (ended.code == 0) return;
    std::ifstream in(folder_.file("script.out"));
    const std::string said{std::istreambuf_iterator<char>(in), {}};
    throw std::runtime_error("rgw.sh " + what + ": " + said);
}

void rgw::restart(const std::string& options, const std::string& frontend_options) {
    command("restart", {{"RGW_OPTIONS", options}, {"RGW_FRONTEND", frontend_options}});
}

void rgw::pause() { command("pause"); }

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
