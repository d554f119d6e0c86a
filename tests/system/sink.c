#include "tests/system/sink.h"

#include "tests/system/certificate.h"

#include <stdlib.h>
#include <string.h>

static struct certificate certificate;

void sink_restart(struct sink *sink)
{
    sink->process =
        process_start("sink",
                      WORDS("node", text_of("%s/tests/client/sink.mjs", TOLLGATE_SOURCE_DIR),
                            certificate.path, certificate.key, text_of("%d", sink->port)),
                      NULL);
    eventually(
        http_try(http_open(sink->url),
                 &(struct http_request){.method = "PUT", .path = "/secrets/none", .body = "x"})
            .status == 204);
}

struct sink *sink_start(void)
{
    struct sink *sink = calloc(1, sizeof *sink);
    cr_assert(sink);
    certificate = certificate_create("sink", "DNS:localhost,IP:127.0.0.1");
    sink->authority = certificate.authority;
    sink->port = testbed_port();
    sink->url = text_of("https://localhost:%d", sink->port);
    http_trust(sink->authority);
    sink_restart(sink);
    sink->http = http_open(sink->url);
    return sink;
}

const char *sink_networks(void)
{
    return "TOLLGATE_NOTIFY_NETWORKS=127.0.0.0/8,::1";
}

const char *sink_authority(const struct sink *sink)
{
    return text_of("TOLLGATE_NOTIFY_CA_FILE=%s", sink->authority);
}

static void put(const struct sink *sink, const char *path, const char *body)
{
    struct answer answer = ask(http_open(sink->url), .method = "PUT", .path = path, .body = body);
    cr_assert_eq(answer.status, 204);
}

void sink_knows(const struct sink *sink, const char *name, const char *secrets)
{
    put(sink, text_of("/secrets/%s", name), secrets);
}

void sink_does(const struct sink *sink, const char *name, const char *what)
{
    put(sink, text_of("/switches/%s", name), what);
}

// What the next whole line from there on tells, after which *line stands; NULL: there is none.
static struct json_object *next_heard(const char **line)
{
    while (strchr(*line, '\n')) {
        const char *text = text_of("%.*s", (int)strcspn(*line, "\n"), *line);
        *line = strchr(*line, '\n') + 1;
        struct json_object *heard = json_tokener_parse(text);
        if (*json_text(heard, "/path"))
            return heard;
        json_object_put(heard);
    }
    return NULL;
}

struct json_object *sink_heard_all(const struct sink *sink)
{
    struct json_object *all = json_object_new_array();
    const char *line = process_log(sink->process);
    struct json_object *heard;
    while ((heard = next_heard(&line)))
        json_object_array_add(all, heard);
    return all;
}

static bool ends_so(struct json_object *heard, const char *path)
{
    const char *at = json_text(heard, "/path");
    size_t length = strcspn(at, "?");
    return length >= strlen(path) && strncmp(at + length - strlen(path), path, strlen(path)) == 0;
}

struct json_object *sink_heard(const struct sink *sink, const char *path, size_t n)
{
    const char *line = process_log(sink->process);
    struct json_object *heard;
    while ((heard = next_heard(&line))) {
        if (ends_so(heard, path) && n-- == 0)
            return heard;
        json_object_put(heard);
    }
    return NULL;
}

void sink_each(const struct sink *sink, void (*take)(void *context, struct json_object *heard),
               void *context)
{
    struct json_tokener *tokener = json_tokener_new();
    const char *line = process_log(sink->process);
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        json_tokener_reset(tokener);
        struct json_object *heard =
            *line == '{' ? json_tokener_parse_ex(tokener, line, (int)(end - line)) : NULL;
        if (heard && json_object_object_get(heard, "path"))
            take(context, heard);
        json_object_put(heard);
    }
    json_tokener_free(tokener);
}

size_t sink_count(const struct sink *sink, const char *path)
{
    size_t n = 0;
    const char *line = process_log(sink->process);
    struct json_object *heard;
    while ((heard = next_heard(&line))) {
        n += ends_so(heard, path);
        json_object_put(heard);
    }
    return n;
}

const char *sink_text(const struct sink *sink, const char *path, size_t n, const char *pointer)
{
    struct json_object *heard = sink_heard(sink, path, n);
    return heard ? json_text(heard, pointer) : "";
}

const char *sink_told(const struct sink *sink, const char *path, size_t n, const char *pointer)
{
    struct json_object *told = json_tokener_parse(sink_text(sink, path, n, "/body"));
    cr_assert(told, "%s", sink_text(sink, path, n, "/body"));
    return json_text(told, pointer);
}

// In the order in which those lock them who record what came of attempts.
void deliveries_come_nearer(struct database *database, const char *interval)
{
    (void)database_text(database,
                        "WITH later AS (SELECT * FROM deliveries WHERE next_at > now() ORDER BY "
                        "org_id, endpoint_id, event_id FOR UPDATE) UPDATE deliveries d SET next_at "
                        "= greatest(d.next_at - interval '%s', now()) FROM later l WHERE "
                        "(d.org_id, d.endpoint_id, d.event_id) = (l.org_id, l.endpoint_id, "
                        "l.event_id)",
                        interval);
}
