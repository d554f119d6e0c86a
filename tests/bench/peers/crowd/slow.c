#include "common/base/memory.h"
#include "common/limits.h"
#include "tests/bench/peers/crowd/client.h"
#include "tests/bench/peers/crowd/crowd.h"

#include <stdio.h>
#include <string.h>

enum { TICK_MS = 10, OPENED_A_TICK = 20, STATUSES = 600 };

static const int64_t tick_us = TICK_MS * INT64_C(1000);

struct crowd {
    const struct crowd_options *options;
    const struct slow_kind *kind;
    struct client *clients;
    struct tg_text *openings; // of each client
    size_t next;              // whose turn it is
    unsigned long ends;       // of connections that stood
    unsigned long got[STATUSES];
};

// What a client sends first, and what it does then.
struct slow_kind {
    const char *name;
    void (*open)(struct tg_text *text, const struct crowd_options *options, size_t i);
    int drip_ms;  // it sends a byte more each so often; 0: nothing
    bool deaf;    // it takes no answer
    bool repeats; // after an answer it asks again
};

static void open_head(struct tg_text *text, const struct crowd_options *options, size_t i)
{
    (void)i;
    tg_text_append_format(text,
                          "GET /api/wallet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s1\r\n"
                          "X-More: ",
                          options->key);
}

// So many bytes of what announces twice as many. Of three one has a key, one has none, and one says
// that it is Meta.
static void open_body(struct tg_text *text, const struct crowd_options *options, size_t i)
{
    enum { BYTES = 50000 };
    static char filler[BYTES];
    memset(filler, 'a', sizeof filler);
    filler[0] = '"';
    tg_text_append_format(text,
                          "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                          "Content-Length: %d\r\n",
                          i % 3 == 2 ? "/webhook" : "/api/send-message", 2 * BYTES);
    if (i % 3 == 0)
        tg_text_append_format(text, "Authorization: Bearer %s1\r\n", options->key);
    if (i % 3 == 2)
        tg_text_append_format(text, "X-Hub-Signature-256: sha256=%064d\r\n", 0);
    tg_text_append_string(text, "\r\n");
    tg_text_append(text, filler, sizeof filler);
}

// Four times what is large, of one of nine orgs.
static void open_reader(struct tg_text *text, const struct crowd_options *options, size_t i)
{
    size_t org = 1 + i % 9;
    for (int n = 0; n < 4; n++)
        tg_text_append_format(
            text, "GET %s%zu HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s%zu\r\n\r\n",
            options->path, org, options->key, org);
}

static void open_waiter(struct tg_text *text, const struct crowd_options *options, size_t i)
{
    char body[80];
    int length = snprintf(body, sizeof body, "{\"phone\":\"9194%08zu\",\"message\":\"Hello\"}",
                          i % 100000000);
    tg_text_append_format(text,
                          "POST /api/send-message HTTP/1.1\r\nHost: x\r\nPrefer: wait=30\r\n"
                          "Content-Type: application/json\r\nAuthorization: Bearer %s1\r\n"
                          "Content-Length: %d\r\n\r\n%s",
                          options->key, length, body);
}

static const struct slow_kind kinds[] = {
    {"heads", open_head, 2000, false, false},
    {"bodies", open_body, 1000, false, false},
    {"readers", open_reader, 0, true, false},
    {"waiters", open_waiter, 0, false, true},
};

static const struct slow_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

bool slow_is_one(const char *kind)
{
    return find_kind(kind) != NULL;
}

static void on_answer(struct client *client, int status)
{
    struct crowd *crowd = client->owner;
    const struct tg_text *opening = &crowd->openings[client - crowd->clients];
    crowd->got[status >= 0 && status < STATUSES ? status : 0]++;
    if (crowd->kind->repeats)
        client_send(client, opening->data, opening->length, 1);
}

static void on_end(struct client *client)
{
    struct crowd *crowd = client->owner;
    crowd->ends++;
}

static void come(struct crowd *crowd, size_t i)
{
    struct client *client = &crowd->clients[i];
    const struct crowd_options *options = crowd->options;
    uint32_t address =
        options->addresses > 0 ? (uint32_t)(256 + i % (size_t)options->addresses) : 0;
    client_connect(client, address);
    if (client->socket >= 0)
        client_send(client, crowd->openings[i].data, crowd->openings[i].length, 1);
}

// Everybody has their turn once in drip_ms: one byte more, or a new connection.
static void tick(struct crowd *crowd)
{
    const size_t count = (size_t)crowd->options->count;
    size_t turns =
        1 + count * TICK_MS / (size_t)(crowd->kind->drip_ms > 0 ? crowd->kind->drip_ms : 1000);
    size_t opened = 0;
    for (size_t n = 0;
         n < count && n < (opened < OPENED_A_TICK ? count : turns) && opened < OPENED_A_TICK; n++) {
        size_t i = crowd->next++ % count;
        if (crowd->clients[i].socket < 0) {
            come(crowd, i);
            opened++;
        } else if (n < turns && crowd->kind->drip_ms > 0 && crowd->clients[i].connected &&
                   crowd->clients[i].unsent.length == 0) {
            client_send(&crowd->clients[i], "a", 1, 0);
        }
    }
}

static const struct client_events events = {.answered = on_answer, .ended = on_end};

void slow_run(const struct crowd_options *options)
{
    const size_t count = (size_t)options->count;
    struct crowd crowd = {.options = options, .kind = find_kind(options->kind)};
    crowd.clients = tg_alloc(count * sizeof *crowd.clients);
    crowd.openings = tg_alloc(count * sizeof *crowd.openings);
    for (size_t i = 0; i < count; i++) {
        crowd.clients[i] = (struct client){
            .events = &events, .owner = &crowd, .deaf = crowd.kind->deaf, .socket = -1};
        crowd.kind->open(&crowd.openings[i], options, i);
    }
    const int64_t until = now_us() + options->seconds * 1000000;
    for (int64_t due = now_us(); crowd_goes_on() && due < until; due += tick_us) {
        tick(&crowd);
        for (int64_t left; (left = due + tick_us - now_us()) > 0 && crowd_goes_on();)
            clients_look((int)((left + 999) / 1000));
    }
    size_t standing = 0;
    for (size_t i = 0; i < count; i++) {
        standing += crowd.clients[i].connected;
        client_close(&crowd.clients[i]);
        tg_text_finish(&crowd.openings[i]);
    }
    printf("%s: %zu stood at the end, %lu ended before", options->kind, standing, crowd.ends);
    for (int status = 0; status < STATUSES; status++) {
        if (crowd.got[status] > 0)
            printf(", %lu %d", crowd.got[status], status);
    }
    printf("\n");
    free(crowd.clients);
    free(crowd.openings);
}
