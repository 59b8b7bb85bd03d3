#include "s3/profile.h"

#include <fmt/format.h>

#include "s3/ini_file.h"

namespace s3 {
namespace {

io::error bad(std::string why) { return {io::errc::invalid, io::subject::usage, std::move(why)}; }

std::string setting(const ini_section& section, std::string_view name) {
    const auto at = section.find(name);
    return at == section.end() ? std::string() : at->second;
}

void merge(ini_section& into, const ini_file& from, std::string_view section, bool& found) {
    const auto at = from.find(section);
    if (at == from.end()) return;
    found = true;
    for (const auto& [name, value] : at->second) into[name] = value;
}

io::result<ini_section> both_files(const profile_place& at, std::string_view credentials_text, std::string_view config_text, bool& found) {
    ini_section all;
    const auto config = parse_ini(config_text);
    if (!config) return config.error().within(at.config_file);
    const auto credentials = parse_ini(credentials_text);
    if (!credentials) return credentials.error().within(at.credentials_file);
    if (at.name == "default") merge(all, *config, "default", found);
    merge(all, *config, "profile " + at.name, found);
    merge(all, *credentials, at.name, found);
    return all;
}

}  // namespace

profile_place find_profile(const variables& env) {
    const std::string home = variable(env, "HOME");
    const auto file = [&](std::string_view name, std::string_view below_home) {
        std::string path = variable(env, name);
        if (path.empty() && !home.empty()) return home + std::string(below_home);
        if (path.starts_with("~/") && !home.empty()) return home + path.substr(1);
        return path;
    };
    profile_place at{file("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"), file("AWS_CONFIG_FILE", "/.aws/config"), variable(env, "AWS_PROFILE"), true};
    if (at.name.empty()) at.name = variable(env, "AWS_DEFAULT_PROFILE");
    if (at.name.empty()) {
        at.name = "default";
        at.chosen = false;
    }
    return at;
}

io::result<std::optional<profile>> read_profile(const profile_place& at, std::string_view credentials_text, std::string_view config_text) {
    bool found = false;
    const auto all = both_files(at, credentials_text, config_text, found);
    if (!all) return all.error();
    if (!found) {
        if (at.chosen) return bad(fmt::format("profile {} is neither in {} nor in {}", at.name, at.credentials_file, at.config_file));
        return std::optional<profile>();
    }
    profile out;
    out.region = setting(*all, "region");
    out.endpoint_url = setting(*all, "endpoint_url");
    out.role_arn = setting(*all, "role_arn");
    out.web_identity_token_file = setting(*all, "web_identity_token_file");
    out.role_session_name = setting(*all, "role_session_name");
    const std::string id = setting(*all, "aws_access_key_id");
    secret key(setting(*all, "aws_secret_access_key"));
    if (id.empty() != key.empty())
        return bad(fmt::format("profile {} has {} without {}", at.name, id.empty() ? "aws_secret_access_key" : "aws_access_key_id",
                               id.empty() ? "aws_access_key_id" : "aws_secret_access_key"));
    if (!id.empty()) {
        out.keys = credentials{id, std::move(key), secret(setting(*all, "aws_session_token")), std::nullopt};
        if (!fits_headers(*out.keys)) return bad(fmt::format("profile {} has credentials with characters that no header can carry", at.name));
        return std::optional(std::move(out));
    }
    if (!out.role_arn.empty() && !out.web_identity_token_file.empty()) return std::optional(std::move(out));
    for (const char* way : {"sso_session", "sso_start_url", "credential_process", "source_profile", "credential_source"}) {
        if (!setting(*all, way).empty())
            return bad(fmt::format("profile {} gets its credentials by {}, which is not supported: export them to the environment", at.name, way));
    }
    return std::optional(std::move(out));
}

}  // namespace s3
