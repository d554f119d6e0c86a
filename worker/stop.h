// The order to stop, as the threads of the worker see it. Thread-safe.
#pragma once

#include <stdbool.h>

struct stop;

struct stop *stop_create(void);
void stop_destroy(struct stop *stop); // NULL is fine

// Tells them to stop.
void stop_order(struct stop *stop);

bool stop_ordered(struct stop *stop);

// Milliseconds since the order; -1 while there is none.
long long stop_age_ms(struct stop *stop);

// Waits for `ms` milliseconds, or until the order comes; with the order given it returns at once.
// Returns whether the order is given.
bool stop_wait(struct stop *stop, int ms);
