// What a request does: its name in the S3 API, and what is known of repeating it. Pure.
#pragma once

#include <string_view>

namespace s3 {

enum class operation {
    get_object,
    head_object,
    put_object,
    remove_object,
    remove_objects,
    list_objects,
    create_upload,
    upload_part,
    complete_upload,
    abort_upload,
    list_parts,
    list_uploads,
    head_bucket,
    create_bucket,
};

// "PutObject": for messages and logs.
std::string_view name(operation what);
// The permission that it needs: "s3:PutObject", "s3:ListBucket".
std::string_view permission(operation what);

}  // namespace s3
