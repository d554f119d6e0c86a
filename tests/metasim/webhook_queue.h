// What waits for its time to be posted: a binary heap by that time, and among equals in the order
// in which they came. Zero-initialised is a valid empty queue. Not thread-safe: its owner locks.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct series;

struct webhook_queue {
    struct queued {
        int64_t due_ms;
        uint64_t number; // which push it was
        struct series *series;
    } * entries;
    size_t count;
    size_t capacity;
    uint64_t pushed;
};

// Frees the queue's memory; what it holds is its owner's to free before.
void webhook_queue_finish(struct webhook_queue *queue);

void webhook_queue_push(struct webhook_queue *queue, int64_t due_ms, struct series *series);

// When the first is due; INT64_MAX if there is none.
int64_t webhook_queue_due_ms(const struct webhook_queue *queue);

// Takes the first out; NULL if there is none.
struct series *webhook_queue_pop(struct webhook_queue *queue);
