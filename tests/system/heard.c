#include "tests/system/heard.h"

#include "common/crypto/signature.h"

#include <stdlib.h>
#include <string.h>

struct told *all_that_was_told(struct sink *sink)
{
    struct told *told = calloc(1, sizeof *told);
    struct json_object *all = sink_heard_all(sink);
    cr_assert(told && json_object_array_length(all) <= HEARD_MAX);
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *one = json_object_array_get_idx(all, i);
        struct json_object *body = json_tokener_parse(json_text(one, "/body"));
        told->heard[told->count++] = (struct heard){
            .path = json_text(one, "/path"),
            .id = json_text(one, "/headers/webhook-id"),
            .type = json_text(body, "/type"),
            .message_id = json_text(body, "/data/message_id"),
            .phone = json_text(body, "/data/phone"),
            .wamid = json_text(body, "/data/wamid"),
            .body = json_text(one, "/body"),
            .signature_of_meta = json_text(one, "/headers/x-hub-signature-256"),
            .is_verified = strcmp(json_text(one, "/verified/0"), "true") == 0,
        };
    }
    return told;
}

static bool is_at(const struct heard *heard, const struct endpoint *endpoint)
{
    return strcmp(heard->path, text_of("/switch/%s", endpoint->name)) == 0;
}

static bool asks(const struct endpoint *endpoint, const char *type)
{
    return endpoint->asks && strncmp(type, endpoint->asks, strlen(endpoint->asks)) == 0;
}

// An event of a feed's: how often it was told at an endpoint, each time as it is.
static size_t times_told(const struct told *told, const struct endpoint *endpoint,
                         struct json_object *event)
{
    size_t n = 0;
    for (size_t i = 0; i < told->count; i++) {
        const struct heard *heard = &told->heard[i];
        if (!is_at(heard, endpoint) || strcmp(heard->id, json_text(event, "/id")) != 0)
            continue;
        n++;
        cr_assert(heard->is_verified, "%s is not signed", heard->id);
        expect_equal(heard->type, json_text(event, "/type"));
        expect_equal(heard->message_id, json_text(event, "/data/message_id"));
    }
    return n;
}

// All of it, oldest first.
static struct json_object *feed_of(const struct tenant *tenant)
{
    struct json_object *all = json_object_new_array();
    const char *after = tenant->from;
    for (size_t n = 1; n > 0;) {
        struct answer answer = get(&tenant->org, text_of("/api/events?limit=200&after=%s", after));
        struct json_object *events = NULL;
        cr_assert_eq(json_pointer_get(answer.json, "/events", &events), 0, "%s", answer.body);
        n = json_object_array_length(events);
        for (size_t i = 0; i < n; i++)
            json_object_array_add(all, json_object_get(json_object_array_get_idx(events, i)));
        after = answer_text(&answer, "/next_after");
    }
    return all;
}

// What was told at its endpoints is what its feed has.
static void expect_told_as_the_feed_has_it(const struct tenant *tenant, const struct told *told)
{
    struct json_object *feed = feed_of(tenant);
    size_t asked = 0;
    size_t heard = 0;
    for (size_t e = 0; e < tenant->endpoint_count; e++) {
        if (!tenant->endpoints[e].asks)
            continue;
        for (size_t i = 0; i < json_object_array_length(feed); i++) {
            struct json_object *event = json_object_array_get_idx(feed, i);
            size_t times = times_told(told, &tenant->endpoints[e], event);
            bool is_asked = asks(&tenant->endpoints[e], json_text(event, "/type"));
            cr_assert_eq(times > 0, is_asked, "%s %s at %s: %zu times", json_text(event, "/type"),
                         json_text(event, "/id"), tenant->endpoints[e].name, times);
            asked += is_asked;
            heard += times;
        }
        for (size_t i = 0; i < told->count; i++)
            heard -= is_at(&told->heard[i], &tenant->endpoints[e]);
    }
    cr_assert_eq(heard, 0, "%zu were told that the feed of %s does not have", -heard,
                 tenant->endpoints[0].name);
    cr_assert(asked > 0);
}

// Whether this was told of it, under one id.
static bool is_told_of(const struct told *told, const struct endpoint *endpoint, const char *type,
                       const char *message_id)
{
    const char *id = NULL;
    for (size_t i = 0; i < told->count; i++) {
        const struct heard *heard = &told->heard[i];
        if (!is_at(heard, endpoint) || strcmp(heard->type, type) != 0 ||
            (strcmp(heard->message_id, message_id) != 0 && strcmp(heard->wamid, message_id) != 0))
            continue;
        cr_assert(!id || strcmp(id, heard->id) == 0, "%s of %s: %s and %s", type, message_id, id,
                  heard->id);
        id = heard->id;
    }
    return id;
}

