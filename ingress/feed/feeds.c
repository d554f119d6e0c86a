#include "ingress/feed/feeds.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/shares.h"
#include "common/limits.h"
#include "common/service/metrics.h"
#include "common/service/service.h"
#include "common/streams/job.h"
#include "ingress/http/answer.h"

#include <stdlib.h>
#include <string.h>

// A sign is awaited for at most so long at a time, so that deadlines are kept to about this.
enum { LISTEN_MS = 50 };

// Between two looks at the database. After a sign the pauses begin anew: what it is about may only
// be told once a transaction that began before has ended.
enum { LOOK_MIN_MS = 10, LOOK_MAX_MS = 1000 };

// How often is looked for clients that have left.
enum { LEFT_LOOK_MS = 1000 };

struct reader {
    struct reader *next;
    struct feeds *feeds;
    struct request *request;
    struct tg_feed feed; // its `after` points to the following
    char after[TG_EVENT_CURSOR_SIZE];
    long long deadline_ms;
    int place; // of its org
    bool has_news;
};

struct feeds {
    struct tg_stream *stream; // the thread's own
    struct pool *pool;
    pthread_t thread;
    pthread_mutex_t lock;
    bool closed;
    bool looking;             // a thread of the pool has who waits in hand
    struct tg_shares *places; // of those who wait, by org
    struct reader *readers;
};

// Nothing has come: the same again from there on.
static void answer_nothing(struct reader *reader)
{
    struct tg_text json = {0};
    tg_text_append_format(&json, "{\"events\" : [], \"next_after\" : \"%s\"}", reader->after);
    answer_json(reader->request, 200, &json);
    free(reader);
}

// Gives up its place.
static void leave(struct reader *reader)
{
    struct feeds *feeds = reader->feeds;
    pthread_mutex_lock(&feeds->lock);
    tg_shares_give(feeds->places, reader->place, 1);
    pthread_mutex_unlock(&feeds->lock);
    tg_gauge_add(TG_FEED_READERS, -1);
}

// On a thread of the pool.
static void answer_page(struct tg_pg *pg, void *context)
{
    struct reader *reader = context;
    struct tg_event_page page = {0};
    if (tg_store_list_events(pg, &reader->feed, &page) != TG_PG_OK) {
        answer_nothing(reader);
        return;
    }
    answer_json(reader->request, 200, &page.document);
    free(reader);
}

// Who has news is answered; who has waited long enough, or waits for nobody, too; the others wait
// on, but for those of a feed that is closed.
static void sort_out(struct feeds *feeds, struct reader *readers, bool looks_for_left)
{
    long long now_ms = tg_now_ms();
    while (readers) {
        struct reader *reader = readers;
        readers = reader->next;
        bool goes = reader->has_news || now_ms >= reader->deadline_ms ||
                    (looks_for_left && request_client_has_left(reader->request));
        pthread_mutex_lock(&feeds->lock);
        goes = goes || feeds->closed;
        if (!goes) {
            reader->next = feeds->readers;
            feeds->readers = reader;
        }
        pthread_mutex_unlock(&feeds->lock);
        if (!goes)
            continue;
        leave(reader);
        if (!reader->has_news ||
            pool_submit(feeds->pool, reader->feed.org_id, answer_page, reader) != TG_FAIR_ADDED)
            answer_nothing(reader);
    }
}

// The first of them (there is one), up to TG_BATCH_MAX, have news or not, and their cursors move
// on. Returns the next one.
static struct reader *look_at_some(struct tg_pg *pg, struct reader *readers)
{
    struct tg_feed asked[TG_BATCH_MAX];
    struct tg_feed_look looks[TG_BATCH_MAX];
    struct reader *reader = readers;
    size_t n = 0;
    do {
        asked[n++] = reader->feed;
        reader = reader->next;
    } while (reader && n < TG_BATCH_MAX);
    if (tg_store_look_at_feeds(pg, asked, n, looks) != TG_PG_OK)
        return NULL;
    reader = readers;
    for (size_t i = 0; i < n; i++, reader = reader->next) {
        reader->has_news = looks[i].has_news;
        if (!looks[i].has_news)
            memcpy(reader->after, looks[i].next_after, sizeof reader->after);
    }
    return reader;
}

static struct reader *take_all(struct feeds *feeds)
{
    struct reader *readers = feeds->readers;
    feeds->readers = NULL;
    return readers;
}

// On a thread of the pool.
static void look(struct tg_pg *pg, void *context)
{
    struct feeds *feeds = context;
    pthread_mutex_lock(&feeds->lock);
    struct reader *readers = take_all(feeds);
    pthread_mutex_unlock(&feeds->lock);
    for (struct reader *next = readers; next;)
        next = look_at_some(pg, next);
    sort_out(feeds, readers, false);
    pthread_mutex_lock(&feeds->lock);
    feeds->looking = false;
    pthread_mutex_unlock(&feeds->lock);
}

