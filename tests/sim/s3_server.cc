#include "tests/sim/s3_server.h"

#include <limits>

#include "tests/sim/http_server.h"

namespace sim {

namespace {

constexpr const char* host_name = "s3.sim";
constexpr std::uint16_t port = 9000;
constexpr const char* region_name = "sim-1";
constexpr const char* bucket_name = "bucket";
constexpr std::size_t all_of_it = std::numeric_limits<std::size_t>::max();

s3::http_response web_page(unsigned status) {
    const std::string text = "<html><body><h1>something in between speaks</h1></body></html>";
    return {{status, {{"Content-Type", "text/html"}}}, {text.begin(), text.end()}};
}

// The answer in place of the work, or of its answer.
s3::http_response words_of(store_fault what) {
    const auto error = [](unsigned status, const char* code) { return s3_error({status, code, "drawn", false}); };
    switch (what) {
        case store_fault::request_timeout: return error(400, "RequestTimeout");
        case store_fault::denied: return error(403, "AccessDenied");
        case store_fault::no_bucket: return error(404, "NoSuchBucket");
        case store_fault::web_page: return web_page(404);
        case store_fault::conflict: return error(409, "ConditionalRequestConflict");
        case store_fault::taken: return error(412, "PreconditionFailed");
        case store_fault::too_many: return error(429, "TooManyRequests");
        case store_fault::slow_down: return error(503, "SlowDown");
        case store_fault::bad_gateway: return web_page(502);
        case store_fault::not_implemented: return error(501, "NotImplemented");
        case store_fault::error_in_200: {
            auto out = error(500, "InternalError");
            out.head.status = 200;
            return out;
        }
        default: return error(500, "InternalError");
    }
}

}  // namespace

// What becomes of a request.
struct s3_server::plan {
    bool done = true;
    bool told = true;          // its own answer is sent
    store_fault instead = store_fault::none;
    bool silent = false;       // no answer at all
    bool half = false;         // half of it
    bool closes = false;       // the connection ends then
    io::duration before{};     // it is done
    io::duration after{};      // it is answered
};

s3_server::s3_server(store_server& truth, network& wires)
    : bucket(truth, bucket_name, habits), truth_(truth), guard_(keys(), region_name, fmt::format("{}:{}", host_name, port)), time_(truth.all.loop, the_world, nobody_) {
    wires.listen(host_name, port, {[this] { return !truth_.habits.down; }, [this](auto stream) { return session(std::move(stream)); }});
}

s3::store_url s3_server::where() {
    s3::store_url out;
    out.at = {{false, host_name, port}, bucket_name, region_name, true, true};
    return out;
}

s3::credentials s3_server::keys() { return {"AKIASIMULATED", s3::secret("a secret of the simulated world"), {}, {}}; }

void s3_server::blame(std::string what) {
    truth_.all.note("s3: an offence: {}", what);
    if (offence_.empty()) offence_ = std::move(what);
}

io::task<void> s3_server::session(std::unique_ptr<io::byte_stream> stream) {
    http_server http(*stream);
    const auto least = static_cast<std::uint64_t>(habits.least_idle.count());
    const io::duration idle(static_cast<io::duration::rep>(truth_.dice.between(least, static_cast<std::uint64_t>(habits.most_idle.count()))));
    bool goes_on = true;
    while (goes_on) {
        received asked = co_await http.receive(idle);
        if (!asked.broken.empty()) blame("not HTTP: " + asked.broken);
        if (!asked.request) co_return;
        goes_on = co_await answer(http, std::move(asked));
    }
}

// The rates that a direct client knows by one name each are several things here.
store_fault s3_server::draw_fault(request_kind kind) {
    const store_habits& h = truth_.habits;
    prng& dice = truth_.dice;
    const auto happens = [&dice](std::uint64_t rate) { return rate != 0 && dice.below(1'000'000) < rate; };
    if (happens(h.denied)) return store_fault::denied;
    if (happens(h.rejected)) {
        constexpr store_fault ways[] = {store_fault::request_timeout, store_fault::too_many, store_fault::slow_down, store_fault::internal_error, store_fault::bad_gateway};
        return ways[dice.below(5)];
    }
    if (happens(h.reply_lost)) return dice.below(3) == 0 ? store_fault::untrue_error : store_fault::reply_lost;
    if (happens(h.stalled)) return store_fault::stalled;
    return truth_.draw(kind);
}

s3_server::plan s3_server::draw(request_kind kind) {
    prng& dice = truth_.dice;
    const store_habits& h = truth_.habits;
    const auto between = [&dice](io::duration least, io::duration most) {
        return io::duration(static_cast<io::duration::rep>(dice.between(static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(std::max(least, most).count()))));
    };
    plan out;
    const store_fault what = draw_fault(kind);
    out.before = between(h.least_latency / 2, h.most_latency / 2);
    out.after = between(h.least_latency / 2, h.most_latency / 2);
    out.closes = dice.below(1'000'000) < habits.closes;
    switch (what) {
        case store_fault::none: break;
        case store_fault::reply_lost: out.silent = out.closes = true; break;
        case store_fault::untrue_error: out.told = false, out.instead = what; break;
        case store_fault::error_in_200: out.told = false, out.instead = what, out.done = dice.below(2) == 0; break;
        case store_fault::truncated: out.half = out.closes = true; break;
        case store_fault::stalled:
            out.silent = out.closes = true;
            out.done = dice.below(2) == 0;
            (dice.below(2) == 0 ? out.before : out.after) = between({}, habits.longest_stall);
            break;
        default:
            out.done = out.told = false;
            out.instead = what;
            out.closes = out.closes || what == store_fault::request_timeout;
    }
    if (what != store_fault::none) ++truth_.failed;
    return out;
}

s3::http_response s3_server::carry_out(const s3::http_request& request, request_kind kind) {
    std::string offence;
    s3::http_response out = bucket.carry_out(request, offence);
    if (is_write(kind)) truth_.all.note("s3: {} {}: {}", request.method, request.target(), out.head.status);
    if (!offence.empty()) blame(std::move(offence));
    return out;
}

void s3_server::finish(s3::http_response& answer) {
    answer.head.headers.push_back({"Date", http_date(truth_.wall_ms())});
    const std::string* type = s3::find_header(answer.head.headers, "content-type");
    if (type != nullptr && *type == "text/html") return;  // not S3 speaks
    answer.head.headers.push_back({"Server", "sim"});
    answer.head.headers.push_back({"x-amz-request-id", fmt::format("{:016X}", requests_)});
    const bool asks_for_less = answer.head.status == 429 || answer.head.status == 503;
    if (asks_for_less && truth_.dice.below(2) == 0) answer.head.headers.push_back({"Retry-After", fmt::format("{}", truth_.dice.below(3))});
}

// Whether the connection goes on.
io::task<bool> s3_server::answer(http_server& to, received asked) {
    const s3::http_request& request = *asked.request;
    ++truth_.calls;
    ++requests_;
    const bool to_head = request.method == "HEAD";
    if (truth_.habits.down) co_return false;
    s3::http_response out;
    if (const auto refused = guard_.check(request, asked.has_length, truth_.wall_ms())) {
        if (refused->offence) blame(fmt::format("{} {}: {}: {}", request.method, request.target(), refused->code, refused->why));
        out = s3_error({refused->status, refused->code, refused->why, false});
        finish(out);
        co_return co_await to.answer(out, to_head, false, all_of_it);
    }
    const request_kind kind = bucket.kind_of(request).value_or(request_kind::get);
    const plan drawn = draw(kind);
    co_await io::sleep_for(time_, drawn.before);
    if (truth_.habits.down) co_return false;
    if (drawn.done) out = carry_out(request, kind);
    if (!drawn.told) out = words_of(drawn.instead);
    finish(out);
    co_await io::sleep_for(time_, drawn.after);
    if (drawn.silent || truth_.habits.down) co_return false;
    const std::string* type = s3::find_header(out.head.headers, "content-type");
    const bool chunked = type != nullptr && *type == "application/xml" && truth_.dice.below(1'000'000) < habits.chunked;
    const std::size_t most = drawn.half ? 60 + truth_.dice.below(out.body.size() + 200) : all_of_it;
    const bool sent = co_await to.answer(out, to_head, chunked, most);
    co_return sent && !drawn.closes;
}

}  // namespace sim
