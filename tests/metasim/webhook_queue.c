#include "tests/metasim/webhook_queue.h"

#include <stdbool.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

void webhook_queue_finish(struct webhook_queue *queue)
{
    free(queue->entries);
    *queue = (struct webhook_queue){0};
}

static bool goes_before(const struct queued *one, const struct queued *other)
{
    if (one->due_ms != other->due_ms)
        return one->due_ms < other->due_ms;
    return one->number < other->number;
}

void webhook_queue_push(struct webhook_queue *queue, int64_t due_ms, struct series *series)
{
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? queue->capacity * 2 : FIRST_CAPACITY;
        queue->entries = reallocarray(queue->entries, queue->capacity, sizeof *queue->entries);
        if (!queue->entries)
            abort();
    }
    const struct queued entry = {due_ms, queue->pushed++, series};
    size_t at = queue->count++;
    while (at > 0 && goes_before(&entry, &queue->entries[(at - 1) / 2])) {
        queue->entries[at] = queue->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->entries[at] = entry;
}

int64_t webhook_queue_due_ms(const struct webhook_queue *queue)
{
    return queue->count > 0 ? queue->entries[0].due_ms : INT64_MAX;
}

struct series *webhook_queue_pop(struct webhook_queue *queue)
{
    if (queue->count == 0)
        return NULL;
    struct queued *entries = queue->entries;
    struct series *first = entries[0].series;
    const struct queued last = entries[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < queue->count && goes_before(&entries[child + 1], &entries[child]))
            child++;
        if (child >= queue->count || !goes_before(&entries[child], &last))
            break;
        entries[at] = entries[child];
        at = child;
    }
    entries[at] = last;
    return first;
}
