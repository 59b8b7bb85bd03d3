#include "tests/sim/field.h"

#include <algorithm>

#include "engine/verifier.h"

namespace sim {

using namespace std::chrono_literals;

field::field(std::uint64_t seed, engine::stream_options how, std::uint64_t page_size)
    : all(seed), machine(all.add_host("machine")), desk(all.add_host("desk")), clerk(all.start(desk, "clerk")), server(all), engine(all, machine, around_, dice_), how_(how),
      dice_(all.stream("field")), rows_(all.stream("rows")) {
    around_.open_store = [this](process& who) -> io::task<io::result<std::unique_ptr<io::object_store>>> {
        co_return io::result<std::unique_ptr<io::object_store>>(std::make_unique<store>(server, who));
    };
    around_.settings = [this](const station&) {
        engine::options out;
        out.targets = {{engine::target::what::file, stream, path, how_}};
        out.state_directory = "/state";
        out.lock_directory = "/locks";
        out.who = "the engine of a test";
        out.sweep_interval = 10s;
        return out;
    };
    around_.on_event = [this](station&, const engine::event& what) { events.push_back(what); };
    process& founder = all.start(machine, "founder");
    bool done = false;
    all.bodies.start(founder.id, [&] {
        if (!founder.files.make_directories("/data")) all.fail("no directory");
        {
            sqlite db(path);
            db.run(fmt::format("PRAGMA page_size={}; PRAGMA journal_mode=WAL", page_size));
            create_tables(db);
            std::string broken;
            committed.push_back(read_state(db, false, broken));
        }
        done = true;
    });
    all.run([&] { return done; }, 1min);
    machine.disk.sync_everything();
}

field::~field() {
    engine.retire();
    (void)engine.kill();
}

void field::begin_app(std::function<void(sqlite&)> body, bool& ended) {
    process& who = all.start(machine, "application");
    all.bodies.start(who.id, [body = std::move(body), &ended] {
        {
            sqlite db(path);
            db.run("PRAGMA synchronous=FULL");
            body(db);
        }
        ended = true;
    });
}

void field::app(const std::function<void(sqlite&)>& body) {
    bool ended = false;
    begin_app(body, ended);
    all.run([&] { return ended; }, 1h);
}

void field::commit(sqlite& db, std::uint64_t most_bytes) {
    db.run("BEGIN IMMEDIATE");
    for (std::uint64_t i = 1 + rows_.below(4); i != 0; --i) {
        const std::uint64_t row = 1 + rows_.below(60);
        const std::uint64_t seed = rows_.next() >> 1U;
        std::string hex;
        for (const char each : content_of(seed, most_bytes)) hex += fmt::format("{:02x}", static_cast<unsigned char>(each));
        db.run(rows_.chance(150) ? fmt::format("DELETE FROM t WHERE id={}", row) : fmt::format("INSERT OR REPLACE INTO t VALUES({}, {}, {}, x'{}')", row, seed, most_bytes, hex));
    }
    db.run(fmt::format("UPDATE last SET id={}", (rows_.next() >> 1U) | 1U));
    std::string broken;
    const state next = read_state(db, false, broken);
    db.run("COMMIT");
    committed.push_back(next);
}

void field::commits(int count, std::uint64_t most_bytes) {
    app([&](sqlite& db) {
        for (int i = 0; i < count; ++i) commit(db, most_bytes);
    });
}

state field::live() {
    state out;
    std::string broken;
    app([&](sqlite& db) { out = read_state(db, true, broken); });
    if (!broken.empty()) all.fail(broken);
    return out;
}

void field::watch() {
    engine.start();
    all.run([this] { return engine.is_watching(); }, 5min);
}

void field::pass(io::duration how_long) {
    all.run([this, until = all.loop.now() + how_long] { return all.loop.now() >= until; }, how_long + 1h);
}

std::uint64_t field::ask(std::function<io::task<io::result<std::uint64_t>>(engine::engine&)> what) {
    const io::instant until = all.loop.now() + 10min;
    while (true) {
        all.run([this] { return engine.is_watching() && engine.is_alive() && engine.engine() != nullptr; }, 5min);
        std::optional<io::result<std::uint64_t>> answer;
        engine.ask([&](engine::engine& of) -> io::task<void> { answer = co_await what(of); });
        all.run([&] { return answer.has_value(); }, 10min);
        if (*answer) return **answer;
        // A stream that is not in step with its database yet.
        if (answer->error().code != io::errc::canceled || all.loop.now() > until) all.fail(answer->error().context);
        pass(1s);
    }
}

field::restored field::restore(engine::restore_target at) {
    restored out;
    const auto work = [&]() -> io::task<void> {
        store client(server, clerk);
        engine::restore_request request;
        request.stream = stream;
        request.target = at;
        request.output = "/restored.db";
        const auto report = co_await engine::restore(clerk.env, client, request);
        if (!report) {
            out.problem = report.error().context;
            out.about = report.error().about;
            co_return;
        }
        out.txid = report->txid;
        const auto read = [&] {
            {
                sqlite db("/restored.db");
                out.found = read_state(db, true, out.problem);
            }
            for (const char* tail : {"", "-wal", "-shm"}) (void)clerk.files.remove(std::string("/restored.db") + tail);
        };
        co_await clerk.pool(read);
    };
    all.run(clerk, work(), 1h);
    return out;
}

std::ptrdiff_t field::place_of(const state& one) const {
    const auto at = std::find(committed.begin(), committed.end(), one);
    return at == committed.end() ? -1 : at - committed.begin();
}

std::string field::verify() {
    std::string out;
    const auto work = [&]() -> io::task<void> {
        store client(server, clerk);
        const auto report = co_await engine::verify(clerk.env, client, stream, {});
        if (!report) {
            out = report.error().context;
            co_return;
        }
        for (const auto& each : report->findings) if (each.how == engine::finding::severity::doubt) out += each.key + ": " + each.text + "\n";
    };
    all.run(clerk, work(), 1h);
    return out;
}

std::vector<std::string> field::objects(unsigned level) const {
    const std::string prefix = fmt::format("{}/{:04x}/", stream, level);
    std::vector<std::string> out;
    for (const auto& [key, object] : server.objects) if (key.starts_with(prefix)) out.push_back(key);
    return out;
}

std::size_t field::count(engine::event::what kind) const {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [kind](const auto& one) { return one.kind == kind; }));
}

}  // namespace sim
