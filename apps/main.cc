#include <malloc.h>

#include "apps/program.h"

int main(int argc, char** argv) {
    // Buffers of megabytes come and go. glibc would keep them, in an arena for each thread: after one large transaction the process stays
    // several times as large as it needs to be. Its threshold, once set, no longer grows, and large blocks go back at once.
    ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
    ::mallopt(M_ARENA_MAX, 2);
    return apps::run_program(argc, argv);
}
