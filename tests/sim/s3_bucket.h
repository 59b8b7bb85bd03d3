// What an S3 server does when it does it: one request, carried out at one instant on the objects of a store_server. No network, no faults.
// Stricter than S3: a query parameter, condition or part that does not belong is refused, an upload that is complete is gone, ETags are no
// hashes of anything.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "s3/http.h"
#include "s3/uri.h"
#include "tests/sim/s3_guard.h"
#include "tests/sim/s3_habits.h"
#include "tests/sim/store.h"

namespace sim {

class s3_bucket {
public:
    s3_bucket(store_server& truth, std::string name, const s3_habits& habits) : truth_(truth), name_(std::move(name)), habits_(habits) {}

    // Of a request that was let in. Nothing if there is no such operation: carry_out() says so.
    std::optional<request_kind> kind_of(const s3::http_request& request) const;
    // The answer; `offence` is what a proper client would not have asked for, if that is what it was.
    s3::http_response carry_out(const s3::http_request& request, std::string& offence);

    std::size_t uploads() const { return uploads_.size(); }

private:
    struct part {
        io::bytes data;
        std::string etag;
    };
    struct upload {
        std::string key;
        std::vector<std::pair<std::string, std::string>> about;
        std::int64_t initiated_ms = 0;
        std::map<unsigned, part> parts;
    };
    // A request taken apart.
    struct question;
    struct operation;
    static const std::vector<operation>& operations();
    const operation* find(const question& asked) const;

    s3::http_response put(const question& asked);
    s3::http_response get(const question& asked);
    s3::http_response head(const question& asked);
    s3::http_response remove(const question& asked);
    s3::http_response remove_many(const question& asked);
    s3::http_response list(const question& asked);
    s3::http_response head_bucket(const question& asked);
    s3::http_response begin_upload(const question& asked);
    s3::http_response put_part(const question& asked);
    s3::http_response complete(const question& asked);
    s3::http_response abort(const question& asked);
    s3::http_response list_parts(const question& asked);
    s3::http_response list_uploads(const question& asked);
    s3::http_response describe(const store_server::object& what) const;
    upload* upload_of(const question& asked);

    store_server& truth_;
    std::string name_;
    const s3_habits& habits_;
    std::map<std::string, upload> uploads_;  // by id
    std::uint64_t ids_ = 0;
};

// An error's document.
s3::http_response s3_error(const s3_refusal& why);

}  // namespace sim
