// What any peer sends to a client that speaks HTTP with it, through the byte-stream seam: no crash, no hang, no more memory than was
// allowed; how the bytes arrive does not change the answer; a connection goes on only after an answer that ended where it said. What
// comes out is read as the answers of S3 are.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdlib>

#include "s3/error.h"
#include "s3/http_connection.h"
#include "s3/response.h"
#include "tests/support/scripted_stream.h"

namespace {

constexpr std::uint64_t most_body = 2000;

void require(bool condition) {
    if (!condition) std::abort();
}

struct exchanged {
    s3::http_response answer;
    bool ended = false;
    bool reusable = false;
};

// Three requests on one connection, as far as it goes.
std::vector<exchanged> talk(std::string_view bytes, std::size_t piece) {
    std::deque<std::string> answers;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) answers.emplace_back(bytes.substr(0, piece));
    std::vector<exchanged> out;
    const auto conversation = [&out](s3::http_connection& on) -> io::task<void> {
        for (const char* method : {"GET", "HEAD", "PUT"}) {
            exchanged& made = out.emplace_back();
            const s3::http_request request{method, "/b/k", "", {{"host", "h"}}, {}};
            auto ended = co_await on.exchange(request, made.answer, {{}, most_body});
            made.ended = ended.has_value();
            made.reusable = on.reusable();
            if (!ended) require(ended.error().about == io::subject::store && !ended.error().context.empty());
            require(made.answer.body.size() <= most_body && (made.ended || !made.reusable));
            if (!made.reusable) co_return;
        }
    };
    boost::asio::io_context loop;
    s3::http_connection connection(std::make_unique<tests::scripted_stream>(std::move(answers)));
    boost::asio::co_spawn(loop, conversation(connection), boost::asio::detached);
    loop.run();
    return out;
}

void read_as_s3(const s3::http_response& answer) {
    static const s3::store_url in = s3::parse_store_url("s3://bkt?region=eu-west-1", {}).value();
    if (answer.head.status / 100 == 2) {
        (void)s3::read_list_page(answer.body);
        if (const auto extent = s3::read_extent(answer.head, 3, 5)) require(extent->length <= 5);
        if (const auto whole = s3::read_extent(answer.head, 0, std::nullopt)) require(whole->length == whole->object.size);
        return;
    }
    const auto failed = s3::judge(in, {s3::operation::put_object, "k", s3::write_condition::kind::if_absent, "A", 0}, answer.head, answer.body);
    require(failed.error.code != io::errc::not_found || s3::find_header(answer.head.headers, "content-length") != nullptr || !answer.body.empty());
    if (failed.retry_after) require(*failed.retry_after >= io::duration::zero() && *failed.retry_after <= std::chrono::hours(24));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto at_once = talk(bytes, bytes.size() + 1);
    const auto in_pieces = talk(bytes, std::size_t{data[0]} % 40 + 1);
    require(!at_once.empty() && !in_pieces.empty());
    for (std::size_t i = 0; i < std::min(at_once.size(), in_pieces.size()); ++i) {
        const auto &a = at_once[i], &b = in_pieces[i];
        require(a.ended == b.ended);
        // What follows an answer in the same piece was not asked for, and then the connection ends; later it is an answer of its own.
        if (a.ended) require(a.answer.head.status == b.answer.head.status && a.answer.body == b.answer.body);
        if (a.ended) read_as_s3(a.answer);
    }
    return 0;
}
