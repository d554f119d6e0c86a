#include "common/base/memory.h"
#include "tests/bench/peers/crowd/client.h"
#include "tests/bench/peers/crowd/crowd.h"

#include <stdio.h>
#include <string.h>

enum { TICK_MS = 2, AT_ONCE = 8, AWAITED_MAX = 32, DIGITS = 24, STATUSES = 600 };

// Requests that are sent together, made once. `digit` is where those of their keys begin.
struct bundle {
    struct tg_text text;
    size_t digit[AT_ONCE];
};

struct flood_kind {
    const char *name;
    const char *method;
    const char *prefix; // of a key, before its digits
    const char *suffix;
    const char *path;
    bool anew; // another key each time
};

// A token's header and claims are as good as any ({"alg":"HS256"}, an org, an exp of 2100).
static const struct flood_kind kinds[] = {
    {"keys", "GET", "tg_", "", "/api/wallet", true},
    {"key", "GET", "tg_", "", "/api/wallet", false},
    {"tokens", "GET",
     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
     "eyJzdWIiOiJhc2hhIiwiYXVkIjoiYXV0aGVudGljYXRlZCIsInJvbGUiOiJhdXRoZW50aWNhdGVkIiwiZXhwIjo0MTAy"
     "NDQ0ODAwLCJhcHBfbWV0YWRhdGEiOnsib3JnX2lkIjoiMDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAx"
     "In19.",
     "AAAAAAAAAAAAAAAAAAA", "/api/wallet", true},
    {"operators", "GET", "", "", "/admin/orgs", true},
};

static const struct flood_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

bool flood_is_one(const char *kind)
{
    return find_kind(kind) != NULL;
}

struct flood {
    const struct crowd_options *options;
    const struct flood_kind *kind;
    struct client *clients;
    struct bundle bundle;
    size_t next; // whose turn it is
    uint64_t seed;
    unsigned long sent;
    unsigned long ends;
    unsigned long got[STATUSES];
};

static void make_bundle(struct bundle *bundle, const struct flood_kind *kind)
{
    for (int i = 0; i < AT_ONCE; i++) {
        tg_text_append_format(&bundle->text,
                              "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s", kind->method,
                              kind->path, kind->prefix);
        bundle->digit[i] = bundle->text.length;
        tg_text_append_format(&bundle->text, "%0*d%s\r\n\r\n", DIGITS, 0, kind->suffix);
    }
}

// xorshift64
static uint64_t draw(struct flood *flood)
{
    flood->seed ^= flood->seed << 13;
    flood->seed ^= flood->seed >> 7;
    flood->seed ^= flood->seed << 17;
    return flood->seed;
}

static void draw_keys(struct flood *flood)
{
    for (int i = 0; i < AT_ONCE; i++) {
        char *digit = flood->bundle.text.data + flood->bundle.digit[i];
        for (int n = 0; n < DIGITS; n += 8) {
            uint64_t drawn = draw(flood);
            for (int k = 0; k < 8; k++)
                digit[n + k] = (char)('a' + (drawn >> (4 * k) & 15));
        }
    }
}

static void on_answer(struct client *client, int status)
{
    struct flood *flood = client->owner;
    flood->got[status >= 0 && status < STATUSES ? status : 0]++;
}

static void on_end(struct client *client)
{
    struct flood *flood = client->owner;
    flood->ends++;
}

static const struct client_events events = {.answered = on_answer, .ended = on_end};

// The next of those who have not too many answers to come sends a bundle. false: there is nobody.
static bool send_next(struct flood *flood)
{
    const size_t count = (size_t)flood->options->count;
    for (size_t n = 0; n < count; n++) {
        size_t i = flood->next++ % count;
        struct client *client = &flood->clients[i];
        if (client->socket < 0) {
            int64_t addresses = flood->options->addresses;
            client_connect(client, addresses > 0 ? (uint32_t)(256 + i % (size_t)addresses) : 0);
        }
        if (client->socket < 0 || client->awaited + AT_ONCE > AWAITED_MAX)
            continue;
        if (flood->kind->anew)
            draw_keys(flood);
        client_send(client, flood->bundle.text.data, flood->bundle.text.length, AT_ONCE);
        flood->sent += AT_ONCE;
        return true;
    }
    return false;
}

// Sends what is due by now; what cannot be sent is never made up for.
static void tick(struct flood *flood, int64_t *due)
{
    const int64_t each = AT_ONCE * INT64_C(1000000) / flood->options->rate;
    int64_t now = now_us();
    while (*due <= now) {
        if (!send_next(flood))
            *due = now;
        *due += each;
    }
}

static void tell(const struct flood *flood, int64_t us)
{
    unsigned long answered = 0;
    for (int status = 0; status < STATUSES; status++)
        answered += flood->got[status];
    printf("%s: %.0f asked and %.0f answered a second, %lu connections ended", flood->kind->name,
           (double)flood->sent * 1e6 / (double)us, (double)answered * 1e6 / (double)us,
           flood->ends);
    for (int status = 0; status < STATUSES; status++) {
        if (flood->got[status] > 0)
            printf(", %lu %d", flood->got[status], status);
    }
    printf("\n");
}

void flood_run(const struct crowd_options *options)
{
    struct flood flood = {
        .options = options, .kind = find_kind(options->kind), .seed = UINT64_C(88172645463325252)};
    flood.clients = tg_alloc((size_t)options->count * sizeof *flood.clients);
    for (int64_t i = 0; i < options->count; i++)
        flood.clients[i] = (struct client){.events = &events, .owner = &flood, .socket = -1};
    make_bundle(&flood.bundle, flood.kind);
    const int64_t began = now_us();
    int64_t due = began;
    while (crowd_goes_on() && now_us() < began + options->seconds * 1000000) {
        tick(&flood, &due);
        clients_look(TICK_MS);
    }
    tell(&flood, now_us() - began);
    for (int64_t i = 0; i < options->count; i++)
        client_close(&flood.clients[i]);
    free(flood.clients);
    tg_text_finish(&flood.bundle.text);
}
