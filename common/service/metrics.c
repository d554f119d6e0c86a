#include "common/service/metrics.h"

#include "common/limits.h"
#include "common/service/process.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_SIZE = 48, BUCKETS_MAX = 16 };

// Who has a metric.
enum { INGRESS = 1, WORKER = 2, BOTH = INGRESS | WORKER };

// The label value that counts what comes after TG_METRIC_LABELS_MAX others.
static const char other[] = "other";

#define ROW(id, ...) [id] = {__VA_ARGS__},

static const struct {
    unsigned of;
    const char *name;
    const char *label;  // NULL: the counter has none
    const char *values; // with blanks between
    const char *help;
} counters[TG_COUNTERS] = {TG_COUNTER_TABLE(ROW)};

static const struct {
    unsigned of;
    const char *name;
    const char *help;
} gauges[TG_GAUGES] = {TG_GAUGE_TABLE(ROW)};

static const struct {
    const char *name;
    const char *label;
    const char *values;
    const char *help;
} figures[TG_FIGURES] = {TG_FIGURE_TABLE(ROW)};

// The upper bounds of the buckets, rising; 0 ends the list. +Inf follows by itself.
static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 0};
static const double database_bounds[] = {.001, .0025, .005, .01, .025, .05, .1,
                                         .25,  .5,    1,    2.5, 5,    10,  0};
static const double meta_bounds[] = {.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 0};
// With Prefer: wait it may be 30 s, and then some.
static const double request_bounds[] = {.001, .0025, .005, .01, .025, .05, .1, .25,
                                        .5,   1,     2.5,  5,   10,   30,  0};

static const struct {
    unsigned of;
    const char *name;
    const char *label; // NULL: it has none
    const char *help;
    const double *bounds; // at most BUCKETS_MAX
} histograms[TG_HISTOGRAMS] = {TG_HISTOGRAM_TABLE(ROW)};

// Whose metrics are told, and its name.
static struct {
    unsigned of;
    const char *service;
} self = {BOTH, NULL};

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

// The first ones are those of histograms without a label, in their order. The sum is kept in
// millionths, because integers can be added atomically in one step.
static struct {
    enum tg_histogram histogram;
    const char *method; // NULL: it has no label
    const char *path;
    _Atomic uint64_t buckets[BUCKETS_MAX + 1];
    _Atomic int64_t sum_millionths;
} observed[TG_HISTOGRAMS + TG_METRIC_SERIES_MAX];
// Raised after a series was written: who reads it may read that many.
static _Atomic size_t series_count = TG_HISTOGRAMS;

// What was told of figures.
static struct {
    bool known;
    size_t n;
    struct tg_figure_value values[TG_FIGURE_VALUES_MAX];
} told[TG_FIGURES];
static pthread_mutex_t told_mutex = PTHREAD_MUTEX_INITIALIZER;

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

void tg_figure_tell(enum tg_figure figure, const struct tg_figure_value *values, size_t n)
{
    assert(n <= TG_FIGURE_VALUES_MAX);
    pthread_mutex_lock(&told_mutex);
    told[figure].known = true;
    told[figure].n = n;
    memcpy(told[figure].values, values, n * sizeof *values);
    pthread_mutex_unlock(&told_mutex);
}

void tg_figure_forget(enum tg_figure figure)
{
    pthread_mutex_lock(&told_mutex);
    told[figure].known = false;
    pthread_mutex_unlock(&told_mutex);
}

static void observe(size_t series, enum tg_histogram histogram, double value)
{
    assert(value >= 0);
    const double *bounds = histograms[histogram].bounds;
    size_t bucket = 0;
    while (bounds[bucket] > 0 && value > bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&observed[series].buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&observed[series].sum_millionths, (int64_t)(value * 1e6),
                              memory_order_relaxed);
}

void tg_observe(enum tg_histogram histogram, double value)
{
    assert(!histograms[histogram].label);
    observe(histogram, histogram, value);
}

int tg_histogram_add(enum tg_histogram histogram, const char *method, const char *path)
{
    size_t series = atomic_load_explicit(&series_count, memory_order_relaxed);
    assert(histograms[histogram].label && series < TG_HISTOGRAMS + TG_METRIC_SERIES_MAX);
    observed[series].histogram = histogram;
    observed[series].method = method;
    observed[series].path = path;
    atomic_store_explicit(&series_count, series + 1, memory_order_release);
    return (int)series;
}

void tg_observe_in(int series, double value)
{
    if (series >= 0)
        observe((size_t)series, observed[series].histogram, value);
}

