#include "tests/system/door.h"

#include "common/limits.h"
#include "ingress/cloud/manner.h"
#include "ingress/http/answer.h"
#include "ingress/http/fields.h"
#include "ingress/route/router.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct door {
    struct keys *keys;
    struct rates *rates;
    struct pool *pool;
    struct pool *look_ups;
    struct pool *strangers;
    struct router *router;
    struct server_handler handler; // the router's
    struct server *server;
    atomic_size_t begun;
};

// Answers with the thread's name, and with whether there is a connection to the database.
static void tell_thread(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    char name[16];
    char org[TG_UUID_TEXT_SIZE] = "";
    struct tg_text json = {0};
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (caller)
        tg_uuid_format(caller->org_id, org);
    tg_text_append_format(&json, "{\"pool\":%s,\"pg\":%s,\"org\":\"%s\"}",
                          strcmp(name, "pool") == 0 ? "true" : "false", pg ? "true" : "false", org);
    answer_json(request, 200, &json);
}

static void tell_server_thread(void *context, struct request *request,
                               const struct identity *caller)
{
    (void)context;
    tell_thread(NULL, request, caller);
}

static void append_member(struct tg_text *json, const char *name, const char *value)
{
    tg_text_append_format(json, "%s\"%s\":", json->length > 1 ? "," : "", name);
    if (value)
        tg_text_append_json(json, value, strlen(value));
    else
        tg_text_append_string(json, "null");
}

static void append_segment(struct tg_text *json, const char *name, struct request *request)
{
    struct tg_span segment = endpoint_segment(request, name);
    append_member(json, name,
                  segment.data ? text_of("%.*s", (int)segment.length, segment.data) : NULL);
}

// Answers with what came with the request, and with many headers.
static void tell_values(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    (void)pg;
    (void)caller;
    struct tg_text json = {0};
    int count;
    tg_text_append_string(&json, "{");
    append_segment(&json, "first", request);
    append_segment(&json, "second", request);
    append_segment(&json, "third", request);
    append_member(&json, "X-One", request_header(request, "x-one", &count));
    tg_text_append_format(&json, ",\"count\":%d", count);
    append_member(&json, "X-Two", request_header(request, "X-TWO", NULL));
    append_member(&json, "X-Three", request_header(request, "X-Three", NULL));
    append_member(&json, "q", request_parameter(request, "q"));
    append_member(&json, "none", request_parameter(request, "none"));
    tg_text_append_string(&json, "}");
    for (int i = 0; i < DOOR_ANSWER_HEADERS; i++)
        request_add_header(request, text_of("X-Answer-%d", i), text_of("value %d", i));
    answer_json(request, 200, &json);
}

static void tell_form(void *context, struct request *request, const struct identity *caller)
{
    (void)context;
    (void)caller;
    struct tg_error error;
    struct form *form = form_read(&request->body.bytes, &error);
    if (!form) {
        answer_error(request, &error);
        return;
    }
    struct tg_text json = {0};
    tg_text_append_string(&json, "{");
    append_member(&json, "to", form_value(form, "to", NULL));
    append_member(&json, "text", form_value(form, "text", NULL));
    tg_text_append_string(&json, "}");
    form_free(form);
    answer_json(request, 200, &json);
}

// Answers with how many bytes came, how many of them are in memory, and their sum.
static void tell_bytes(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    (void)pg;
    (void)caller;
    const struct body *body = &request->body;
    unsigned long sum = 0;
    size_t in_file = 0;
    unsigned char bytes[65536];
    ssize_t got;
    while (body->file >= 0 && (got = read(body->file, bytes, sizeof bytes)) > 0) {
        in_file += (size_t)got;
        for (ssize_t i = 0; i < got; i++)
            sum += bytes[i];
    }
    for (size_t i = 0; i < body->bytes.length; i++)
        sum += (unsigned char)body->bytes.data[i];
    struct tg_text json = {0};
    tg_text_append_format(&json, "{\"file\":%zu,\"memory\":%zu,\"sum\":%lu}", in_file,
                          body->bytes.length, sum);
    answer_json(request, 200, &json);
}

static void tell_server_bytes(void *context, struct request *request, const struct identity *caller)
{
    (void)context;
    tell_bytes(NULL, request, caller);
}

static void tell_things(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    (void)pg;
    struct tg_error error;
    char org[TG_UUID_TEXT_SIZE];
    struct tg_span number = endpoint_segment(request, "phone_number_id");
    const char *type = request_header(request, "Content-Type", NULL);
    if (tg_span_equals(number, "404")) {
        cloud_refuse_object(request, number);
        return;
    }
    bool is_json = fields_kind_of(type) == FIELDS_JSON;
    struct form *form = is_json ? NULL : fields_read(type, &request->body.bytes, &error);
    if (!form && !is_json) {
        answer_error(request, &error);
        return;
    }
    struct tg_text json = {0};
    tg_uuid_format(caller->org_id, org);
    tg_text_append_string(&json, "{");
    append_member(&json, "org", org);
    append_segment(&json, "version", request);
    append_segment(&json, "phone_number_id", request);
    append_member(&json, "to", form ? form_value(form, "to", NULL) : request->body.bytes.data);
    tg_text_append_string(&json, "}");
    form_free(form);
    answer_json(request, 200, &json);
}

