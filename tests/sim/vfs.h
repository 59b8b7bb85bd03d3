// SQLite on simulated disks: a VFS, the default one while a world exists, so that the engine, the application and every checker open their
// databases as they always do and get the file of that name on the disk of the process that runs. Locks, shared memory and lost locks are
// as the unix VFS has them. Every call may give way to others, xSleep does; time and randomness are the world's.
#pragma once

namespace sim {

class world;

// SQLite's own generator begins anew from the world's seed.
void enter_world(world& now);
void leave_world();

}  // namespace sim
