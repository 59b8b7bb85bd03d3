// What a seed makes of the network and of the S3 server behind it.
#pragma once

#include <string>

#include "tests/sim/prng.h"
#include "tests/sim/scenario.h"

namespace sim {

// The store is reached by HTTP: latency, bandwidth and accidents of the wires, habits of the server, the client's patience.
void draw_network(scenario& to, prng& dice);
// One database instead of all, which comes to 10 MB or more: its snapshots are uploaded in parts.
void grow_large(scenario& to, prng& dice);
// Some of store_fault, each with a rate of its own.
void draw_store_faults(scenario& to, prng& dice);
std::string network_words(const scenario& of);

}  // namespace sim
