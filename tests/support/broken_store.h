// A store in front of another one, whose answers a test can spoil.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/object_store.h"

namespace tests {

// What becomes of a write.
struct write_fate {
    bool reaches = true;                 // the store behind carries it out
    std::optional<io::errc> answer = {}; // an error instead of the store's own answer

    static write_fate refused(io::errc code = io::errc::io_failure) { return {false, code}; }
    static write_fate reply_lost(io::errc code = io::errc::outcome_unknown) { return {true, code}; }
};

class broken_store final : public io::object_store {
public:
    explicit broken_store(io::object_store& behind) : behind_(behind) {}

    // Called before each get, head and list with the key or prefix; an error is the answer then.
    std::function<io::result<void>(const std::string& key)> on_get;
    std::function<io::result<void>(const std::string& key)> on_head;
    std::function<io::result<void>(const std::string& prefix)> on_list;
    // Decides over each put, and each write and commit of a writer.
    std::function<write_fate(const std::string& key)> on_put;
    // The same over each write of an object that changes (object_store::put).
    std::function<write_fate(const std::string& key)> on_replace;
    // Awaited before each put and commit: a store that takes its time.
    std::function<io::task<void>(const std::string& key)> before_put;
    // Every get that was asked for: key and length. Every key that a put or commit was tried for.
    std::vector<std::pair<std::string, std::uint64_t>> gets;
    std::vector<std::string> puts;

    std::string url() const override { return behind_.url(); }
    io::key_layout layout() const override { return behind_.layout(); }
    std::uint64_t writer_bytes() const override { return behind_.writer_bytes(); }
    io::task<io::result<void>> put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) override {
        puts.push_back(key);
        if (before_put) co_await before_put(key);
        const write_fate fate = decide(key);
        io::result<void> outcome;
        if (fate.reaches) outcome = co_await behind_.put_if_absent(key, std::move(data), attributes);
        co_return answer(fate, outcome, key);
    }
    io::task<io::result<void>> put(std::string key, io::bytes data, io::object_attributes attributes) override {
        const write_fate fate = on_replace ? on_replace(key) : write_fate{};
        io::result<void> outcome;
        if (fate.reaches) outcome = co_await behind_.put(key, std::move(data), attributes);
        co_return answer(fate, outcome, key);
    }
    io::task<io::result<std::unique_ptr<io::object_writer>>> open_writer(std::string key, io::object_attributes attributes) override {
        auto opened = co_await behind_.open_writer(key, attributes);
        if (!opened) co_return opened.error();
        co_return std::unique_ptr<io::object_writer>(new writer(*this, key, std::move(*opened)));
    }
    io::task<io::result<io::object_info>> head(std::string key) override {
        if (on_head) {
            auto allowed = on_head(key);
            if (!allowed) co_return allowed.error();
        }
        co_return co_await behind_.head(std::move(key));
    }
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
    class writer final : public io::object_writer {
    public:
        writer(broken_store& owner, std::string key, std::unique_ptr<io::object_writer> behind)
            : owner_(owner), key_(std::move(key)), behind_(std::move(behind)) {}
        io::task<io::result<void>> write(io::bytes part) override {
            const write_fate fate = owner_.decide(key_);
            io::result<void> outcome;
            if (fate.reaches) outcome = co_await behind_->write(std::move(part));
            co_return answer(fate, outcome, key_);
        }
        io::task<io::result<void>> commit() override {
            owner_.puts.push_back(key_);
            if (owner_.before_put) co_await owner_.before_put(key_);
            const write_fate fate = owner_.decide(key_);
            io::result<void> outcome;
            if (fate.reaches) outcome = co_await behind_->commit();
            co_return answer(fate, outcome, key_);
        }

    private:
        broken_store& owner_;
        std::string key_;
        std::unique_ptr<io::object_writer> behind_;
    };

    write_fate decide(const std::string& key) const { return on_put ? on_put(key) : write_fate{}; }
    static io::result<void> answer(const write_fate& fate, io::result<void> outcome, const std::string& key) {
        if (fate.answer) return io::error{*fate.answer, io::subject::store, key + ": spoilt by the test"};
        return outcome;
    }

    io::object_store& behind_;
};

}  // namespace tests
