// An HTTP server on loopback that keeps what it is sent and answers as it is told: who gets webhooks, for instance. It has a thread of its own, so
// that the test may wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tests {

struct received {
    std::string target;                      // of the request line
    std::vector<std::string> header_lines;   // "name: value", names in lower case
    std::string body;

    // Empty if there is none.
    std::string header(const std::string& name) const;
};

class http_receiver {
public:
    // What is answered: a status; 0 resets the connection; nothing: no answer, ever. `number` counts the requests from 1. Called by the
    // receiver's thread.
    using answerer = std::function<std::optional<int>(int number, const received& what)>;
    // With `pem`, a file that holds a certificate and its key, it speaks TLS.
    explicit http_receiver(answerer answer = [](int, const received&) { return 200; }, const std::string& pem = "");
    ~http_receiver();
    http_receiver(const http_receiver&) = delete;
    http_receiver& operator=(const http_receiver&) = delete;

    std::string url() const;
    std::vector<received> requests() const;
    // Once there have been so many; std::runtime_error if there are fewer after a minute.
    std::vector<received> await(std::size_t how_many);
    // Headers that every answer has from now on, "Name: value\r\n" each.
    void add_headers(std::string lines);

private:
    struct server;
    std::unique_ptr<server> server_;
    answerer answer_;
    mutable std::mutex lock_;
    std::condition_variable more_;
    std::vector<received> requests_;
    std::string headers_;
    std::thread thread_;
};

}  // namespace tests
