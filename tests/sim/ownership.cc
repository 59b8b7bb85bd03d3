#include "tests/sim/ownership.h"

#include <algorithm>

#include "io/hex.h"
#include "tests/sim/hash_bytes.h"

namespace sim {

namespace {

// Hosts' clocks differ by a few per cent: a lease has certainly not passed before this much of it, and certainly has after that much.
constexpr int least_percent = 90;
constexpr int most_percent = 110;
constexpr std::string_view hosts_below = ".flotilla/hosts/";

// What follows `"name":"` in a document, up to the next quote.
std::string field(const io::bytes& document, std::string_view name) {
    const std::string_view text = io::text_of(document);
    const std::string begin = fmt::format("\"{}\":\"", name);
    const std::size_t at = text.find(begin);
    if (at == std::string_view::npos) return {};
    const std::size_t from = at + begin.size();
    return std::string(text.substr(from, text.find('"', from) - from));
}

// The parts of a key, from its end: "<stream>/<folder>/<name>.<ending>".
struct parts {
    std::string stream, folder, name;
    explicit parts(const std::string& key) {
        const std::size_t last = key.rfind('/');
        const std::size_t before = last == std::string::npos || last == 0 ? std::string::npos : key.rfind('/', last - 1);
        if (before == std::string::npos) return;
        stream = key.substr(0, before);
        folder = key.substr(before + 1, last - before - 1);
        name = key.substr(last + 1, key.rfind('.') - last - 1);
    }
};

}  // namespace

void ownership::on_put(const process& by, const std::string& key, const io::bytes& data) {
    const io::instant now = all_.loop.now();
    if (key.starts_with(hosts_below)) {
        const parts of(key);
        if (const std::size_t dash = of.name.find('-'); dash != std::string::npos) identities_[by.id] = of.name.substr(0, dash);
        return;
    }
    const parts of(key);
    if (of.folder != "0000") return;
    sent_[key].emplace(by.machine.name, hash_bytes(data));
    const auto shown = shown_.find(by.id);
    if (shown == shown_.end()) return broken(of.stream, "an engine ships that has never shown itself");
    if (now - shown->second <= lease(most_percent)) return;
    const auto listed = listed_.find({by.id, of.stream + "/owner/"});
    if (listed != listed_.end() && listed->second >= shown->second + lease(least_percent)) return;
    broken(of.stream, fmt::format("process {} could not show itself for longer than a lease, and puts without having looked for the owner", by.id));
}

void ownership::on_heard(const process& by, const std::string& key, io::instant sent) {
    if (key == fmt::format("{}{}.json", hosts_below, identities_[by.id])) shown_[by.id] = sent;
}

void ownership::on_listed(const process& by, const std::string& prefix) {
    if (prefix.ends_with("/owner/")) listed_[{by.id, prefix}] = all_.loop.now();
}

void ownership::on_written(const std::string& key, const store_server::object& what) {
    const parts of(key);
    if (key.starts_with(hosts_below)) {
        const std::size_t dash = of.name.find('-');
        if (dash != std::string::npos) on_session(of.name.substr(0, dash), *what.by);
        else if (field(what.data, "look") == io::hex16(0)) on_beat(of.name, what);
        return;
    }
    const std::string number = of.name.substr(of.name.find('-') + 1);
    const std::uint64_t last = io::parse_hex16(number).value_or(0);
    if (of.folder == "owner") on_record(of.stream, last, what);
    if (of.folder == "0000" || of.folder == "0009") on_object(of.stream, last, what);
}

void ownership::on_session(const std::string& who, const process& by) {
    writer& one = writers_[who];
    const bool has_shown = one.shown != io::instant();
    if (has_shown && one.newest != &by.machine && !takes_over_(by.machine) && !may_claim(one, by)) {
        broken(who, fmt::format("{} goes on as it, although {} has shown itself within its lease ever since", by.machine.name, one.newest->name));
    }
    one.hosts.insert(&by.machine);
    one.newest = &by.machine;
}

void ownership::on_beat(const std::string& who, const store_server::object& what) {
    writer& one = writers_[who];
    const io::instant now = all_.loop.now();
    if (one.ended || now - one.shown >= lease(least_percent)) one.silences.push_back({one.shown, now, one.ended});
    one.shown = now;
    one.ended = io::text_of(what.data).find("\"ended\":true") != std::string_view::npos;
}

// Whether who watched from the beginning of that process can have found the owner dead at some time.
bool ownership::may_claim(const writer& from, const process& by) const {
    const auto seen = [&](const writer::silence& one) {
        return one.to >= by.born && (one.ended || one.to - std::max(one.from, by.born) >= lease(least_percent));
    };
    return seen({from.shown, all_.loop.now(), from.ended}) || std::any_of(from.silences.begin(), from.silences.end(), seen);
}

void ownership::on_record(const std::string& name, std::uint64_t epoch, const store_server::object& what) {
    stream& of = streams_[name];
    const process& by = *what.by;
    const record mine{field(what.data, "writer"), &by.machine};
    all_.note("{}: epoch {} is claimed by {} of {}", name, epoch, mine.writer, by.machine.name);
    if (!of.records.empty()) {
        const auto& [newest, last] = *of.records.rbegin();
        if (epoch <= newest) broken(name, fmt::format("epoch {} is claimed when there is {}", epoch, newest));
        if (last.writer != mine.writer && !takes_over_(by.machine) && !may_claim(writers_[last.writer], by)) {
            broken(name, fmt::format("{} claims it although the owner, {}, has shown itself within its lease ever since", by.machine.name, last.by->name));
        }
    }
    of.records[epoch] = mine;
    if (of.objects.empty() || takes_over_(by.machine)) return;
    if (of.objects.rbegin()->second.by != &by.machine && newest_of(name, by.machine) != 0) {
        broken(name, fmt::format("{} takes it back by itself, although another copy has gone on since", by.machine.name));
    }
}

void ownership::on_object(const std::string& name, std::uint64_t txid, const store_server::object& what) {
    constexpr std::size_t node_id = 72;  // in an LTX header
    stream& of = streams_[name];
    if (of.objects.contains(txid)) return;  // a snapshot of a TXID that was there
    const host& by = what.by->machine;
    const std::uint64_t epoch = io::load_big<std::uint64_t>(what.data.data() + node_id);
    const auto say = [&](std::string_view why) { broken(name, fmt::format("TXID {}, of epoch {} and by {}: {}", txid, epoch, by.name, why)); };
    const auto record = of.records.find(epoch);
    if (record == of.records.end()) return say("nobody has claimed that epoch");
    if (!writers_[record->second.writer].hosts.contains(&by)) say("the epoch is another host's");
    if (!of.objects.empty() && txid <= of.objects.rbegin()->first) say("a later one was there before");
    if (!of.objects.empty() && epoch < of.objects.rbegin()->second.epoch) say("the one before is of a newer epoch");
    if (epoch < of.in_step) say("another host was in step under a newer epoch");
    auto& writers = of.writers[epoch];
    const bool before = std::find(writers.begin(), writers.end(), &by) != writers.end();
    if (before && writers.back() != &by) say("two hosts take turns in one epoch");
    if (!before) writers.push_back(&by);
    of.objects[txid] = {epoch, &by};
}

void ownership::on_attached(const process& by, const std::string& name) {
    stream& of = streams_[name];
    for (const auto& [epoch, record] : of.records) {
        if (writers_[record.writer].hosts.contains(&by.machine)) of.in_step = std::max(of.in_step, epoch);
    }
}

const host* ownership::newest_writer(const std::string& name) const {
    const auto at = streams_.find(name);
    return at == streams_.end() || at->second.objects.empty() ? nullptr : at->second.objects.rbegin()->second.by;
}

bool ownership::has_sent(const std::string& name, std::uint64_t txid, const host& by, std::uint64_t hash) const {
    const auto at = sent_.find(fmt::format("{}/0000/{:016x}-{:016x}.ltx", name, txid, txid));
    return at != sent_.end() && at->second.contains({by.name, hash});
}

std::uint64_t ownership::newest_of(const std::string& name, const host& by) const {
    const auto at = streams_.find(name);
    if (at == streams_.end()) return 0;
    const auto& all = at->second.objects;
    const auto last = std::find_if(all.rbegin(), all.rend(), [&](const auto& one) { return one.second.by == &by; });
    return last == all.rend() ? 0 : last->first;
}

}  // namespace sim