static const struct endpoint test_endpoints[] = {
    {.method = "GET", .path = "/server", .on_server = tell_server_thread},
    {.method = "GET", .path = "/database", .on_database = tell_thread},
    {.method = "GET", .path = "/meta", .who = CALLER_META, .on_server = tell_server_thread},
    {.method = "POST", .path = "/meta", .who = CALLER_META, .on_database = tell_thread},
    {.method = "GET", .path = "/forbidden", .right = RIGHT_MANAGE, .on_server = tell_server_thread},
    {.method = "GET", .path = "/values/{first}/and/{second}", .on_database = tell_values},
    {.method = "GET", .path = "/values/{first}/and/two", .on_server = tell_server_thread},
    {.method = "POST",
     .path = "/form",
     .body = BODY_FORM,
     .body_max = DOOR_FORM_MAX,
     .on_server = tell_form},
    {.method = "POST",
     .path = "/file",
     .body = BODY_FILE,
     .body_max = DOOR_FILE_MAX,
     .on_database = tell_bytes},
    {.method = "POST",
     .path = "/raw",
     .body = BODY_RAW,
     .body_max = DOOR_FORM_MAX,
     .on_server = tell_server_bytes},
    {.method = "POST",
     .path = "/json",
     .body = BODY_JSON,
     .body_max = DOOR_FORM_MAX,
     .on_database = tell_bytes},
    {.method = "POST",
     .path = "[/{version}]/{phone_number_id}/things",
     .manner = &cloud_manner,
     .right = RIGHT_SEND,
     .body = BODY_FIELDS,
     .body_max = DOOR_FORM_MAX,
     .on_database = tell_things},
    {.method = "GET",
     .path = "[/{version}]/{media_id}",
     .manner = &cloud_manner,
     .right = RIGHT_MANAGE,
     .on_server = tell_server_thread},
    {0},
};

static void handle(struct request *request, void *context)
{
    const struct door *door = context;
    door->handler.handle(request, door->handler.context);
}

static void count_and_begin(struct request *request, void *context)
{
    struct door *door = context;
    door->handler.begin(request, door->handler.context);
    atomic_fetch_add(&door->begun, 1);
}

struct door *door_open(const char *postgres_url, int port)
{
    struct door *door = calloc(1, sizeof *door);
    cr_assert(door);
    struct tg_error error;
    struct tg_address address = {
        .v4 = {AF_INET, htons((uint16_t)port), {htonl(INADDR_LOOPBACK)}, {0}}};
    door->keys = keys_create(false, NULL);
    door->pool = pool_start(postgres_url, "pool", TG_POOL_THREADS, TG_POOL_QUEUE_MAX);
    door->look_ups = pool_start_batches(postgres_url, "look-ups", TG_KEY_ASKERS_MAX, router_look_up,
                                        TG_LOOK_UPS_AT_ONCE);
    door->strangers = pool_start_batches(postgres_url, "strangers", TG_STRANGERS_MAX,
                                         router_look_up, TG_LOOK_UPS_AT_ONCE);
    static const _Atomic int64_t unbounded;
    door->rates = rates_create(
        (const _Atomic int64_t *const[RATES]){&unbounded, &unbounded, &unbounded, &unbounded});
    door->router = router_create(&(struct router_parts){.keys = door->keys,
                                                        .rates = door->rates,
                                                        .pool = door->pool,
                                                        .look_ups = door->look_ups,
                                                        .strangers = door->strangers,
                                                        .origins = {.allowed = ""},
                                                        .metas = &cloud_manner});
    router_add(door->router, test_endpoints, NULL);
    door->handler = router_handler(door->router);
    struct server_handler counting = {door->handler.state_size, count_and_begin, handle, door};
    const struct server_place place = {.address = address, .listener = TG_LISTEN_NONE};
    door->server = server_start(&place, 2, &counting, &error);
    cr_assert(door->server, "%s", error.message);
    return door;
}

void door_close(struct door *door)
{
    pool_stop(door->strangers);
    pool_stop(door->look_ups);
    pool_stop(door->pool);
    server_stop(door->server);
    server_free(door->server);
    router_free(door->router);
    rates_free(door->rates);
    keys_free(door->keys);
    pool_free(door->strangers);
    pool_free(door->look_ups);
    pool_free(door->pool);
    free(door);
}

size_t door_begun(struct door *door)
{
    return atomic_load(&door->begun);
}

void door_close_pool(struct door *door)
{
    pool_close(door->strangers);
    pool_close(door->look_ups);
    pool_close(door->pool);
}
