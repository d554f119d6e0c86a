#include "common/service/metrics.h"

#include "common/limits.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { LABEL_SIZE = 48, BUCKETS_MAX = 16 };

// The label value that counts what comes after TG_METRIC_LABELS_MAX others.
static const char other[] = "other";

#define ROW(id, ...) [id] = {__VA_ARGS__},

static const struct {
    const char *name;
    const char *label; // NULL: the counter has none
    const char *help;
} counters[TG_COUNTERS] = {TG_COUNTER_TABLE(ROW)};

static const struct {
    const char *name;
    const char *help;
} gauges[TG_GAUGES] = {TG_GAUGE_TABLE(ROW)};

// The upper bounds of the buckets, rising; 0 ends the list. +Inf follows by itself.
static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 0};
static const double database_bounds[] = {.001, .0025, .005, .01, .025, .05, .1,
                                         .25,  .5,    1,    2.5, 5,    10,  0};
static const double meta_bounds[] = {.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 0};

static const struct {
    const char *name;
    const char *help;
    const double *bounds; // at most BUCKETS_MAX
} histograms[TG_HISTOGRAMS] = {TG_HISTOGRAM_TABLE(ROW)};

// Values are only ever added to a counter, and `used` is raised after the label was written: who
// reads `used` may read that many labels without the lock.
struct labelled {
    char label[LABEL_SIZE];
    _Atomic uint64_t count;
};

static struct {
    _Atomic size_t used;
    struct labelled values[TG_METRIC_LABELS_MAX];
    _Atomic uint64_t rest; // without a label: the counter itself; with one: what counts as "other"
} counts[TG_COUNTERS];
static pthread_mutex_t new_label_mutex = PTHREAD_MUTEX_INITIALIZER;

static _Atomic int64_t levels[TG_GAUGES];

// The sum is kept in millionths, because integers can be added atomically in one step.
static struct {
    _Atomic uint64_t buckets[BUCKETS_MAX + 1];
    _Atomic int64_t sum_millionths;
} observed[TG_HISTOGRAMS];

static _Atomic uint64_t *find_value(enum tg_counter counter, const char *label)
{
    size_t used = atomic_load_explicit(&counts[counter].used, memory_order_acquire);
    for (size_t i = 0; i < used; i++) {
        if (strncmp(counts[counter].values[i].label, label, LABEL_SIZE - 1) == 0)
            return &counts[counter].values[i].count;
    }
    return strcmp(label, other) == 0 ? &counts[counter].rest : NULL;
}

static _Atomic uint64_t *add_value(enum tg_counter counter, const char *label)
{
    pthread_mutex_lock(&new_label_mutex);
    // Another thread may have added the same label since we looked.
    _Atomic uint64_t *count = find_value(counter, label);
    size_t used = atomic_load_explicit(&counts[counter].used, memory_order_relaxed);
    if (!count && used < TG_METRIC_LABELS_MAX) {
        struct labelled *value = &counts[counter].values[used];
        memcpy(value->label, label, strnlen(label, LABEL_SIZE - 1));
        count = &value->count;
        atomic_store_explicit(&counts[counter].used, used + 1, memory_order_release);
    }
    pthread_mutex_unlock(&new_label_mutex);
    return count ? count : &counts[counter].rest;
}

void tg_count(enum tg_counter counter, const char *label, uint64_t n)
{
    assert((label != NULL) == (counters[counter].label != NULL));
    _Atomic uint64_t *count = label ? find_value(counter, label) : &counts[counter].rest;
    if (!count)
        count = add_value(counter, label);
    atomic_fetch_add_explicit(count, n, memory_order_relaxed);
}

void tg_gauge_add(enum tg_gauge gauge, int64_t n)
{
    atomic_fetch_add_explicit(&levels[gauge], n, memory_order_relaxed);
}

void tg_gauge_set(enum tg_gauge gauge, int64_t value)
{
    atomic_store_explicit(&levels[gauge], value, memory_order_relaxed);
}

void tg_observe(enum tg_histogram histogram, double value)
{
    assert(value >= 0);
    const double *bounds = histograms[histogram].bounds;
    size_t bucket = 0;
    while (bounds[bucket] > 0 && value > bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&observed[histogram].buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&observed[histogram].sum_millionths, (int64_t)(value * 1e6),
                              memory_order_relaxed);
}

static void render_head(struct tg_text *text, const char *name, const char *help, const char *type)
{
    tg_text_append_format(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

// In a label's value the format wants exactly these three escaped.
static void render_labelled(struct tg_text *text, enum tg_counter counter, const char *label,
                            uint64_t count)
{
    tg_text_append_format(text, "%s{%s=\"", counters[counter].name, counters[counter].label);
    for (const char *c = label; *c; c++) {
        if (*c == '\n')
            tg_text_append_string(text, "\\n");
        else if (*c == '"' || *c == '\\')
            tg_text_append_format(text, "\\%c", *c);
        else
            tg_text_append(text, c, 1);
    }
    tg_text_append_format(text, "\"} %" PRIu64 "\n", count);
}

static void render_counter(struct tg_text *text, enum tg_counter counter)
{
    render_head(text, counters[counter].name, counters[counter].help, "counter");
    uint64_t rest = atomic_load_explicit(&counts[counter].rest, memory_order_relaxed);
    if (!counters[counter].label) {
        tg_text_append_format(text, "%s %" PRIu64 "\n", counters[counter].name, rest);
        return;
    }
    size_t used = atomic_load_explicit(&counts[counter].used, memory_order_acquire);
    for (size_t i = 0; i < used; i++) {
        const struct labelled *value = &counts[counter].values[i];
        render_labelled(text, counter, value->label,
                        atomic_load_explicit(&value->count, memory_order_relaxed));
    }
    if (rest > 0)
        render_labelled(text, counter, other, rest);
}

static void render_histogram(struct tg_text *text, enum tg_histogram histogram)
{
    const char *name = histograms[histogram].name;
    const double *bounds = histograms[histogram].bounds;
    render_head(text, name, histograms[histogram].help, "histogram");
    uint64_t count = 0;
    size_t bucket = 0;
    for (; bounds[bucket] > 0; bucket++) {
        count += atomic_load_explicit(&observed[histogram].buckets[bucket], memory_order_relaxed);
        tg_text_append_format(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[bucket],
                              count);
    }
    count += atomic_load_explicit(&observed[histogram].buckets[bucket], memory_order_relaxed);
    int64_t sum = atomic_load_explicit(&observed[histogram].sum_millionths, memory_order_relaxed);
    tg_text_append_format(text,
                          "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.6f\n%s_count %" PRIu64 "\n",
                          name, count, name, (double)sum / 1e6, name, count);
}

void tg_metrics_render(struct tg_text *text)
{
    for (int i = 0; i < TG_COUNTERS; i++)
        render_counter(text, (enum tg_counter)i);
    for (int i = 0; i < TG_GAUGES; i++) {
        render_head(text, gauges[i].name, gauges[i].help, "gauge");
        tg_text_append_format(text, "%s %" PRId64 "\n", gauges[i].name,
                              atomic_load_explicit(&levels[i], memory_order_relaxed));
    }
    for (int i = 0; i < TG_HISTOGRAMS; i++)
        render_histogram(text, (enum tg_histogram)i);
}
