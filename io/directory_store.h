// object_store on a local directory: the embedded default. A key is a path below the root; an object is a file whose mtime is its
// timestamp, as Litestream's file replica has it. create-if-absent: a temporary in <root>/.flotilla-tmp, sync, mtime,
// rename-if-absent, sync of the directory; directories are created and synced when first needed.
#pragma once

#include <memory>
#include <string>

#include "io/environment.h"
#include "io/object_store.h"

namespace io {

class directory_store final : public object_store {
public:
    // How to open it: a reader neither creates the root nor writes anything.
    enum class access { read, write };
    // Opens the directory; for writing it is created if absent, proven writable by a probe file, and temporaries that a killed
    // process left (those whose lock nobody holds) are removed. not_found (reader), access_denied, read_only, no_space; invalid if
    // it is not a directory. `env` must outlive the store.
    static task<result<std::unique_ptr<directory_store>>> open(const environment& env, std::string root, access how);
    ~directory_store() override;

    std::string url() const override;
    key_layout layout() const override { return key_layout::directory; }
    task<result<void>> put_if_absent(std::string key, bytes data, object_attributes attributes) override;
    task<result<std::unique_ptr<object_writer>>> open_writer(std::string key, object_attributes attributes) override;
    task<result<object_info>> head(std::string key) override;
    task<result<bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) override;
    task<result<std::vector<object_info>>> list(std::string prefix) override;
    task<result<std::vector<std::string>>> children(std::string prefix) override;
    task<result<void>> remove(std::string key) override;

private:
    directory_store(const environment& env, std::string root);
    std::string temporary_name();

    const environment& env_;
    std::string root_;
    std::string writer_id_;
    std::uint64_t written_ = 0;
    std::unique_ptr<file> temporaries_lock_;  // held by writers, so that clean-up leaves a living writer's temporaries alone
};

}  // namespace io
