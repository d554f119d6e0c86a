#include "common/base/memory.h"
#include "tests/bench/peers/crowd/client.h"
#include "tests/bench/peers/crowd/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORGS = 8, STATUSES = 600, PATIENCE_US = 10 * 1000 * 1000 };

// What they do. Of two ports the operators' is the other one, which has a thread of its own
// (main.c).
static const struct matter {
    const char *name;
    int a_second;
    int good;   // the status of a good answer
    bool fresh; // on a connection of its own
    bool of_operators;
} matters[] = {
    {"sends", 100, 202, false, false},
    {"reads", 100, 200, false, false},
    {"newcomers' reads", 20, 200, true, false},
    {"operators' reads", 10, 200, true, true},
};
enum { MATTERS = sizeof matters / sizeof *matters };

// One that was asked.
struct query {
    struct client client;
    struct query *next; // another that is idle
    size_t matter;
    int64_t since_us; // 0: idle
};

struct heard {
    size_t asked;
    size_t good;
    size_t silent;
    size_t count; // of ms
    double *ms;
    size_t got[STATUSES]; // 0: the connection ended
};

struct others {
    const struct crowd_options *options;
    struct query *idle; // whose connections stand
    struct query **all;
    size_t count;
    size_t n; // of all that was asked
    struct heard heard[MATTERS];
};

static void note(struct query *query, int status)
{
    struct others *others = query->client.owner;
    struct heard *heard = &others->heard[query->matter];
    if (query->since_us == 0)
        return;
    heard->ms[heard->count++] = (double)(now_us() - query->since_us) / 1e3;
    query->since_us = 0;
    heard->got[status]++;
    heard->good += status == matters[query->matter].good;
}

static void on_answer(struct client *client, int status)
{
    struct query *query = (struct query *)(void *)client;
    struct others *others = client->owner;
    note(query, status >= 0 && status < STATUSES ? status : 0);
    if (matters[query->matter].fresh) {
        client_close(client);
    } else {
        query->next = others->idle;
        others->idle = query;
    }
}

static void on_end(struct client *client)
{
    struct query *query = (struct query *)(void *)client;
    struct others *others = client->owner;
    note(query, 0);
    for (struct query **link = &others->idle; *link; link = &(*link)->next) {
        if (*link == query) {
            *link = query->next;
            return;
        }
    }
}

static const struct client_events events = {.answered = on_answer, .ended = on_end};

static struct query *take(struct others *others, bool fresh)
{
    struct query *query = fresh ? NULL : others->idle;
    if (query) {
        others->idle = query->next;
        return query;
    }
    for (size_t i = 0; i < others->count; i++) {
        if (others->all[i]->client.socket < 0)
            return others->all[i];
    }
    query = tg_alloc(sizeof *query);
    query->client = (struct client){.events = &events, .owner = others, .socket = -1};
    others->all = tg_realloc(others->all, (others->count + 1) * sizeof(struct query *));
    others->all[others->count++] = query;
    return query;
}

static void write_request(struct tg_text *text, const struct others *others, size_t matter)
{
    const struct crowd_options *options = others->options;
    char body[80];
    size_t org = 1 + others->n % ORGS;
    if (matters[matter].of_operators) {
        tg_text_append_format(text,
                              "GET /admin/orgs?limit=1 HTTP/1.1\r\nHost: x\r\n"
                              "Authorization: Bearer %s\r\n\r\n",
                              options->admin_key);
    } else if (matters[matter].good == 200) {
        tg_text_append_format(
            text, "GET /api/wallet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s%zu\r\n\r\n",
            options->key, org);
    } else {
        int length = snprintf(body, sizeof body, "{\"phone\":\"9198%08zu\",\"message\":\"Hello\"}",
                              others->n % 100000000);
        tg_text_append_format(text,
                              "POST /api/send-message HTTP/1.1\r\nHost: x\r\n"
                              "Authorization: Bearer %s%zu\r\nContent-Type: application/json\r\n"
                              "Content-Length: %d\r\n\r\n%s",
                              options->key, org, length, body);
    }
}

static void ask(struct others *others, size_t matter, int64_t due_us)
{
    TG_TEXT_AUTO request = {0};
    struct query *query = take(others, matters[matter].fresh);
    others->n++;
    others->heard[matter].asked++;
    write_request(&request, others, matter);
    query->matter = matter;
    query->since_us = due_us;
    if (query->client.socket < 0)
        client_connect(&query->client, 0);
    if (query->client.socket >= 0)
        client_send(&query->client, request.data, request.length, 1);
}

static void give_up_the_silent(struct others *others, int64_t now)
{
    for (size_t i = 0; i < others->count; i++) {
        struct query *query = others->all[i];
        if (query->since_us == 0 || now - query->since_us < PATIENCE_US)
            continue;
        others->heard[query->matter].silent++;
        note(query, 0);
        client_close(&query->client);
    }
}

static bool are_any_asked(const struct others *others)
{
    for (size_t i = 0; i < others->count; i++) {
        if (others->all[i]->since_us > 0)
            return true;
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct heard *heard, double part)
{
    size_t i = (size_t)((double)heard->count * part);
    return heard->count == 0 ? 0 : heard->ms[i < heard->count ? i : heard->count - 1];
}

static void tell(const char *name, struct heard *heard, int good)
{
    if (heard->asked == 0)
        return;
    qsort(heard->ms, heard->count, sizeof *heard->ms, compare);
    printf("%s|%zu|%zu|%.1f|%.1f|%.1f|", name, heard->asked, heard->good, percentile(heard, 0.5),
           percentile(heard, 0.99), percentile(heard, 1));
    if (heard->got[0] > 0)
        printf("%zu without an answer, %zu of them in 10 s ", heard->got[0], heard->silent);
    for (int status = 1; status < STATUSES; status++) {
        if (heard->got[status] > 0 && status != good)
            printf("%d %zu times ", status, heard->got[status]);
    }
    printf("\n");
}

static bool is_asked(const struct crowd_options *options, size_t matter)
{
    return matters[matter].of_operators == (options->admin_key != NULL);
}

// Each at its time, for the seconds that there are.
static void ask_all(struct others *others)
{
    const struct crowd_options *options = others->options;
    const int64_t began = now_us();
    const int64_t until = began + options->seconds * 1000000;
    int64_t due[MATTERS];
    for (size_t i = 0; i < MATTERS; i++)
        due[i] = began + 500000 / matters[i].a_second;
    int64_t now = began;
    while (now < until && crowd_goes_on()) {
        for (size_t i = 0; i < MATTERS; i++) {
            for (; is_asked(options, i) && due[i] <= now && due[i] < until;
                 due[i] += 1000000 / matters[i].a_second)
                ask(others, i, due[i]);
        }
        clients_look(1);
        now = now_us();
        give_up_the_silent(others, now);
    }
}

void others_run(const struct crowd_options *options)
{
    struct others others = {.options = options};
    for (size_t i = 0; i < MATTERS; i++)
        others.heard[i].ms =
            tg_alloc(((size_t)(options->seconds * matters[i].a_second) + 1) * sizeof(double));
    ask_all(&others);
    while (are_any_asked(&others)) {
        clients_look(10);
        give_up_the_silent(&others, now_us());
    }
    for (size_t i = 0; i < MATTERS; i++) {
        tell(matters[i].name, &others.heard[i], matters[i].good);
        free(others.heard[i].ms);
    }
    for (size_t i = 0; i < others.count; i++) {
        client_close(&others.all[i]->client);
        free(others.all[i]);
    }
    free(others.all);
}
