#include "tests/metasim/counters.h"

#include "tests/metasim/sim_limits.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16 };

struct counter {
    struct counter *next;
    int64_t number;
    char key[];
};

void counters_init(struct counters *counters)
{
    *counters = (struct counters){.buckets = calloc(BUCKETS, sizeof(struct counter *))};
    if (!counters->buckets)
        abort();
}

void counters_finish(struct counters *counters)
{
    counters_clear(counters);
    free(counters->buckets);
    counters->buckets = NULL;
}

uint64_t counters_hash(const char *key)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (const char *c = key; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3U;
    return hash ^ (hash >> 32);
}

int64_t *counters_at(struct counters *counters, const char *key)
{
    struct counter **bucket = &counters->buckets[counters_hash(key) % BUCKETS];
    for (struct counter *counter = *bucket; counter; counter = counter->next) {
        if (strcmp(counter->key, key) == 0)
            return &counter->number;
    }
    if (counters->count == SIM_COUNTERS_MAX) {
        counters->overflow = 0;
        return &counters->overflow;
    }
    size_t size = strlen(key) + 1;
    struct counter *counter = malloc(sizeof *counter + size);
    if (!counter)
        abort();
    counter->next = *bucket;
    counter->number = 0;
    memcpy(counter->key, key, size);
    *bucket = counter;
    counters->count++;
    return &counter->number;
}

void counters_clear(struct counters *counters)
{
    if (counters->count == 0)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct counter *counter = counters->buckets[i];
        counters->buckets[i] = NULL;
        while (counter) {
            struct counter *next = counter->next;
            free(counter);
            counter = next;
        }
    }
    counters->count = 0;
}
