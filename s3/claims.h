// Create-if-absent for multipart uploads.
//
// Servers differ in whether they look at conditions when an upload is completed (Ceph's RADOS gateway 16.2 does not, and says nothing), but
// a put with If-None-Match: * that is honoured is honoured everywhere. So, when all parts are uploaded, the key is claimed with such a put:
// an empty object whose metadata names the upload. Of all writers of a key, claims and single puts alike, one wins. Then the
// upload is completed over its own claim.
//
// A claim is made only when every part is there, so whoever meets one can finish it (finish() below), and finishing twice is harmless: after
// a crash between the two steps nothing is lost and the key is not blocked. Empty objects mean nothing else in a store of ours: readers take
// them as not there yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/environment.h"
#include "s3/client.h"
#include "s3/response.h"

namespace s3 {

// An object as a HEAD sees it.
struct object_view {
    object_head head;
    std::string claimed_by;  // the upload's id if this is a claim, else empty
    bool is_claim() const { return head.size == 0; }
};

class claims {
public:
    claims(const io::environment& env, client& requests) : env_(env), requests_(requests) {}

    // nullopt if there is no such object. Keys are whole here.
    io::task<io::result<std::optional<object_view>>> look(std::string key);

    // Publishes an upload whose parts are all there. already_exists if the key is taken: the upload is aborted then. outcome_unknown if
    // neither could be found out; every other error leaves the key free and the upload aborted, as far as the server let us.
    io::task<io::result<void>> publish(std::string key, std::string upload_id, std::vector<uploaded_part> parts, metadata about);

    // Completes what another writer, or an earlier life of this one, claimed. corrupt if the upload is gone.
    io::task<io::result<void>> finish(std::string key, std::string upload_id);

    // Ends an upload; its parts are freed. Errors are logged at debug level only: what stays is found by the next start.
    io::task<void> abort(std::string key, std::string upload_id);

    // For uploads that a killed process left below `prefix`: finishes what is claimed, aborts what is older than `age`. Younger ones
    // may be another host's and stay.
    io::task<io::result<void>> clear_leftovers(std::string prefix, io::duration age);

private:
    io::task<io::result<void>> claim(const std::string& key, const std::string& upload_id, const metadata& about);
    io::task<io::result<void>> complete(const std::string& key, const std::string& upload_id, const std::vector<uploaded_part>& parts);
    io::task<io::result<std::vector<uploaded_part>>> parts_of(const std::string& key, const std::string& upload_id);
    io::task<void> give_up(const std::string& key, const std::string& upload_id);

    const io::environment& env_;
    client& requests_;
};

}  // namespace s3
