#include "s3/multipart_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/failpoint.h"
#include "io/task_group.h"

namespace s3 {

namespace {

io::error taken(const client& requests, const std::string& key) {
    return {io::errc::already_exists, io::subject::store, fmt::format("s3://{}/{}: an object of that name exists", requests.where().at.bucket, key)};
}

io::task<io::result<void>> check_free(client& requests, const std::string& key) {
    auto answer = co_await requests.send(make_call(operation::head_object, key, head_object(requests.where(), key)));
    if (answer) co_return taken(requests, key);
    if (answer.error().code != io::errc::not_found) co_return answer.error();
    co_return io::result<void>();
}

}  // namespace

io::task<io::result<void>> create_object(client& requests, std::string key, shared_bytes data, metadata about, bool conditional) {
    call put{operation::put_object, key, {}, conditional ? write_condition::kind::if_absent : write_condition::kind::always};
    put.request = put_object(requests.where(), key, std::move(data), about, {put.condition, {}});
    if (!conditional) {
        auto free = co_await check_free(requests, key);
        if (!free) co_return free;
    }
    auto answer = co_await requests.send(std::move(put));
    if (!answer) co_return answer.error();
    co_return io::result<void>();
}

multipart_writer::multipart_writer(const io::environment& env, client& requests, std::string key, metadata about, bool conditional,
                                   std::uint64_t memory_bytes, std::shared_ptr<std::vector<upload_marker>> abandoned)
    : env_(env), requests_(requests), claims_(env, requests), key_(std::move(key)), about_(std::move(about)), conditional_(conditional),
      memory_bytes_(memory_bytes == 0 ? most_held : memory_bytes), abandoned_(std::move(abandoned)) {}

multipart_writer::~multipart_writer() {
    if (!ended_ && !upload_id_.empty()) abandoned_->push_back({key_, upload_id_});
}

io::task<void> multipart_writer::send_part(unsigned number, shared_bytes data) {
    auto request = upload_part(requests_.where(), key_, upload_id_, number, std::move(data));
    auto answer = co_await requests_.send(make_call(operation::upload_part, key_, std::move(request)));
    const std::string* etag = answer ? answer->head.find("etag") : nullptr;
    if (etag != nullptr) {
        parts_[number - 1] = {number, *etag};
    } else if (outcome_) {
        outcome_ = answer ? io::error{io::errc::io_failure, io::subject::store, fmt::format("{}: part {} has no ETag", key_, number)} : answer.error();
    }
}

// Sends what is held, in parts: whole ones, or all of it with the last, which may be short.
io::task<io::result<void>> multipart_writer::send_parts(bool last) {
    if (upload_id_.empty()) {
        auto answer = co_await requests_.send(make_call(operation::create_upload, key_, create_upload(requests_.where(), key_, about_)));
        if (!answer) co_return answer.error();
        auto id = read_created_upload(answer->body);
        if (!id) co_return id.error().within(key_);
        upload_id_ = std::move(*id);
        io::failpoint("upload.created");
    }
    const std::size_t size = held_.size();
    const shared_bytes all(std::move(held_));
    held_ = {};
    std::size_t at = 0;
    io::task_group group(env_.time, env_.on);
    while (at < size) {
        const auto number = static_cast<unsigned>(parts_.size() + 1);
        const std::size_t length = std::min(part_size(number), size - at);
        if (length < part_size(number) && !last) break;
        if (number > most_parts) {
            outcome_ = io::error{io::errc::too_large, io::subject::store, fmt::format("{}: more than {} parts", key_, most_parts)};
            break;
        }
        parts_.emplace_back();
        group.spawn(send_part(number, all.slice(at, length)));
        at += length;
    }
    co_await group.join();
    const io::byte_view rest = all.view().subspan(at);
    held_.assign(rest.begin(), rest.end());
    if (!outcome_) {
        ended_ = true;
        co_await claims_.abort(key_, upload_id_);
    }
    co_return outcome_;
}

io::task<io::result<void>> multipart_writer::write(io::bytes part) {
    const auto next = static_cast<unsigned>(parts_.size() + 1);
    const std::size_t parts = std::clamp<std::size_t>(memory_bytes_ / part_size(next), 1, parts_in_flight(next));
    const std::size_t most = part_size(next) * parts;
    if (held_.empty()) {
        held_ = std::move(part);
    } else {
        // Room for all of it at once, and for parts that are longer than this one: growing would copy what is held time and again, and hold it
        // twice. Room that is not used takes no memory.
        if (held_.capacity() < most + part.size()) held_.reserve(most + 2 * part.size());
        io::append(held_, part);
    }
    if (held_.size() < most) co_return io::result<void>();
    co_return co_await send_parts(false);
}

io::task<io::result<void>> multipart_writer::publish() {
    if (conditional_) co_return co_await claims_.publish(key_, upload_id_, parts_, about_);
    auto free = co_await check_free(requests_, key_);
    if (!free) {
        co_await claims_.abort(key_, upload_id_);
        co_return free;
    }
    auto answer = co_await requests_.send(make_call(operation::complete_upload, key_, complete_upload(requests_.where(), key_, upload_id_, parts_, {})));
    if (!answer) co_return answer.error();
    auto etag = read_completed_upload(answer->body);
    if (!etag) co_return etag.error().within(key_);
    co_return io::result<void>();
}

io::task<io::result<void>> multipart_writer::commit() {
    if (upload_id_.empty() && held_.empty()) co_return io::error{io::errc::invalid, io::subject::store, key_ + ": an object in an S3 store cannot be empty"};
    if (upload_id_.empty() && held_.size() <= part_size(1)) co_return co_await create_object(requests_, key_, std::move(held_), about_, conditional_);
    if (!held_.empty() || parts_.empty()) {
        auto sent = co_await send_parts(true);
        if (!sent) co_return sent;
    }
    ended_ = true;
    io::failpoint("upload.sent");
    co_return co_await publish();
}

}  // namespace s3
