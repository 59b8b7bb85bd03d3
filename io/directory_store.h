// object_store on a local directory: the embedded default. A key is a path below the root; an object is a file whose mtime is its
// timestamp, as Litestream's file replica has it. create-if-absent: a temporary in <root>/.flotilla-tmp, mtime, sync,
// rename-if-absent, sync of the directory; directories are created and synced when first needed. Keys below .flotilla-tmp are invalid.
//
// "There is none" is only said while the root is the one that was opened; when it is gone (a disk that is not mounted any more) every
// call is an io_failure, and works again when it is back.
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
    // Opens the directory; for writing it is created if absent, proven writable by a lock file, and temporaries that a killed
    // process left (those whose lock nobody holds) are removed; if there were any, the whole file system is synced, so that what that
    // process published last is durable as well. not_found (reader), access_denied, read_only, no_space; invalid if it is not a
    // directory. `env` must outlive the store, and the store its writers.
    static task<result<std::unique_ptr<directory_store>>> open(const environment& env, std::string root, access how);
    ~directory_store() override;

    std::string url() const override;
    key_layout layout() const override { return key_layout::directory; }
    task<result<void>> put_if_absent(std::string key, bytes data, object_attributes attributes) override;
    task<result<void>> put(std::string key, bytes data, object_attributes attributes) override;
    task<result<std::unique_ptr<object_writer>>> open_writer(std::string key, object_attributes attributes) override;
    task<result<object_info>> head(std::string key) override;
    task<result<bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) override;
    task<result<std::vector<object_info>>> list(std::string prefix) override;
    task<result<std::vector<std::string>>> children(std::string prefix) override;
    task<result<void>> remove(std::string key) override;

private:
    class writer;

    directory_store(const environment& env, std::string root);
    result<void> prepare_to_write(const std::vector<std::string>& ids);
    std::string temporary_name();
    task<result<void>> put_file(std::string key, bytes data, object_attributes attributes, bool replace);
    result<std::string> path_of(const std::string& key) const;
    // What an error of the file system means: not_found is only believed while the root is there. Blocks.
    error truly(const error& e) const;
    result<std::vector<directory_entry>> entries_below(const std::string& path) const;

    const environment& env_;
    std::string root_;
    std::string proof_;  // exists while the root is the one that was opened
    std::string writer_id_;
    std::uint64_t written_ = 0;
    std::unique_ptr<file> temporaries_lock_;  // held by writers, so that clean-up leaves a living writer's temporaries alone
};

}  // namespace io