static void render_head(struct tg_text *text, const char *name, const char *help, const char *type)
{
    tg_text_append_format(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

// In a label's value the format wants exactly these three escaped.
static void render_labelled(struct tg_text *text, const char *name, const char *key,
                            const char *label, int64_t value)
{
    tg_text_append_format(text, "%s{%s=\"", name, key);
    for (const char *c = label; *c; c++) {
        if (*c == '\n')
            tg_text_append_string(text, "\\n");
        else if (*c == '"' || *c == '\\')
            tg_text_append_format(text, "\\%c", *c);
        else
            tg_text_append(text, c, 1);
    }
    tg_text_append_format(text, "\"} %" PRId64 "\n", value);
}

static void render_counter(struct tg_text *text, enum tg_counter counter)
{
    const char *name = counters[counter].name;
    const char *key = counters[counter].label;
    render_head(text, name, counters[counter].help, "counter");
    uint64_t rest = atomic_load_explicit(&counts[counter].rest, memory_order_relaxed);
    if (!key) {
        tg_text_append_format(text, "%s %" PRIu64 "\n", name, rest);
        return;
    }
    size_t used = atomic_load_explicit(&counts[counter].used, memory_order_acquire);
    for (size_t i = 0; i < used; i++) {
        const struct labelled *value = &counts[counter].values[i];
        render_labelled(text, name, key, value->label,
                        (int64_t)atomic_load_explicit(&value->count, memory_order_relaxed));
    }
    if (rest > 0)
        render_labelled(text, name, key, other, (int64_t)rest);
}

// The next of the words between blanks; false: there is none any more.
static bool next_word(const char **words, char word[static LABEL_SIZE])
{
    size_t length = *words ? strcspn(*words, " ") : 0;
    if (length == 0)
        return false;
    assert(length < LABEL_SIZE);
    memcpy(word, *words, length);
    word[length] = '\0';
    *words += length + ((*words)[length] == ' ');
    return true;
}

static bool was_told(enum tg_figure figure, const char *label)
{
    for (size_t i = 0; i < told[figure].n; i++) {
        if (strcmp(told[figure].values[i].label, label) == 0)
            return true;
    }
    return false;
}

static void render_figure(struct tg_text *text, enum tg_figure figure)
{
    const char *name = figures[figure].name;
    const char *key = figures[figure].label;
    const char *known = figures[figure].values;
    char word[LABEL_SIZE];
    if (!told[figure].known)
        return;
    render_head(text, name, figures[figure].help, "gauge");
    for (size_t i = 0; i < told[figure].n; i++) {
        const struct tg_figure_value *value = &told[figure].values[i];
        if (key)
            render_labelled(text, name, key, value->label, value->value);
        else
            tg_text_append_format(text, "%s %" PRId64 "\n", name, value->value);
    }
    while (next_word(&known, word)) {
        if (!was_told(figure, word))
            render_labelled(text, name, key, word, 0);
    }
}

static void render_series(struct tg_text *text, size_t series, enum tg_histogram histogram)
{
    const char *name = histograms[histogram].name;
    const double *bounds = histograms[histogram].bounds;
    char label[160] = "";
    if (observed[series].method)
        snprintf(label, sizeof label, "%s=\"%s %s\"", histograms[histogram].label,
                 observed[series].method, observed[series].path);
    const char *comma = *label ? "," : "";
    uint64_t count = 0;
    size_t bucket = 0;
    for (; bounds[bucket] > 0; bucket++) {
        count += atomic_load_explicit(&observed[series].buckets[bucket], memory_order_relaxed);
        tg_text_append_format(text, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, label, comma,
                              bounds[bucket], count);
    }
    count += atomic_load_explicit(&observed[series].buckets[bucket], memory_order_relaxed);
    int64_t sum = atomic_load_explicit(&observed[series].sum_millionths, memory_order_relaxed);
    tg_text_append_format(text, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, label, comma,
                          count);
    const char *open = *label ? "{" : "";
    const char *close = *label ? "}" : "";
    tg_text_append_format(text, "%s_sum%s%s%s %.6f\n%s_count%s%s%s %" PRIu64 "\n", name, open,
                          label, close, (double)sum / 1e6, name, open, label, close, count);
}

static void render_histogram(struct tg_text *text, enum tg_histogram histogram)
{
    render_head(text, histograms[histogram].name, histograms[histogram].help, "histogram");
    if (!histograms[histogram].label)
        render_series(text, histogram, histogram);
    size_t count = atomic_load_explicit(&series_count, memory_order_acquire);
    for (size_t i = TG_HISTOGRAMS; i < count; i++) {
        if (observed[i].histogram == histogram)
            render_series(text, i, histogram);
    }
}

void tg_metrics_start(const char *service)
{
    self.of = strcmp(service, "ingress") == 0 ? INGRESS : WORKER;
    self.service = service;
    for (int i = 0; i < TG_COUNTERS; i++) {
        const char *known = counters[i].values;
        char word[LABEL_SIZE];
        while (next_word(&known, word))
            tg_count((enum tg_counter)i, word, 0);
    }
}

static void render_self(struct tg_text *text)
{
    render_head(text, "tollgate_build_info", "Which daemon this is, of which version.", "gauge");
    tg_text_append_format(text, "tollgate_build_info{service=\"%s\",version=\"%s\"} 1\n",
                          self.service, TOLLGATE_VERSION);
    tg_process_render(text);
}

void tg_metrics_render(struct tg_text *text)
{
    if (self.service)
        render_self(text);
    for (int i = 0; i < TG_COUNTERS; i++) {
        if (counters[i].of & self.of)
            render_counter(text, (enum tg_counter)i);
    }
    for (int i = 0; i < TG_GAUGES; i++) {
        if (!(gauges[i].of & self.of))
            continue;
        render_head(text, gauges[i].name, gauges[i].help, "gauge");
        tg_text_append_format(text, "%s %" PRId64 "\n", gauges[i].name,
                              atomic_load_explicit(&levels[i], memory_order_relaxed));
    }
    pthread_mutex_lock(&told_mutex);
    for (int i = 0; i < TG_FIGURES; i++)
        render_figure(text, (enum tg_figure)i);
    pthread_mutex_unlock(&told_mutex);
    for (int i = 0; i < TG_HISTOGRAMS; i++) {
        if (histograms[i].of & self.of)
            render_histogram(text, (enum tg_histogram)i);
    }
}