// What the gateway itself knows of it, for who must find out what was missed.
static const char *message_told(const struct tenant *tenant, const char *message_id)
{
    return get(&tenant->org, text_of("/api/messages/%s", message_id)).body;
}

static bool was_posted(const struct tenant *tenant, const char *message_id)
{
    return simulator_posts_of(tenant->org.gateway->simulator, message_id) > 0;
}

// A send is read in the end, unless the worker that had taken it was killed before it posted it:
// nobody can tell then, and it is not posted again.
static void expect_told_of_send(const struct tenant *tenant, const struct told *told,
                                const char *message_id)
{
    bool posted = was_posted(tenant, message_id);
    const char *const types[] = {"message.accepted",
                                 posted ? "message.read" : "message.unconfirmed"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        cr_assert(is_told_of(told, &tenant->endpoints[0], types[i], message_id),
                  "%s of %s at %s: %s", types[i], message_id, tenant->endpoints[0].name,
                  message_told(tenant, message_id));
}

// By what this test has done, and heard itself.
static void expect_told_what_happened(const struct tenant *tenant, const struct told *told)
{
    const struct endpoint *endpoint = &tenant->endpoints[0];
    for (size_t i = 0; i < tenant->written_count; i++)
        cr_assert(is_told_of(told, endpoint, "message.received", tenant->written[i]),
                  "%s, written to %s", tenant->written[i], endpoint->name);
    for (size_t i = 0; i < tenant->send_count && asks(endpoint, "message.read"); i++)
        expect_told_of_send(tenant, told, tenant->sends[i].message_id);
}

static void expect_nothing_of_others(const struct tenant *tenant, const struct told *told)
{
    for (size_t e = 0; e < tenant->endpoint_count; e++) {
        for (size_t i = 0; i < told->count; i++) {
            const char *phone = told->heard[i].phone;
            cr_assert(!is_at(&told->heard[i], &tenant->endpoints[e]) || !*phone ||
                          strncmp(phone, tenant->prefix, strlen(tenant->prefix)) == 0,
                      "%s at %s", phone, tenant->endpoints[e].name);
        }
    }
}

void expect_told(const struct tenant *tenant, const struct told *told)
{
    expect_told_as_the_feed_has_it(tenant, told);
    expect_told_what_happened(tenant, told);
    expect_nothing_of_others(tenant, told);
}

// Is it told there for the first time? One id, one body, and the other way round.
static bool is_first(const struct told *told, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(told->heard[i].path, told->heard[n].path) != 0 || !*told->heard[i].body)
            continue;
        bool same = strcmp(told->heard[i].id, told->heard[n].id) == 0;
        cr_assert_eq(same, strcmp(told->heard[i].body, told->heard[n].body) == 0, "%s: %s",
                     told->heard[n].id, told->heard[n].body);
        if (same)
            return false;
    }
    return true;
}

void expect_told_what_meta_posted(const struct tenant *tenant, const struct endpoint *endpoint,
                                  const struct told *told)
{
    size_t written = 0;
    size_t read = 0;
    for (size_t i = 0; i < told->count; i++) {
        const struct heard *heard = &told->heard[i];
        if (!is_at(heard, endpoint) || !*heard->body || !is_first(told, i))
            continue;
        cr_assert(tg_signature_is_right(heard->signature_of_meta, endpoint->secret, heard->body,
                                        strlen(heard->body)));
        struct json_object *body = json_tokener_parse(heard->body);
        struct json_object *value = NULL;
        cr_assert_eq(json_pointer_get(body, "/entry/0/changes/0/value", &value), 0, "%s",
                     heard->body);
        expect_equal(json_text(value, "/metadata/phone_number_id"), tenant->org.phone_number_id);
        written += *json_text(value, "/messages/0/id") != '\0';
        read += strcmp(json_text(value, "/statuses/0/status"), "read") == 0;
    }
    size_t posted = 0;
    for (size_t i = 0; i < tenant->send_count; i++)
        posted += was_posted(tenant, tenant->sends[i].message_id);
    cr_assert_eq(written, tenant->written_count);
    cr_assert_eq(read, posted);
}
