// A real S3 server for tests: Ceph's RADOS gateway, by tests/support/rgw.sh. About a second to start, 125 MiB; it ends with its owner.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/temp_directory.h"

namespace tests {

class rgw {
public:
    rgw();
    ~rgw();
    rgw(const rgw&) = delete;
    rgw& operator=(const rgw&) = delete;

    // One for the whole test program, started when first asked for.
    static rgw& shared();

    std::string http() const { return values_.at("S3_HTTP"); }    // "http://127.0.0.1:<port>"
    std::string https() const { return values_.at("S3_HTTPS"); }  // "https://127.0.0.1:<port>"
    std::string ca_file() const { return values_.at("S3_CA"); }
    std::string access_key() const { return values_.at("AWS_ACCESS_KEY_ID"); }
    std::string secret_key() const { return values_.at("AWS_SECRET_ACCESS_KEY"); }
    std::string region() const { return values_.at("AWS_REGION"); }

    // Creates a bucket and returns its URL for programs, s3://<name>?endpoint=…; from now on programs that this one starts find the
    // credentials in their environment.
    std::string make_bucket(const std::string& name);

    // The gateway dies and comes back; objects stay. The options are radosgw's, the second ones those of its front end.
    void restart(const std::string& options = "", const std::string& frontend_options = "");
    // The gateway dies; connections to it are refused until restart().
    void pause();
    // The requests that are noted so far, for instance `"GET /bucket/key HTTP/1.1" 206 100 - - bytes=0-99 latency=0.004s`.
    std::vector<std::string> requests() const;

private:
    void command(const std::string& what, const std::string& argument, std::map<std::string, std::string> environment = {});

    temp_directory folder_;
    std::map<std::string, std::string> values_;
};

// The store of an end-to-end test: a new bucket on the shared gateway if FLOTILLA_STORE=s3 is in the environment, else this directory.
std::string store_of_test(const std::string& directory);

}  // namespace tests
