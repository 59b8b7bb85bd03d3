// An object store that counts what goes through it: how many objects its process is putting at once, each from its beginning to its answer.
// It changes nothing and takes no time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/object_store.h"

namespace sim {

class metered_store final : public io::object_store {
public:
    // `on_put`: called when one more object begins to be put, with how many there are now.
    metered_store(std::unique_ptr<io::object_store> of, std::function<void(std::size_t)> on_put) : of_(std::move(of)), on_put_(std::move(on_put)) {}

    std::string url() const override { return of_->url(); }
    io::key_layout layout() const override { return of_->layout(); }
    std::uint64_t writer_bytes() const override { return of_->writer_bytes(); }
    io::task<io::result<void>> put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) override;
    io::task<io::result<void>> put(std::string key, io::bytes data, io::object_attributes attributes) override { return of_->put(std::move(key), std::move(data), attributes); }
    io::task<io::result<std::unique_ptr<io::object_writer>>> open_writer(std::string key, io::object_attributes attributes) override;
    io::task<io::result<io::object_info>> head(std::string key) override { return of_->head(std::move(key)); }
    io::task<io::result<io::bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) override { return of_->get(std::move(key), offset, length); }
    io::task<io::result<std::vector<io::object_info>>> list(std::string prefix) override { return of_->list(std::move(prefix)); }
    io::task<io::result<std::vector<std::string>>> children(std::string prefix) override { return of_->children(std::move(prefix)); }
    io::task<io::result<void>> remove(std::string key) override { return of_->remove(std::move(key)); }

    // Of the files of streams: beats and claims of owners are none.
    static bool is_object(const std::string& key) { return key.ends_with(".ltx"); }

private:
    class turn;
    class writer;

    std::unique_ptr<io::object_store> of_;
    std::function<void(std::size_t)> on_put_;
    std::size_t now_ = 0;
};

}  // namespace sim
