// Credentials from where the environment says they are: given ones, or temporary ones that are renewed while requests go on.
//
// Renewing has one caller at a time. While the old ones still hold the others go on with them; when they do not, everybody waits for it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/environment.h"
#include "io/network.h"
#include "io/semaphore.h"
#include "s3/credentials_exchange.h"
#include "s3/credentials_origin.h"
#include "s3/credentials_source.h"
#include "s3/renewal.h"

namespace s3 {

class credentials_provider final : public credentials_source {
public:
    // `source` is what messages call the origin. `env` and `net` must outlive this.
    credentials_provider(const io::environment& env, io::network& net, credentials_origin origin, std::string source);

    io::task<io::result<credentials>> get() override;
    void refused(const credentials& used) override;
    const std::string& source() const { return source_; }

private:
    io::task<io::result<credentials>> renew();
    io::task<io::result<credentials>> exchange_once();
    io::task<io::result<std::string>> read_token();

    const io::environment& env_;
    io::network& net_;
    credentials_origin origin_;
    std::string source_;
    std::optional<credentials> current_;
    renewal renewal_;
    bool renewing_ = false;
    io::semaphore turn_;
};

// What a process's surroundings say: its environment, and the profile of the shared files that it names.
struct surroundings {
    variables env;
    std::optional<profile> from_files;
};

// Reads the shared files. One that does not exist is an empty one. Errors: those of read_profile; access_denied, io_failure, too_large
// (1 MiB) of a file (subject::usage).
io::task<io::result<surroundings>> look_around(const io::environment& env, variables of_process);

}  // namespace s3
