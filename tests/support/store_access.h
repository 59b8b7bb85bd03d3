// The hand of a test inside a store of either kind: looks at its objects, and changes them as no program should.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/s3_store.h"
#include "engine/key.h"
#include "tests/support/real_environment.h"

namespace tests {

class store_access {
public:
    // A directory's path, or s3://... Everything that goes wrong throws std::runtime_error.
    explicit store_access(const std::string& url);
    ~store_access();

    io::key_layout layout() const { return directory_.empty() ? io::key_layout::bucket : io::key_layout::directory; }
    std::string key(const std::string& stream, unsigned level, engine::txid_range range) const { return engine::object_key(layout(), stream, level, range); }
    // The key of the one object of a TXID on level 0.
    std::string key(const std::string& stream, std::uint64_t txid) const { return key(stream, engine::level_captures, {txid, txid}); }

    // Keys of the objects of a stream, sorted; none if there is no such stream.
    std::vector<std::string> keys(const std::string& stream);
    // Size and time of everything in it, of streams whose names have no '/'.
    std::vector<io::object_info> objects();
    io::bytes read(const std::string& key);
    // Over whatever is there; also no bytes at all.
    void write(const std::string& key, const io::bytes& data);
    void remove(const std::string& key);
    void rename(const std::string& from, const std::string& to);

private:
    std::string whole(const std::string& key) const;

    real_environment world_;
    std::string directory_;  // empty: on S3
    apps::s3_way way_;
    std::unique_ptr<s3::client> requests_;
    std::unique_ptr<s3::store> store_;
};

}  // namespace tests
