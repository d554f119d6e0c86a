#include "tests/metasim/stats.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static const char *const names[STATS] = {
    [STAT_REQUESTS] = "requests",       [STAT_TAKEN] = "taken",
    [STAT_RECEIPTS] = "receipts",       [STAT_CALLS] = "calls",
    [STAT_REFUSED] = "refused",         [STAT_UNAUTHORIZED] = "unauthorized",
    [STAT_CONNECTIONS] = "connections", [STAT_UPLOADS] = "uploads",
    [STAT_REUSED] = "reused",
};

void stats_init(struct stats *stats)
{
    *stats = (struct stats){.by_code = calloc(SIM_CODES, sizeof *stats->by_code)};
    if (!stats->by_code)
        abort();
}

void stats_finish(struct stats *stats)
{
    free(stats->by_code);
    stats->by_code = NULL;
}

void stats_reset(struct stats *stats)
{
    for (size_t i = 0; i < STATS; i++)
        atomic_store(&stats->counts[i], 0);
    for (size_t code = 0; code < SIM_CODES; code++) {
        // Written only where needed: the table's pages stay untouched, and so cost no memory.
        if (atomic_load_explicit(&stats->by_code[code], memory_order_relaxed) > 0)
            atomic_store(&stats->by_code[code], 0);
    }
    atomic_store(&stats->concurrent_max, atomic_load(&stats->concurrent));
}

void stats_count(struct stats *stats, enum stat stat)
{
    atomic_fetch_add_explicit(&stats->counts[stat], 1, memory_order_relaxed);
}

void stats_count_code(struct stats *stats, int code)
{
    assert(code >= 0 && code < SIM_CODES);
    atomic_fetch_add_explicit(&stats->by_code[code], 1, memory_order_relaxed);
}

void stats_request_began(struct stats *stats)
{
    int_fast64_t now = atomic_fetch_add(&stats->concurrent, 1) + 1;
    int_fast64_t max = atomic_load(&stats->concurrent_max);
    while (now > max && !atomic_compare_exchange_weak(&stats->concurrent_max, &max, now))
        ;
}

void stats_request_ended(struct stats *stats)
{
    atomic_fetch_sub(&stats->concurrent, 1);
}

void stats_write(struct stats *stats, struct tg_text *out)
{
    for (size_t i = 0; i < STATS; i++)
        tg_text_append_format(out, "\"%s\":%" PRIuFAST64 ",", names[i],
                              atomic_load(&stats->counts[i]));
    tg_text_append_format(out, "\"concurrent_max\":%" PRIdFAST64 ",\"by_code\":{",
                          atomic_load(&stats->concurrent_max));
    const char *separator = "";
    for (size_t code = 0; code < SIM_CODES; code++) {
        uint_fast32_t count = atomic_load_explicit(&stats->by_code[code], memory_order_relaxed);
        if (count == 0)
            continue;
        tg_text_append_format(out, "%s\"%zu\":%" PRIuFAST32, separator, code, count);
        separator = ",";
    }
    tg_text_append_string(out, "}");
}