// If there is somebody to look for, and nobody looks yet.
static void begin_look(struct feeds *feeds)
{
    pthread_mutex_lock(&feeds->lock);
    bool begins = feeds->readers && !feeds->looking;
    if (begins)
        feeds->looking = true;
    pthread_mutex_unlock(&feeds->lock);
    if (!begins || pool_submit(feeds->pool, (struct tg_uuid){0}, look, feeds) == TG_FAIR_ADDED)
        return;
    pthread_mutex_lock(&feeds->lock);
    feeds->looking = false;
    pthread_mutex_unlock(&feeds->lock);
}

// Looks at the clock and at clients alone.
static void sweep(struct feeds *feeds, bool looks_for_left)
{
    pthread_mutex_lock(&feeds->lock);
    struct reader *readers = take_all(feeds);
    pthread_mutex_unlock(&feeds->lock);
    sort_out(feeds, readers, looks_for_left);
}

static bool is_closed(struct feeds *feeds)
{
    pthread_mutex_lock(&feeds->lock);
    bool closed = feeds->closed;
    pthread_mutex_unlock(&feeds->lock);
    return closed;
}

// When the database is asked next.
struct rhythm {
    int pause_ms;
    long long next_ms;
};

// Waits for a sign, but no longer than until the next look. False: it cannot be heard any more.
static bool listen_for(struct feeds *feeds, bool subscribed, struct rhythm *rhythm)
{
    char sign[8];
    long long left_ms = rhythm->next_ms - tg_now_ms();
    int wait_ms = left_ms < 1 ? 1 : left_ms < LISTEN_MS ? (int)left_ms : LISTEN_MS;
    int got = subscribed ? tg_stream_listen(feeds->stream, sign, sizeof sign, wait_ms) : -1;
    if (!subscribed)
        tg_sleep_ms(wait_ms);
    if (got > 0 && rhythm->pause_ms > LOOK_MIN_MS)
        *rhythm = (struct rhythm){LOOK_MIN_MS, tg_now_ms()};
    return got >= 0;
}

static void *run(void *argument)
{
    struct feeds *feeds = argument;
    bool subscribed = false;
    struct rhythm rhythm = {LOOK_MAX_MS, 0};
    long long next_sweep_ms = 0;
    long long next_left_ms = 0;
    while (!is_closed(feeds)) {
        if (!subscribed)
            subscribed = tg_job_subscribe_to_signs(feeds->stream);
        subscribed = listen_for(feeds, subscribed, &rhythm);
        long long now_ms = tg_now_ms();
        if (now_ms >= rhythm.next_ms) {
            begin_look(feeds);
            rhythm.next_ms = now_ms + rhythm.pause_ms;
            rhythm.pause_ms = rhythm.pause_ms < LOOK_MAX_MS / 2 ? 2 * rhythm.pause_ms : LOOK_MAX_MS;
        }
        if (now_ms >= next_sweep_ms) {
            sweep(feeds, now_ms >= next_left_ms);
            next_sweep_ms = now_ms + LISTEN_MS;
            next_left_ms = now_ms >= next_left_ms ? now_ms + LEFT_LOOK_MS : next_left_ms;
        }
    }
    return NULL;
}

struct feeds *feeds_start(const char *redis_url, int partitions, struct pool *pool)
{
    struct feeds *feeds = tg_alloc(sizeof *feeds);
    feeds->stream = tg_stream_create(redis_url, partitions, tg_job_work);
    feeds->pool = pool;
    feeds->places = tg_shares_create(TG_FEED_READERS_MAX, TG_FEED_READERS_MAX);
    pthread_mutex_init(&feeds->lock, NULL);
    feeds->thread = tg_service_thread("feeds", run, feeds);
    return feeds;
}

void feeds_stop(struct feeds *feeds)
{
    pthread_mutex_lock(&feeds->lock);
    feeds->closed = true;
    pthread_mutex_unlock(&feeds->lock);
    pthread_join(feeds->thread, NULL);
    sweep(feeds, false);
}

void feeds_free(struct feeds *feeds)
{
    if (!feeds)
        return;
    tg_shares_destroy(feeds->places);
    pthread_mutex_destroy(&feeds->lock);
    tg_stream_destroy(feeds->stream);
    free(feeds);
}

bool feeds_await(struct feeds *feeds, struct request *request, const struct tg_feed *feed,
                 int wait_ms)
{
    struct reader *reader = tg_alloc(sizeof *reader);
    *reader = (struct reader){
        .feeds = feeds, .request = request, .feed = *feed, .deadline_ms = tg_now_ms() + wait_ms};
    size_t length = strnlen(feed->after, sizeof reader->after - 1);
    memcpy(reader->after, feed->after, length);
    reader->feed.after = reader->after;
    pthread_mutex_lock(&feeds->lock);
    reader->place = feeds->closed ? TG_SHARES_GONE : tg_shares_take(feeds->places, feed->org_id, 1);
    bool room = reader->place >= 0;
    if (room) {
        tg_gauge_add(TG_FEED_READERS, 1);
        reader->next = feeds->readers;
        feeds->readers = reader;
    }
    pthread_mutex_unlock(&feeds->lock);
    if (!room)
        free(reader);
    return room;
}
