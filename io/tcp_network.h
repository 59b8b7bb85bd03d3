// network over the real one: TCP, and TLS 1.2 or newer by OpenSSL.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "io/network.h"

namespace io {

class tcp_network final : public network {
public:
    // Streams complete on `on` and must not outlive this.
    explicit tcp_network(executor on);
    ~tcp_network() override;
    task<result<std::unique_ptr<byte_stream>>> connect(peer to, instant until) override;

private:
    struct tls_context;
    // Reading the system's certificates takes milliseconds: one context for each pair of settings.
    result<tls_context*> context_for(const tls_options& options);

    executor on_;
    std::map<std::string, std::unique_ptr<tls_context>> contexts_;
};

}  // namespace io
