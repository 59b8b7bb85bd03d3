// Credentials in any document, as JSON, as STS's XML and as a profile of an ini file: no crash, and whatever is accepted can go into a
// header as it is.
#include <cstdint>
#include <cstdlib>

#include "s3/credentials_document.h"
#include "s3/credentials_exchange.h"
#include "s3/profile.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const io::result<s3::credentials>& read) {
    if (read) {
        require(s3::fits_headers(*read) && !read->secret_key.empty());
    } else {
        require(read.error().about == io::subject::store);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const io::byte_view body(data, size);
    check(s3::read_json_credentials(body));
    check(s3::read_sts_credentials(body));
    (void)s3::read_json_error(body);
    (void)s3::read_sts_error(body);
    const auto from_file = s3::read_profile({"credentials", "config", "default", false}, io::text_of(body), io::text_of(body));
    if (from_file && *from_file && (*from_file)->keys) require(s3::fits_headers(*(*from_file)->keys));
    if (!from_file) require(from_file.error().about == io::subject::usage);
    auto exchange = s3::credentials_exchange::begin(s3::instance_origin{{false, "169.254.169.254", 80}}, "");
    require(exchange.has_value());
    for (int step = 0; step < 3; ++step) {
        const auto taken = exchange->take({{200, {}}, io::bytes(body.begin(), body.end())});
        if (!taken || *taken) break;
        (void)exchange->next();
    }
    return 0;
}
