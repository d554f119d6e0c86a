// Message ids as Meta makes them: "wamid." and base64 of the recipient and a number of its own.
#pragma once

#include "tests/metasim/sim_limits.h"

#include <stdatomic.h>
#include <stdint.h>

// Prefix, base64 of 28 bytes and the recipient, NUL.
enum { WAMID_SIZE = 6 + (28 + SIM_RECIPIENT_SIZE) * 4 / 3 + 8 };

struct wamids {
    uint32_t run; // random, so that the ids of two runs of the simulator differ
    atomic_uint_fast64_t last;
};

void wamids_init(struct wamids *wamids);

// A serial number that no other message of this run has; never 0. Thread-safe.
uint64_t wamids_next(struct wamids *wamids);

// The wamid that belongs to a serial number and a recipient, always the same. Thread-safe.
void wamids_write(const struct wamids *wamids, uint64_t serial, const char *recipient,
                  char wamid[static WAMID_SIZE]);
