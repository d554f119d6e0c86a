#include "tests/metasim/posts.h"

#include "tests/metasim/counters.h"
#include "tests/metasim/phone.h"
#include "tests/metasim/sim_limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUCKETS = 1 << 18 };

// A post stands in three chains: of all posts, and of one bucket of each index. Each is in the
// order of time, so that the oldest post of all is also the first of its buckets and leaves them at
// once.
enum chain { ALL, BY_RECIPIENT, BY_MESSAGE, CHAINS };

struct post {
    struct post *next[CHAINS];
    uint64_t number; // from 1 on
    int64_t time_ms;
    uint64_t wamid_serial;
    int code;
    short http_status;
    bool taken;
    const char *to;
    const char *recipient;
    const char *phone_number_id;
    char message[]; // and behind it the other strings
};

static struct post_chain *bucket(struct post_chain *index, const char *key)
{
    return &index[counters_hash(key) % BUCKETS];
}

static void append(struct post_chain *chain, enum chain which, struct post *post)
{
    if (chain->last)
        chain->last->next[which] = post;
    else
        chain->first = post;
    chain->last = post;
}

static void remove_first(struct post_chain *chain, enum chain which)
{
    chain->first = chain->first->next[which];
    if (!chain->first)
        chain->last = NULL;
}

static void remove_oldest(struct posts *posts)
{
    struct post *post = posts->all.first;
    remove_first(&posts->all, ALL);
    remove_first(bucket(posts->by_recipient, post->recipient), BY_RECIPIENT);
    remove_first(bucket(posts->by_message, post->message), BY_MESSAGE);
    free(post);
    posts->kept--;
}

void posts_init(struct posts *posts, const struct wamids *wamids)
{
    *posts = (struct posts){.wamids = wamids,
                            .by_recipient = calloc(BUCKETS, sizeof(struct post_chain)),
                            .by_message = calloc(BUCKETS, sizeof(struct post_chain))};
    if (!posts->by_recipient || !posts->by_message)
        abort();
    pthread_mutex_init(&posts->lock, NULL);
}

void posts_finish(struct posts *posts)
{
    posts_reset(posts);
    free(posts->by_recipient);
    free(posts->by_message);
    pthread_mutex_destroy(&posts->lock);
}

void posts_reset(struct posts *posts)
{
    pthread_mutex_lock(&posts->lock);
    while (posts->all.first)
        remove_oldest(posts);
    posts->forgotten = 0;
    pthread_mutex_unlock(&posts->lock);
}

// Copies a string to *at, and moves *at behind it.
static const char *keep(char **at, const char *string)
{
    char *copy = *at;
    *at = stpcpy(copy, string) + 1;
    return copy;
}

static struct post *make_post(const struct post_note *note)
{
    size_t size = strlen(note->message) + strlen(note->to) + strlen(note->recipient) +
                  strlen(note->phone_number_id) + 4;
    struct post *post = malloc(sizeof *post + size);
    if (!post)
        abort();
    *post = (struct post){.wamid_serial = note->wamid_serial,
                          .code = note->code,
                          .http_status = (short)note->http_status,
                          .taken = note->taken};
    char *at = stpcpy(post->message, note->message) + 1;
    post->to = keep(&at, note->to);
    post->recipient = keep(&at, note->recipient);
    post->phone_number_id = keep(&at, note->phone_number_id);
    return post;
}

void posts_add(struct posts *posts, const struct post_note *note)
{
    struct post *post = make_post(note);
    pthread_mutex_lock(&posts->lock);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    post->time_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
    if (posts->kept == SIM_POSTS_MAX) {
        remove_oldest(posts);
        posts->forgotten++;
    }
    post->number = posts->kept + posts->forgotten + 1;
    append(&posts->all, ALL, post);
    append(bucket(posts->by_recipient, post->recipient), BY_RECIPIENT, post);
    append(bucket(posts->by_message, post->message), BY_MESSAGE, post);
    posts->kept++;
    pthread_mutex_unlock(&posts->lock);
}

