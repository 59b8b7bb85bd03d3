#include "tests/sim/restoring.h"

namespace sim {

io::task<io::result<restored>> restore_and_read(process& by, io::object_store& from, std::string stream, engine::restore_target at, std::string output) {
    engine::restore_request request;
    request.stream = std::move(stream);
    request.target = at;
    request.output = output;
    auto report = co_await engine::restore(by.env, from, request);
    if (!report) co_return report.error();
    restored out;
    out.txid = report->txid;
    const auto read = [&] {
        {
            sqlite db(output);
            out.found = read_state(db, true, out.broken);
        }
        for (const char* tail : {"", "-wal", "-shm"}) (void)by.files.remove(output + tail);
    };
    co_await by.pool(read);
    co_return out;
}

}  // namespace sim
