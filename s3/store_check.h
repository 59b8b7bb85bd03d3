// Whether a server does what the store relies on, found out by doing it: every operation once, and races on create-if-absent.
//
// Everything is written below <prefix>/.flotilla-check-<16 hex digits>/ and removed at the end. It takes about 300 requests and 25 MiB.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/environment.h"
#include "io/network.h"
#include "s3/client.h"
#include "s3/response.h"

namespace s3 {

struct check_result {
    std::string name;     // "create if absent"
    bool needed = false;  // the store relies on it; otherwise it is good to know
    bool passed = false;
    std::string note;     // what was seen: short if it passed, an error's context if not
};

class store_check {
public:
    // All but `where` and `settings` must outlive it.
    store_check(const io::environment& env, io::network& net, credentials_source& keys, store_url where, client_settings settings);

    // One check after the other; `report` gets each result when it is known. True if everything that is needed passed. An error, that
    // of the first request, if the bucket cannot be listed: then nothing was checked or written.
    io::task<io::result<bool>> run(std::function<void(const check_result&)> report);

private:
    using finding = io::result<std::string>;  // the note, or why it failed
    struct step;

    io::task<finding> put_and_get();
    io::task<finding> empty_objects();
    io::task<finding> ranges();
    io::task<finding> missing_objects();
    io::task<finding> create_if_absent();
    io::task<finding> create_if_absent_race();
    io::task<finding> odd_keys();
    io::task<finding> pages();
    io::task<finding> removal();
    io::task<finding> multipart();
    io::task<finding> multipart_abort();
    io::task<finding> batch_removal();
    io::task<finding> replace_if_match();
    io::task<finding> condition_on_completion();
    io::task<finding> wrong_secret();

    std::string key(std::string_view name) const { return root_ + std::string(name); }
    io::task<io::result<void>> put(std::string key, io::bytes data, write_condition condition = {});
    io::task<io::result<io::bytes>> get(std::string key, std::uint64_t offset, std::optional<std::uint64_t> length);
    io::task<io::result<list_page>> list(list_query query);
    io::task<io::result<std::string>> upload(std::string key, const std::vector<shared_bytes>& parts, std::vector<uploaded_part>& uploaded);
    io::task<io::result<void>> complete(std::string key, std::string id, std::vector<uploaded_part> parts, write_condition condition = {});
    io::task<void> abort(std::string key, std::string id);
    io::bytes some_bytes(std::size_t size);
    io::task<void> clear();

    const io::environment& env_;
    io::network& net_;
    credentials_source& keys_;
    store_url where_;
    client_settings settings_;
    client requests_;
    std::string root_;
};

}  // namespace s3
