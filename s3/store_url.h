// A store as an operator writes it: s3://bucket/prefix?name=value&... Pure.
//
// | name               | meaning                                                                                     | default |
// | endpoint           | http:// or https:// server that is not AWS's                                                | AWS     |
// | region             | what requests are signed for                                                                | us-east-1 |
// | path-style         | true: server/bucket; false: bucket.server (Litestream's forcePathStyle means the same)      | false on AWS unless the bucket's name has dots; true elsewhere |
// | ca                 | a PEM file of certificates to trust instead of the system's; TLS only                       |         |
// | unsigned-payload   | true: bodies are not hashed for the signature; TLS only                                     | false   |
// | unquoted-if-match  | true: If-Match carries the ETag without quotes, which Ceph's RADOS gateway wants            | false   |
// | storage-class      | for instance STANDARD_IA                                                                    | the bucket's |
// | sse                | AES256 or aws:kms                                                                           | the bucket's |
// | sse-kms-key-id     | with sse=aws:kms                                                                            | the account's |
// | sse-c-key-file     | a file of 32 bytes: objects are encrypted with a key of ours; TLS only                      |         |
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/error.h"
#include "s3/encryption.h"
#include "s3/endpoint.h"
#include "s3/profile.h"
#include "s3/sigv4.h"
#include "s3/variables.h"

namespace s3 {

// What environment and profiles say where the URL is silent; empty: nothing.
struct url_defaults {
    std::string region;    // AWS_REGION, AWS_DEFAULT_REGION, the profile's region
    std::string endpoint;  // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's endpoint_url; none with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true
};
url_defaults read_defaults(const variables& env, const std::optional<profile>& from_files);

struct store_url {
    endpoint at;
    std::string prefix;  // of every key; empty, or a proper key (io::check_key)
    std::string ca_file;
    payload_signing signing = payload_signing::hashed;
    bool unquoted_if_match = false;
    std::string storage_class;
    encryption at_rest;             // without the customer's key:
    std::string customer_key_file;  // read by whoever opens the store

    // "s3://bucket/prefix", with the server if it is not AWS's: for messages.
    std::string text() const;
};

bool is_store_url(std::string_view text);  // begins with "s3://"

// invalid (subject::usage) for a name that is not in the table or given twice, a value that makes no sense or contradicts another,
// a bucket's or region's name that cannot be one, a prefix that is no key. The message never shows a user name or password.
io::result<store_url> parse_store_url(std::string_view text, const url_defaults& defaults);

}  // namespace s3
