#include "tests/metasim/control.h"

#include "common/base/json.h"
#include "tests/metasim/inbound.h"
#include "tests/metasim/template_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void refuse_with(struct answer *answer, int http_status, const char *message)
{
    answer->http_status = http_status;
    tg_text_append_string(&answer->body, "{\"error\":");
    tg_text_append_json(&answer->body, message, strlen(message));
    tg_text_append_string(&answer->body, "}");
}

static void refuse(struct answer *answer, const struct tg_error *error)
{
    int http_status = strcmp(error->code, "too_large") == 0           ? 413
                      : strcmp(error->code, "no_webhook") == 0        ? 409
                      : strcmp(error->code, "too_many_webhooks") == 0 ? 503
                                                                      : 400;
    refuse_with(answer, http_status, error->message);
}

static void answer_posts(struct sim *sim, const struct request *request, struct answer *answer)
{
    answer->http_status = 200;
    posts_write(&sim->posts, request_argument(request, "recipient"),
                request_argument(request, "message"), &answer->body);
}

static void answer_log(struct sim *sim, const struct request *request, struct answer *answer)
{
    const char *after = request_argument(request, "after");
    answer->http_status = 200;
    posts_write_log(&sim->posts, after ? strtoull(after, NULL, 10) : 0, &answer->body);
}

static void answer_stats(struct sim *sim, const struct request *request, struct answer *answer)
{
    (void)request;
    answer->http_status = 200;
    tg_text_append_string(&answer->body, "{");
    stats_write(&sim->stats, &answer->body);
    tg_text_append_format(&answer->body,
                          ",\"forgotten\":%" PRIu64 ",\"webhooks\":", posts_forgotten(&sim->posts));
    webhooks_write_stats(sim->webhooks, &answer->body);
    tg_text_append_string(&answer->body, "}");
}

static struct json_object *parse_body(const struct request *request, struct tg_error *error)
{
    if (!request->body_too_large)
        return tg_json_parse(tg_text_string(&request->body), request->body.length, error);
    (void)tg_error_set(error, "too_large", "body", "the body is too large");
    return NULL;
}

static void answer_settings(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct tg_error error;
    struct json_object *changes = parse_body(request, &error);
    if (!changes || !sim_settings_apply(&sim->settings, changes, &error)) {
        refuse(answer, &error);
    } else {
        answer->http_status = 200;
        sim_settings_write(&sim->settings, &answer->body);
    }
    json_object_put(changes);
}

static void answer_number(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct tg_error error;
    struct json_object *change = parse_body(request, &error);
    if (!change || !numbers_apply(&sim->numbers, change, &answer->body, &error))
        refuse(answer, &error);
    else
        answer->http_status = 200;
    json_object_put(change);
}

static void answer_account(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct tg_error error;
    struct json_object *change = parse_body(request, &error);
    if (!change || !estate_apply(&sim->estate, change, &error)) {
        refuse(answer, &error);
    } else {
        answer->http_status = 200;
        tg_text_append_string(&answer->body, "{\"success\":true}");
    }
    json_object_put(change);
}

static void answer_template(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct tg_error error;
    struct json_object *change = parse_body(request, &error);
    if (!change || !template_words_say(sim, change, &error)) {
        refuse(answer, &error);
    } else {
        answer->http_status = 200;
        tg_text_append_string(&answer->body, "{\"success\":true}");
    }
    json_object_put(change);
}

static void answer_calls(struct sim *sim, const struct request *request, struct answer *answer)
{
    (void)request;
    answer->http_status = 200;
    estate_write_calls(&sim->estate, &answer->body);
}

static bool aim_webhooks(struct sim *sim, struct json_object *target, struct tg_error *error)
{
    const char *url = tg_json_string_member(target, "url");
    const char *secret = tg_json_string_member(target, "secret");
    if (!url)
        return tg_error_set(error, "invalid_webhook", "url", "url must be a JSON string");
    return webhooks_aim(sim->webhooks, url, secret ? secret : "", error);
}

static void answer_webhook(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct tg_error error;
    struct json_object *target = parse_body(request, &error);
    if (!target || !aim_webhooks(sim, target, &error)) {
        refuse(answer, &error);
    } else {
        answer->http_status = 200;
        tg_text_append_string(&answer->body, "{\"success\":true}");
    }
    json_object_put(target);
}

static void answer_inbound(struct sim *sim, const struct request *request, struct answer *answer)
{
    struct tg_error error;
    TG_TEXT_AUTO wamid = {0};
    struct json_object *wish = parse_body(request, &error);
    if (!wish || !inbound_post(sim, wish, &wamid, &error)) {
        refuse(answer, &error);
    } else {
        answer->http_status = 200;
        tg_text_append_string(&answer->body, "{\"id\":");
        tg_text_append_json(&answer->body, tg_text_string(&wamid), wamid.length);
        tg_text_append_string(&answer->body, "}");
    }
    json_object_put(wish);
}

static void answer_reset(struct sim *sim, const struct request *request, struct answer *answer)
{
    (void)request;
    sim_reset(sim);
    answer->http_status = 200;
    tg_text_append_string(&answer->body, "{\"success\":true}");
}

static const struct route {
    const char *method;
    const char *path;
    void (*answer)(struct sim *sim, const struct request *request, struct answer *answer);
} routes[] = {
    {"GET", "/_sim/posts", answer_posts},        {"GET", "/_sim/log", answer_log},
    {"GET", "/_sim/stats", answer_stats},        {"POST", "/_sim/settings", answer_settings},
    {"GET", "/_sim/calls", answer_calls},        {"POST", "/_sim/account", answer_account},
    {"POST", "/_sim/number", answer_number},     {"POST", "/_sim/webhook", answer_webhook},
    {"POST", "/_sim/inbound", answer_inbound},   {"POST", "/_sim/reset", answer_reset},
    {"POST", "/_sim/template", answer_template},
};

void control_answer(struct sim *sim, const struct request *request, struct answer *answer)
{
    bool path_known = false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(request->path, routes[i].path) != 0)
            continue;
        path_known = true;
        if (strcmp(request->method, routes[i].method) == 0) {
            routes[i].answer(sim, request, answer);
            return;
        }
    }
    if (path_known)
        refuse_with(answer, 405, "another method is meant");
    else
        refuse_with(answer, 404, "there is no such call; see tollgate-metasim --help");
}