static void append_number_or_null(struct tg_text *out, const char *name, int number, bool present)
{
    if (present)
        tg_text_append_format(out, ",\"%s\":%d", name, number);
    else
        tg_text_append_format(out, ",\"%s\":null", name);
}

static void write_post(const struct post *post, const struct wamids *wamids, struct tg_text *out)
{
    tg_text_append_format(out, "{\"number\":%" PRIu64 ",\"time_ms\":%" PRId64 ",\"message\":",
                          post->number, post->time_ms);
    tg_text_append_json(out, post->message, strlen(post->message));
    tg_text_append_string(out, ",\"to\":");
    tg_text_append_json(out, post->to, strlen(post->to));
    tg_text_append_string(out, ",\"recipient\":");
    tg_text_append_json(out, post->recipient, strlen(post->recipient));
    tg_text_append_format(out, ",\"phone_number_id\":\"%s\",\"taken\":%s", post->phone_number_id,
                          post->taken ? "true" : "false");
    append_number_or_null(out, "http", post->http_status, post->http_status != 0);
    append_number_or_null(out, "code", post->code, post->code >= 0);
    if (post->wamid_serial == 0) {
        tg_text_append_string(out, ",\"wamid\":null}");
        return;
    }
    char wamid[WAMID_SIZE];
    wamids_write(wamids, post->wamid_serial, post->recipient, wamid);
    tg_text_append_format(out, ",\"wamid\":\"%s\"}", wamid);
}

void posts_write(struct posts *posts, const char *recipient, const char *message,
                 struct tg_text *out)
{
    TG_TEXT_AUTO list = {0};
    uint64_t count = 0;
    uint64_t taken = 0;
    char phone[SIM_PHONE_SIZE];
    if (recipient && phone_read(recipient, 0, phone))
        recipient = phone;
    pthread_mutex_lock(&posts->lock);
    enum chain which = message ? BY_MESSAGE : recipient ? BY_RECIPIENT : ALL;
    const struct post_chain *chain = &posts->all;
    if (which == BY_MESSAGE)
        chain = bucket(posts->by_message, message);
    else if (which == BY_RECIPIENT)
        chain = bucket(posts->by_recipient, recipient);
    for (const struct post *post = chain->first; post; post = post->next[which]) {
        if ((recipient && strcmp(post->recipient, recipient) != 0) ||
            (message && strcmp(post->message, message) != 0))
            continue;
        if (count < SIM_POSTS_LISTED_MAX) {
            if (count > 0)
                tg_text_append(&list, ",", 1);
            write_post(post, posts->wamids, &list);
        }
        count++;
        taken += post->taken;
    }
    pthread_mutex_unlock(&posts->lock);
    tg_text_append_format(out, "{\"count\":%" PRIu64 ",\"taken\":%" PRIu64 ",\"posts\":[", count,
                          taken);
    tg_text_append(out, list.data, list.length);
    tg_text_append_string(out, "]}");
}

void posts_write_log(struct posts *posts, uint64_t after, struct tg_text *out)
{
    pthread_mutex_lock(&posts->lock);
    tg_text_append_format(out, "{\"count\":%" PRIu64 ",\"posts\":[",
                          posts->kept + posts->forgotten);
    const struct post *post = posts->all.first;
    while (post && post->number <= after)
        post = post->next[ALL];
    for (int i = 0; post && i < SIM_LOG_LISTED_MAX; i++, post = post->next[ALL]) {
        if (i > 0)
            tg_text_append(out, ",", 1);
        write_post(post, posts->wamids, out);
    }
    pthread_mutex_unlock(&posts->lock);
    tg_text_append_string(out, "]}");
}

uint64_t posts_forgotten(struct posts *posts)
{
    pthread_mutex_lock(&posts->lock);
    uint64_t forgotten = posts->forgotten;
    pthread_mutex_unlock(&posts->lock);
    return forgotten;
}
