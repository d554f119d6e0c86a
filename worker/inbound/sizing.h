// How many bodies to take at once: as many as TG_INBOUND_BYTES hold of those that came last.
#pragma once

#include <stddef.h>

struct sizing {
    size_t first; // so many while nothing is known of their size
    size_t max;   // so many next
};

// As many as the bytes allow of the largest, but one of each partition, or only some partitions
// would be read.
struct sizing sizing_begin(int partitions);

// After `n` bodies of so many bytes.
void sizing_note(struct sizing *sizing, size_t n, size_t bytes);
