// flotilla store-check: does an S3 server do what flotilla relies on?
#include "s3/store_check.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "apps/command.h"
#include "apps/json.h"
#include "apps/s3_store.h"
#include "apps/world.h"

namespace apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  flotilla store-check s3://bucket/prefix\n"
    "  flotilla store-check 's3://bucket?endpoint=http://127.0.0.1:8000&region=us-east-1'\n"
    "\n"
    "Writes below the prefix, about 300 requests and 25 MiB, and removes it all. Exit code 0 if everything that flotilla needs works, else 4.";

struct store_check_flags {
    std::string url;
    bool json = false;
};

void print(const s3::check_result& one, bool json) {
    if (json) {
        json_object line;
        line.add("check", one.name).add("needed", one.needed).add("passed", one.passed).add("note", one.note);
        (void)print_line(line);
        return;
    }
    fmt::print("{:<33}  {:<6}  {:<6}  {}\n", one.name, one.needed ? "yes" : "no", one.passed ? "ok" : "FAILED", one.note);
    std::fflush(stdout);
}

io::result<void> check(const store_check_flags& given) {
    world here;
    auto way = here.run(find_s3(here.env, given.url));
    if (!way) return way.error();
    s3::store_check checks(here.env, *way->net, *way->keys, way->where, {});
    bool begun = given.json;
    const auto report = [&](const s3::check_result& one) {
        if (!begun) fmt::print("{:<33}  {:<6}  {:<6}  {}\n", "CHECK", "NEEDED", "RESULT", "NOTE");
        begun = true;
        print(one, given.json);
    };
    auto good = here.run(checks.run(report));
    if (!good) return good.error();
    if (!*good) return io::error{io::errc::unsupported, io::subject::store, way->where.text() + " lacks something that flotilla needs"};
    return {};
}

}  // namespace

void add_store_check(CLI::App& program, action& chosen) {
    CLI::App* command = add_command(program, "store-check", "does an S3 server do what flotilla relies on?", examples);
    const auto given = std::make_shared<store_check_flags>();
    command->add_option("STORE", given->url, "s3://bucket/prefix?...")->required()->type_name("");
    command->add_flag("--json", given->json, "one JSON object a line");
    command->callback([&chosen, given] { chosen = [given] { return check(*given); }; });
}

}  // namespace apps
