// A listing over all its pages. Pure: says which page to ask for next and puts the pages together.
//
// A listing is whole or it is an error: pages that repeat or go back, a token that comes twice, keys outside the prefix mean that the
// server's pages cannot be trusted, and nothing may be decided from a part of them (E10).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/error.h"
#include "s3/request.h"
#include "s3/response.h"

namespace s3 {

class list_cursor {
public:
    // Of the keys that begin with `prefix`, those with a `delimiter` after it summed up in prefixes(); without one all of them. More
    // than `most` of both together are too_large.
    list_cursor(std::string prefix, std::string delimiter, std::uint64_t most);

    bool done() const { return done_; }
    // The request for the next page. Not when done().
    const list_query& next() const { return query_; }
    // The answer to next(). Errors: too_large; corrupt (subject::store) as above.
    io::result<void> take(list_page page);

    // What was listed so far, sorted by byte value.
    std::vector<listed_object>& objects() { return objects_; }
    std::vector<std::string>& prefixes() { return prefixes_; }

private:
    list_query query_;
    std::uint64_t most_;
    bool done_ = false;
    std::vector<listed_object> objects_;
    std::vector<std::string> prefixes_;
};

}  // namespace s3
