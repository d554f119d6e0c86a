// What a thread waits for that has something to do when others say so. All functions but create and
// destroy are thread-safe.
#pragma once

#include <stdbool.h>

struct bell;

struct bell *bell_create(void);
void bell_destroy(struct bell *bell); // NULL is fine

void bell_ring(struct bell *bell);

// Waits until it has rung since the last time that this returned, or for `ms` milliseconds. Returns
// whether it has.
bool bell_wait(struct bell *bell, int ms);
