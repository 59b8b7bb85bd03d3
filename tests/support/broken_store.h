// A store in front of another one, whose answers a test can spoil.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "io/object_store.h"

namespace tests {

class broken_store final : public io::object_store {
public:
    explicit broken_store(io::object_store& behind) : behind_(behind) {}

    // Called before each get and list with the key or prefix; an error is the answer then.
    std::function<io::result<void>(const std::string& key)> on_get;
    std::function<io::result<void>(const std::string& prefix)> on_list;
    // Every get that was asked for: key and length.
    std::vector<std::pair<std::string, std::uint64_t>> gets;

    std::string url() const override { return behind_.url(); }
    io::key_layout layout() const override { return behind_.layout(); }
    io::task<io::result<void>> put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) override {
        return behind_.put_if_absent(std::move(key), std::move(data), attributes);
    }
    io::task<io::result<std::unique_ptr<io::object_writer>>> open_writer(std::string key, io::object_attributes attributes) override {
        return behind_.open_writer(std::move(key), attributes);
    }
    io::task<io::result<io::object_info>> head(std::string key) override { return behind_.head(std::move(key)); }
    io::task<io::result<io::bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) override {
        gets.emplace_back(key, length);
        if (on_get) {
            auto allowed = on_get(key);
            if (!allowed) co_return allowed.error();
        }
        co_return co_await behind_.get(std::move(key), offset, length);
    }
    io::task<io::result<std::vector<io::object_info>>> list(std::string prefix) override {
        if (on_list) {
            auto allowed = on_list(prefix);
            if (!allowed) co_return allowed.error();
        }
        co_return co_await behind_.list(std::move(prefix));
    }
    io::task<io::result<std::vector<std::string>>> children(std::string prefix) override { return behind_.children(std::move(prefix)); }
    io::task<io::result<void>> remove(std::string key) override { return behind_.remove(std::move(key)); }

private:
    io::object_store& behind_;
};

}  // namespace tests
