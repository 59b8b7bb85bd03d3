#include "s3/operation.h"

namespace s3 {

std::string_view name(operation what) {
    switch (what) {
        case operation::get_object: return "GetObject";
        case operation::head_object: return "HeadObject";
        case operation::put_object: return "PutObject";
        case operation::remove_object: return "DeleteObject";
        case operation::remove_objects: return "DeleteObjects";
        case operation::list_objects: return "ListObjectsV2";
        case operation::create_upload: return "CreateMultipartUpload";
        case operation::upload_part: return "UploadPart";
        case operation::complete_upload: return "CompleteMultipartUpload";
        case operation::abort_upload: return "AbortMultipartUpload";
        case operation::list_parts: return "ListParts";
        case operation::list_uploads: return "ListMultipartUploads";
        case operation::head_bucket: return "HeadBucket";
        case operation::create_bucket: return "CreateBucket";
    }
    return "unknown";
}

std::string_view permission(operation what) {
    switch (what) {
        case operation::get_object:
        case operation::head_object: return "s3:GetObject";
        case operation::put_object:
        case operation::create_upload:
        case operation::upload_part:
        case operation::complete_upload: return "s3:PutObject";
        case operation::remove_object:
        case operation::remove_objects: return "s3:DeleteObject";
        case operation::list_objects:
        case operation::head_bucket: return "s3:ListBucket";
        case operation::abort_upload: return "s3:AbortMultipartUpload";
        case operation::list_parts: return "s3:ListMultipartUploadParts";
        case operation::list_uploads: return "s3:ListBucketMultipartUploads";
        case operation::create_bucket: return "s3:CreateBucket";
    }
    return "unknown";
}

}  // namespace s3
