#include "tests/system/simulator.h"

#include <stdlib.h>
#include <string.h>

static const char error_rules[] = TOLLGATE_SOURCE_DIR "/sql/error_rules.csv";

struct simulator *simulator_create(void)
{
    struct simulator *simulator = calloc(1, sizeof *simulator);
    cr_assert(simulator);
    simulator->port = testbed_port();
    simulator->url = text_of("http://127.0.0.1:%d", simulator->port);
    return simulator;
}

void simulator_start(struct simulator *simulator)
{
    simulator->http = http_open(simulator->url);
    const char *address = simulator->url + strlen("http://");
    simulator->process = process_start("metasim",
                                       WORDS(testbed_daemon("tollgate-metasim"), "--listen",
                                             address, "--error-rules", error_rules),
                                       NULL);
    const struct http_request stats = {.path = "/_sim/stats"};
    eventually(http_try(simulator->http, &stats).status == 200);
    cr_assert(process_running(simulator->process), "%s", process_log(simulator->process));
}

static long figure(struct simulator *simulator, const char *path, const char *pointer)
{
    struct answer answer = ask(simulator->http, .path = path);
    const char *text = answer_text(&answer, pointer);
    cr_assert(answer.status == 200 && *text, "%s: %d %s", path, answer.status, answer.body);
    return strtol(text, NULL, 10);
}

long simulator_posts_to(struct simulator *simulator, const char *recipient)
{
    return figure(simulator, text_of("/_sim/posts?recipient=%s", recipient), "/count");
}

long simulator_posts_of(struct simulator *simulator, const char *message_id)
{
    return figure(simulator, text_of("/_sim/posts?message=%s", message_id), "/count");
}

long simulator_posts(struct simulator *simulator)
{
    return figure(simulator, "/_sim/posts", "/count");
}

// A member of the n-th post for a recipient.
static const char *post_at(struct simulator *simulator, const char *recipient, size_t n,
                           const char *member)
{
    struct answer answer =
        ask(simulator->http, .path = text_of("/_sim/posts?recipient=%s", recipient));
    return answer_text(&answer, text_of("/posts/%zu/%s", n, member));
}

const char *simulator_post_at(struct simulator *simulator, const char *recipient, size_t n)
{
    return post_at(simulator, recipient, n, "message");
}

const char *simulator_to_at(struct simulator *simulator, const char *recipient, size_t n)
{
    return post_at(simulator, recipient, n, "to");
}

long simulator_stat(struct simulator *simulator, const char *name)
{
    return figure(simulator, "/_sim/stats", text_of("/%s", name));
}

long simulator_calls(struct simulator *simulator, const char *call)
{
    struct answer answer = ask(simulator->http, .path = "/_sim/calls");
    cr_assert(answer.status == 200 && answer.json, "%s", answer.body);
    long n = 0;
    json_object_object_foreach(answer.json, name, count)
    {
        if (!call || strcmp(name, call) == 0)
            n += (long)json_object_get_int64(count);
    }
    return n;
}

void simulator_account(struct simulator *simulator, const char *change)
{
    struct answer answer = ask(simulator->http, .path = "/_sim/account", .body = change);
    cr_assert(answer.status == 200, "%s", answer.body);
}

void simulator_template(struct simulator *simulator, const char *change)
{
    struct answer answer = ask(simulator->http, .path = "/_sim/template", .body = change);
    cr_assert(answer.status == 200, "%s", answer.body);
}

void simulator_set(struct simulator *simulator, const char *settings)
{
    struct answer answer = ask(simulator->http, .path = "/_sim/settings", .body = settings);
    cr_assert(answer.status == 200, "%s", answer.body);
}

void simulator_aim(struct simulator *simulator, const char *url, const char *secret)
{
    const char *target = text_of("{\"url\": \"%s\", \"secret\": \"%s\"}", url, secret);
    struct answer answer = ask(simulator->http, .path = "/_sim/webhook", .body = target);
    cr_assert(answer.status == 200, "%s", answer.body);
}

const char *simulator_inbound(struct simulator *simulator, const char *wish)
{
    struct answer answer = ask(simulator->http, .path = "/_sim/inbound", .body = wish);
    const char *wamid = answer_text(&answer, "/id");
    cr_assert(answer.status == 200 && *wamid, "%d %s", answer.status, answer.body);
    return wamid;
}

long simulator_webhook_stat(struct simulator *simulator, const char *name)
{
    return figure(simulator, "/_sim/stats", text_of("/webhooks/%s", name));
}
