#include "tests/sim/petitioners.h"

#include <boost/asio/co_spawn.hpp>

#include "tests/sim/request_draws.h"

namespace sim {

using namespace std::chrono_literals;

namespace {

constexpr io::duration asked_every = 200ms;
constexpr io::duration answered_within = 1min;  // when nothing fails
constexpr const char* nobodys = "nobody's";     // no such stream

constexpr std::string_view words(engine::request_box::kind what) {
    using kind = engine::request_box::kind;
    return what == kind::snapshot ? "snapshot" : what == kind::sync ? "sync" : what == kind::retry ? "retry" : "compare";
}

bool is_of_comparison(const engine::event& e) { return e.kind == engine::event::what::corruption && e.text.find("pages of the live database") != std::string::npos; }

}  // namespace

petitioners::petitioners(world& in, station& of, const scenario& what, std::vector<std::string> streams, books held)
    : all_(in), of_(of), what_(what), streams_(std::move(streams)), held_(std::move(held)), dice_(in.stream("petitioners")) {}

void petitioners::begin() {
    if (what_.asking == 0) return;
    asking_ = true;
    somebody_asks();
}

void petitioners::somebody_asks() {
    all_.loop.at(all_.loop.now() + asked_every, the_world, [this] {
        if (!asking_) return;
        somebody_asks();
        if (!dice_.chance(what_.asking)) return;
        const auto what = static_cast<kind>(dice_.below(4));
        const bool unknown = dice_.chance(20);
        const bool heard = nothing_fails(what_) && of_.is_watching();
        const io::duration patience = heard ? answered_within : std::chrono::milliseconds(200 + dice_.below(dice_.chance(500) ? 2000 : 20'000));
        process& who = all_.start(of_.machine(), fmt::format("flotilla {}", words(what)));
        (void)send(what, unknown ? nobodys : streams_[dice_.below(streams_.size())], patience, heard, who);
        if (!heard && dice_.chance(80)) all_.loop.at(all_.loop.now() + std::chrono::milliseconds(dice_.below(3000)), the_world, [this, &who] { all_.kill(who); });
    });
}

std::shared_ptr<petitioners::petition> petitioners::send(kind what, const std::string& stream, io::duration patience, bool heard, process& who) {
    const std::uint64_t order = stream == nobodys ? 0 : held_.writer_of(stream).truth().newest_committed();
    auto one = std::make_shared<petition>(petition{what, stream, order, heard, std::nullopt});
    boost::asio::co_spawn(who.env.on, wait(who, one, patience), [](std::exception_ptr thrown) { if (thrown) std::rethrow_exception(thrown); });
    return one;
}

io::task<void> petitioners::wait(process& who, std::shared_ptr<petition> one, io::duration patience) {
    auto answer = co_await engine::ask(who.env, "/state", one->what, one->stream, patience);
    all_.note("{} of {}: {}", words(one->what), one->stream, answer ? fmt::format("TXID {} {}", answer->txid, answer->text) : std::string(io::name(answer.error().code)));
    if (!answer) all_.history.remark(all_.loop.now(), answer.error().context);
    one->answer = std::move(answer);
    judge_answer(*one);
    all_.loop.post(the_world, [this, &who] { all_.kill(who); });
}

void petitioners::judge_answer(const petition& one) {
    const auto wrong = [&](const std::string& why) { all_.fail_soon(fmt::format("{} of {}: {}", words(one.what), one.stream, why)); };
    const answered& answer = *one.answer;
    if (one.stream == nobodys) {
        if (answer) return wrong("nobody follows it, and the answer is a TXID");
        if (one.heard && answer.error().about != io::subject::usage) return wrong("nobody follows it, and the answer is " + answer.error().context);
        return;
    }
    if (!answer) {
        if (answer.error().about == io::subject::usage) return wrong("is refused: " + answer.error().context);
        const bool at_fault = answer.error().about == io::subject::integrity && one.stream != flipped_;
        if (at_fault) return wrong("somebody is blamed, and everything is sound: " + answer.error().context);
        if (one.heard && one.stream != flipped_) return wrong("nothing fails, and the answer is " + answer.error().context);
        return;
    }
    const chain stored = held_.chain_of(one.stream);
    if (answer->txid != 0 && !stored.checksum_of(answer->txid)) return wrong(fmt::format("TXID {} is the answer, and no object in the store ends with it", answer->txid));
    if (one.what == kind::snapshot && !stored.has_snapshot(answer->txid)) return wrong(fmt::format("TXID {} is the answer, and there is no snapshot of it", answer->txid));
    if (one.what == kind::compare) judge_comparison(one, stored);
    if (one.what != kind::retry) held_.promised(one.stream, answer->txid, one.order);
}

void petitioners::judge_comparison(const petition& one, const chain& stored) {
    const auto wrong = [&](const std::string& why) { all_.fail_soon(fmt::format("compare of {}: {}", one.stream, why)); };
    const auto found = engine::live_comparison::parse((*one.answer)->txid, (*one.answer)->text);
    if (!found) return wrong("the answer makes no sense: " + (*one.answer)->text);
    if (!found->equal() && one.stream != flipped_) return wrong(fmt::format("a sound database is blamed for {} pages, the first is {}", found->differing, found->first.front()));
    if (found->equal() && found->checksum != stored.checksum_of(found->txid)) return wrong(fmt::format("it is said to be equal to TXID {}, whose database has another checksum", found->txid));
}

void petitioners::on_event(const engine::event& e) {
    if (e.kind == engine::event::what::reanchored) ++reanchored_[e.stream];
    if (!is_of_comparison(e)) return;
    ++corruptions_[e.stream];
    if (e.stream != flipped_) all_.fail_soon("a sound database is blamed: " + e.text);
}

petitioners::answered petitioners::ask(kind what, const std::string& stream) {
    process& who = all_.start(of_.machine(), fmt::format("flotilla {}", words(what)));
    const auto one = send(what, stream, answered_within + 2 * what_.sweep, true, who);
    all_.run([&] { return one->answer.has_value(); }, 10min);
    return *one->answer;
}

engine::request_box::reply petitioners::must_get(kind what, const std::string& stream) {
    const auto answer = ask(what, stream);
    if (!answer) all_.fail(fmt::format("{} of {}: nothing fails, and the answer is {}", words(what), stream, answer.error().context));
    return *answer;
}

engine::live_comparison petitioners::compare(const std::string& stream) {
    const auto answer = must_get(kind::compare, stream);
    return *engine::live_comparison::parse(answer.txid, answer.text);
}

}  // namespace sim
