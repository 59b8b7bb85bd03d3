// Where credentials come from, in AWS's order: the environment, a web identity, the shared files' profile, a container's endpoint, the
// instance's. Pure: decides from the environment and the profile; whoever asks does the reading.
// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "io/error.h"
#include "s3/credentials.h"
#include "s3/endpoint.h"
#include "s3/profile.h"
#include "s3/variables.h"

namespace s3 {

// Exchanged at STS for temporary ones.
struct web_identity_origin {
    std::string role_arn;
    std::string token_file;  // read anew for each exchange: it is rotated
    std::string session_name;
    server_address sts;
};

// ECS and EKS.
struct container_origin {
    server_address server;
    std::string path;        // with its query, as it goes into the request
    secret token;            // for the Authorization header, if one was given
    std::string token_file;  // or read from here, anew for each request
};

// EC2, by IMDSv2.
struct instance_origin {
    server_address server;
};

using credentials_origin = std::variant<credentials, web_identity_origin, container_origin, instance_origin>;

// `region` is the store's, for STS. Errors (subject::usage, invalid): half a key pair, a container address that AWS does not allow
// (plain http to anything but loopback and its own addresses), nothing at all when AWS_EC2_METADATA_DISABLED=true; each says what is
// missing. The message never holds a secret.
io::result<credentials_origin> choose_origin(const variables& env, const std::optional<profile>& from_files, const std::string& region);

// For logs: "the environment", "a web identity (arn:...)", "the container's endpoint http://169.254.170.2", ...
std::string describe(const credentials_origin& origin, const variables& env);

}  // namespace s3
