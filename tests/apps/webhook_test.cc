#include "apps/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <set>

#include "s3/digest.h"

namespace {

using what = engine::event::what;
using verdict = apps::webhook_verdict::kind;
using testing::HasSubstr;
using testing::Not;

apps::webhook at(const std::string& url) {
    apps::webhook out;
    const auto ok = apps::parse_webhook_url(out, url);
    EXPECT_TRUE(ok) << url << ": " << ok.error().context;
    return out;
}

std::string refusal(const std::string& url) {
    apps::webhook out;
    const auto ok = apps::parse_webhook_url(out, url);
    EXPECT_FALSE(ok) << url;
    if (ok) return "";
    EXPECT_EQ(ok.error().about, io::subject::usage);
    return ok.error().context;
}

TEST(webhook, the_nine_names_and_what_they_are) {
    const std::vector<std::pair<std::string, what>> all = {
        {"upload_failed", what::upload_failed}, {"stream_halted", what::halted},     {"stream_overtaken", what::overtaken},
        {"re_anchored", what::reanchored},      {"wal_over_limit", what::wal_over_limit}, {"disk_low", what::disk_low},
        {"corruption_detected", what::corruption}, {"store_unreachable", what::failing}, {"recovered", what::recovered}};
    EXPECT_EQ(apps::webhook_events().size(), all.size());
    for (const auto& [name, kind] : all) EXPECT_EQ(apps::webhook_event_name(kind), name);
    for (const what quiet : {what::watching, what::attached, what::confirmed, what::snapshot, what::handed_off, what::detached, what::stopped, what::spilled,
                             what::took_over})
        EXPECT_EQ(apps::webhook_event_name(quiet), "");
}

TEST(webhook, urls) {
    const auto full = at("https://ops.example.com:8443/flotilla/in?team=db&x=%20");
    EXPECT_EQ(full.server, (s3::server_address{true, "ops.example.com", 8443}));
    EXPECT_EQ(full.path, "/flotilla/in");
    EXPECT_EQ(full.query, "team=db&x=%20");
    const auto bare = at("http://[::1]");
    EXPECT_EQ(bare.server, (s3::server_address{false, "::1", 80}));
    EXPECT_EQ(bare.path, "/");
    EXPECT_EQ(at("https://h?q=1").path, "/");
    EXPECT_EQ(at("https://h?q=1").query, "q=1");
    for (const char* bad : {"", "ops.example.com/x", "ftp://h/x", "https://", "https:///x", "https://h:0/x", "https://user:pass@h/x", "https://h/a b", "https://h/\r\nx: y",
                            "https://h/gr\xc3\xbc\xc3\x9f", "https://h/x#part"})
        (void)refusal(bad);
    (void)refusal("https://h/" + std::string(3000, 'x'));
}

TEST(webhook, what_somebody_may_have_hidden_in_a_url_is_in_no_message) {
    for (const std::string bad : {"hooks.example.com/services/T0P-SECRET", "https://h:99999/services/T0P-SECRET", "https://T0P-SECRET:x@h/", "https://h/T0P-SECRET#x",
                                  "https://h/T0P-SECRET x"})
        EXPECT_THAT(refusal(bad), Not(HasSubstr("SECRET")));
    auto hook = at("https://h/services/T0P-SECRET?key=T0P-SECRET");
    hook.said = "f.toml:3";
    EXPECT_EQ(hook.name(), "webhook https://h (f.toml:3)");
}

TEST(webhook, the_body_tells_all_that_came_in_a_row) {
    const std::vector<apps::happening> some = {{1'795'507'200'123, {what::failing, "a \"b\".db", 17, "no\nroute"}}, {1'795'507'201'000, {what::failing, "c.db", 0, "x"}}};
    EXPECT_EQ(apps::webhook_body("00000000000000ff", "db7", some, 3),
              R"({"id":"00000000000000ff","event":"store_unreachable","time":"2026-11-24T08:00:00.123Z","host":"db7","dropped":3,"happened":[)"
              R"({"time":"2026-11-24T08:00:00.123Z","stream":"a \"b\".db","txid":17,"text":"no\u000aroute"},)"
              R"({"time":"2026-11-24T08:00:01.000Z","stream":"c.db","txid":0,"text":"x"}]})");
    const std::vector<apps::happening> whole = {{0, {what::disk_low, "", 0, "5 MiB left"}}};
    EXPECT_THAT(apps::webhook_body("1", "h", whole, 0), HasSubstr(R"("happened":[{"time":"1970-01-01T00:00:00.000Z","text":"5 MiB left"}])"));
}

// Against OpenSSL's own one-shot function, over the text that a receiver would put together.
TEST(webhook, the_signature_is_over_the_time_and_the_body) {
    const std::string key = "a secret of some length", body = R"({"a":1})", text = "1795507200." + body;
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
    const std::string expected = "sha256=" + s3::to_hex(io::byte_view(mac.data(), size));
    EXPECT_EQ(apps::webhook_signature(s3::secret(key), 1'795'507'200, body), expected);
    EXPECT_NE(apps::webhook_signature(s3::secret(key), 1'795'507'201, body), expected);

    auto hook = at("https://h:444/p?q=1");
    const auto unsigned_one = apps::webhook_request(hook, body, 1'795'507'200'999);
    EXPECT_EQ(s3::find_header(unsigned_one.headers, "x-flotilla-signature"), nullptr);
    hook.secret = s3::secret(key);
    const auto request = apps::webhook_request(hook, body, 1'795'507'200'999);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target(), "/p?q=1");
    EXPECT_EQ(io::text_of(request.body.view()), body);
    EXPECT_EQ(*s3::find_header(request.headers, "host"), "h:444");
    EXPECT_EQ(*s3::find_header(request.headers, "content-type"), "application/json");
    EXPECT_EQ(*s3::find_header(request.headers, "x-flotilla-timestamp"), "1795507200");
    EXPECT_EQ(*s3::find_header(request.headers, "x-flotilla-signature"), expected);
}

TEST(webhook, what_an_answer_means) {
    const io::result<void> fine;
    const io::result<void> lost = io::error{io::errc::io_failure, io::subject::store, "reset by peer"};
    const auto judge = [&](unsigned status, const io::result<void>& ended) { return apps::judge_webhook({status, {}}, ended, 0); };
    for (const unsigned status : {200U, 202U, 204U}) {
        EXPECT_EQ(judge(status, fine).what, verdict::delivered);
        EXPECT_EQ(judge(status, lost).what, verdict::delivered) << "only the status counts";
    }
    for (const unsigned status : {408U, 425U, 429U, 500U, 503U, 599U}) EXPECT_EQ(judge(status, fine).what, verdict::again) << status;
    for (const unsigned status : {301U, 307U, 400U, 401U, 404U, 410U}) EXPECT_EQ(judge(status, fine).what, verdict::refused) << status;
    EXPECT_THAT(judge(301, fine).why, HasSubstr("redirects are not followed"));
    EXPECT_EQ(judge(0, lost).what, verdict::again);
    EXPECT_EQ(judge(0, lost).why, "reset by peer");
    EXPECT_EQ(judge(100, lost).what, verdict::again);
    EXPECT_EQ(apps::judge_webhook({503, {{"Retry-After", "7"}}}, fine, 0).at_least, io::duration(std::chrono::seconds(7)));
    EXPECT_EQ(judge(503, fine).at_least, std::nullopt);
}

}  // namespace
