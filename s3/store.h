// object_store on S3 and what speaks its protocol.
//
// create-if-absent is If-None-Match: * for objects of one request, and claims.h for larger ones. A stored object never changes, so that a
// broken get goes on where it broke. The object's time is in the user metadata "litestream-timestamp" (RFC 3339 with nanoseconds, UTC), as
// Litestream has it; head() reads it, list() gives the store's own time of writing instead, because listings do not carry metadata.
// Empty objects are claims: never listed, not_found, and refused by put_if_absent (invalid).
// A call's memory: put_if_absent the body, get twice its length at the most, open_writer see multipart_writer.h, list all of its entries.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/object_store.h"
#include "s3/claims.h"
#include "s3/client.h"
#include "s3/list_cursor.h"

namespace s3 {

struct store_settings {
    store_url where;  // with the customer's key in at_rest, if there is one
    client_settings requests;
    // Goes on with a store that ignores If-None-Match: objects are looked for before they are written, which leaves a moment in which
    // two writers overwrite each other unseen.
    bool unsafe_no_conditional_put = false;
    // An upload that was begun this long ago and is not finished was left behind by a killed process. Younger ones may be another host's.
    io::duration abort_uploads_after = std::chrono::hours(24);
};

class store final : public io::object_store {
public:
    enum class access { read, write };
    // Proves that the bucket can be listed. For writing it also finds out whether the store honours conditional puts (one line in the log;
    // unsupported if it does not, unless unsafe_no_conditional_put), finishes and aborts uploads that were left behind. The object
    // <prefix>/.flotilla-probe stays. What is passed by reference must outlive the store. Errors: those of judge().
    static io::task<io::result<std::unique_ptr<store>>> open(const io::environment& env, io::network& net, credentials_source& keys,
                                                              store_settings settings, access how);

    std::string url() const override { return requests_.where().text(); }
    io::key_layout layout() const override { return io::key_layout::bucket; }
    std::uint64_t writer_bytes() const override;
    io::task<io::result<void>> put_if_absent(std::string key, io::bytes data, io::object_attributes attributes) override;
    io::task<io::result<void>> put(std::string key, io::bytes data, io::object_attributes attributes) override;
    io::task<io::result<std::unique_ptr<io::object_writer>>> open_writer(std::string key, io::object_attributes attributes) override;
    io::task<io::result<io::object_info>> head(std::string key) override;
    io::task<io::result<io::bytes>> get(std::string key, std::uint64_t offset, std::uint64_t length) override;
    io::task<io::result<std::vector<io::object_info>>> list(std::string prefix) override;
    io::task<io::result<std::vector<std::string>>> children(std::string prefix) override;
    io::task<io::result<void>> remove(std::string key) override;
    // Many at once. No error for those that do not exist; after an error some may be removed.
    io::task<io::result<void>> remove_all(std::vector<std::string> keys);

    // Whether of two puts with If-None-Match: * of one key the second is refused.
    io::task<io::result<bool>> honours_conditional_puts();

private:
    store(const io::environment& env, io::network& net, credentials_source& keys, store_settings settings, access how);
    io::result<std::string> whole(const std::string& key) const;
    std::string below(const std::string& prefix) const;
    io::task<io::result<void>> prepare();
    io::task<io::result<list_cursor>> list_below(std::string prefix);

    const io::environment& env_;
    store_settings settings_;
    access how_;
    client requests_;
    claims claims_;
    std::shared_ptr<std::vector<upload_marker>> abandoned_ = std::make_shared<std::vector<upload_marker>>();  // by writers; aborted by the next
};

}  // namespace s3
