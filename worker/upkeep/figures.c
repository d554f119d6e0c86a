#include "worker/upkeep/figures.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/redis/stream_group.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/store/figures.h"
#include "common/streams/job.h"
#include "common/streams/webhook.h"

#include <stdlib.h>
#include <string.h>

enum {
    INTERVAL_MS = 10 * 1000,
    // Between two looks whether the janitor acts.
    LOOK_MS = 500,
    STATEMENT_MS = 1000,
    AFTER_TIMEOUT_MS = 5 * 60 * 1000,
    NO_AGES = TG_FIGURES,
};

// What PostgreSQL is asked for, and which figures say it.
static const struct source {
    const char *name;
    enum tg_figure number;
    int age; // NO_AGES: it is not told
} sources[] = {
    {"outbox", TG_OUTBOX, TG_OUTBOX_AGE},
    {"unconfirmed", TG_UNCONFIRMED, TG_UNCONFIRMED_AGE},
    {"alerts", TG_ALERTS, NO_AGES},
    {"paused_channels", TG_PAUSED, NO_AGES},
    {"dead_letters", TG_LETTERS, NO_AGES},
    {"open_tokens", TG_OPEN_TOKENS, NO_AGES},
    {"untold_events", TG_UNTOLD, TG_UNTOLD_AGE},
};
enum { SOURCES = sizeof sources / sizeof *sources };

struct figures {
    const struct worker *worker;
    const atomic_bool *acting;
    pthread_t thread;
    // The thread's own.
    struct tg_pg *pg;
    struct tg_stream *sends;
    struct tg_stream *webhooks;
    long long next_ms;
    long long not_before_ms[SOURCES];
};

_Static_assert(sizeof((struct tg_figure_value *)NULL)->label ==
                   sizeof((struct tg_counted *)NULL)->label,
               "a label is a label");

static void tell(const struct source *source, const struct tg_counted *counted, size_t n)
{
    struct tg_figure_value numbers[TG_FIGURE_VALUES_MAX] = {0};
    struct tg_figure_value ages[TG_FIGURE_VALUES_MAX] = {0};
    for (size_t i = 0; i < n; i++) {
        memcpy(numbers[i].label, counted[i].label, sizeof numbers[i].label);
        memcpy(ages[i].label, counted[i].label, sizeof ages[i].label);
        numbers[i].value = counted[i].number;
        ages[i].value = counted[i].age_s;
    }
    tg_figure_tell(source->number, numbers, n);
    if (source->age != NO_AGES)
        tg_figure_tell((enum tg_figure)source->age, ages, n);
}

static void forget(const struct source *source)
{
    tg_figure_forget(source->number);
    if (source->age != NO_AGES)
        tg_figure_forget((enum tg_figure)source->age);
}

static void ask_postgresql(struct figures *figures)
{
    for (size_t i = 0; i < SOURCES && !stop_ordered(figures->worker->stop); i++) {
        struct tg_counted counted[TG_FIGURE_VALUES_MAX];
        size_t n = 0;
        if (tg_now_ms() < figures->not_before_ms[i])
            continue;
        enum tg_pg_status status =
            tg_store_list_figures(figures->pg, sources[i].name, counted, TG_FIGURE_VALUES_MAX, &n);
        if (status == TG_PG_OK)
            tell(&sources[i], counted, n);
        else
            forget(&sources[i]);
        if (status == TG_PG_RETRY || status == TG_PG_REFUSED)
            figures->not_before_ms[i] = tg_now_ms() + AFTER_TIMEOUT_MS;
    }
}

struct fill {
    long long entries;
    long long pending;
    long long age_ms;
};

static bool measure(struct tg_stream *stream, struct fill *fill)
{
    long long lengths[TG_PARTITIONS_MAX];
    *fill = (struct fill){0};
    bool known = tg_stream_lengths(stream, lengths) && tg_stream_pending(stream, &fill->pending);
    for (int i = 0; known && i < tg_stream_partitions(stream); i++) {
        long long age_ms = 0;
        fill->entries += lengths[i];
        known = tg_stream_oldest_age(stream, i, &age_ms);
        if (age_ms > fill->age_ms)
            fill->age_ms = age_ms;
    }
    return known;
}

static void tell_streams(enum tg_figure figure, int64_t sends, int64_t webhooks)
{
    tg_figure_tell(figure,
                   (const struct tg_figure_value[]){{"sends", sends}, {"webhooks", webhooks}}, 2);
}

static void ask_redis(struct figures *figures)
{
    struct fill sends;
    struct fill webhooks;
    if (!measure(figures->sends, &sends) || !measure(figures->webhooks, &webhooks)) {
        tg_figure_forget(TG_STREAM);
        tg_figure_forget(TG_STREAM_PENDING);
        tg_figure_forget(TG_STREAM_AGE);
        return;
    }
    tell_streams(TG_STREAM, sends.entries, webhooks.entries);
    tell_streams(TG_STREAM_PENDING, sends.pending, webhooks.pending);
    tell_streams(TG_STREAM_AGE, sends.age_ms / 1000, webhooks.age_ms / 1000);
}

static void look(struct figures *figures)
{
    if (!atomic_load(figures->acting)) {
        for (int i = 0; i < TG_FIGURES; i++)
            tg_figure_forget((enum tg_figure)i);
        figures->next_ms = 0;
    } else if (tg_now_ms() >= figures->next_ms) {
        ask_postgresql(figures);
        ask_redis(figures);
        figures->next_ms = tg_now_ms() + INTERVAL_MS;
    }
}

static void *run(void *argument)
{
    struct figures *figures = argument;
    const struct worker *worker = figures->worker;
    figures->pg = tg_pg_create_bounded(worker->settings->postgres_url, "tollgate-worker figures",
                                       STATEMENT_MS);
    figures->sends = worker_stream(worker, tg_job_work);
    figures->webhooks = worker_stream(worker, tg_webhook_work);

    while (!stop_wait(worker->stop, LOOK_MS))
        look(figures);

    tg_stream_destroy(figures->webhooks);
    tg_stream_destroy(figures->sends);
    tg_pg_destroy(figures->pg);
    return NULL;
}

struct figures *figures_start(const struct worker *worker, const atomic_bool *acting)
{
    struct figures *figures = tg_alloc(sizeof *figures);
    figures->worker = worker;
    figures->acting = acting;
    figures->thread = tg_service_thread("figures", run, figures);
    return figures;
}

void figures_stop(struct figures *figures)
{
    if (figures)
        pthread_join(figures->thread, NULL);
}

void figures_free(struct figures *figures)
{
    free(figures);
}
