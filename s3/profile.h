// One profile of the shared config and credentials files. Pure: the files' texts are given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/error.h"
#include "s3/credentials.h"
#include "s3/variables.h"

namespace s3 {

struct profile {
    std::optional<credentials> keys;
    std::string region;
    std::string endpoint_url;
    std::string role_arn;  // with web_identity_token_file
    std::string web_identity_token_file;
    std::string role_session_name;
};

// Which files and which profile: AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE, AWS_PROFILE, with ~/.aws/credentials, ~/.aws/config and
// "default" where they are silent. A path is empty if there is neither the variable nor HOME.
struct profile_place {
    std::string credentials_file;
    std::string config_file;
    std::string name;
    bool chosen = false;  // by AWS_PROFILE: then it must exist
};
profile_place find_profile(const variables& env);

// The profile from both texts (empty: no such file); the credentials file counts more. Nothing if neither has it. Errors
// (subject::usage): those of parse_ini; invalid for half a key pair, and for a profile whose only credentials come by a way that is
// not supported (sso, credential_process, source_profile, credential_source).
io::result<std::optional<profile>> read_profile(const profile_place& at, std::string_view credentials_text, std::string_view config_text);

}  // namespace s3
