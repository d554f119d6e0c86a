// Answers that come later: connections that wait, suspended, for their time or for ever, and the
// one thread that wakes them. Knows nothing of HTTP.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

// One waiting connection; memory of its owner, in nobody else's hands between delay_hold and
// waking.
struct delay_entry {
    TAILQ_ENTRY(delay_entry) link;
    int64_t due_ms;
    bool forever;
    uint64_t ticket; // what delay_release knows it by; 0: nothing
    int fd;
    void *owner;
};

struct delay;

// `wake` is called for each entry, once, from the delay's own thread or from one that is in
// delay_hold, delay_release, delay_release_forever or delay_close; the entry may be gone when it
// returns.
struct delay *delay_create(void (*wake)(void *owner));

// Wakes the entry in `after_ms`; with `forever` not before its client has closed `fd` (looked at
// once a second), or delay_release_forever. Once closed, at once. Thread-safe.
void delay_hold(struct delay *delay, struct delay_entry *entry, int64_t after_ms, bool forever);

// Wakes the entry with this ticket, which is not 0, if it still waits. Costs a walk over all that
// wait. Thread-safe.
void delay_release(struct delay *delay, uint64_t ticket);

// Wakes all that wait for ever. Thread-safe.
void delay_release_forever(struct delay *delay);

// Wakes everything and lets nothing wait any more. From one thread, once.
void delay_close(struct delay *delay);

// After delay_close, when no other thread can call in. Accepts NULL.
void delay_destroy(struct delay *delay);
