#include "tests/sim/copy.h"

#include "io/file_system.h"

namespace sim {

namespace {

void copy_node(const inode& from, disk& to, const std::string& path) {
    int problem = 0;
    if (from.directory) {
        (void)to.make_directory(path);  // or it is there
        for (const auto& [name, below] : from.entries) copy_node(*below, to, io::join(path, name));
        return;
    }
    (void)to.remove(path);
    const disk::node made = to.open(path, true, true, problem);
    made->write(0, from.now.all());
    made->modified_ms = from.modified_ms;
}

}  // namespace

void copy_tree(const disk& from, disk& to, const std::string& path) {
    int problem = 0;
    const disk::node top = from.find(path, problem);
    if (!top) return;
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) (void)to.make_directory(path.substr(0, at));
    copy_node(*top, to, path);
    to.sync_everything();
}

void remove_tree(disk& on, const std::string& path) {
    int problem = 0;
    const disk::node top = on.find(path, problem);
    if (!top) return;
    const auto below = top->entries;  // a copy: it shrinks meanwhile
    for (const auto& [name, each] : below) remove_tree(on, io::join(path, name));
    (void)on.remove(path);
    on.sync_everything();
}

}  // namespace sim
