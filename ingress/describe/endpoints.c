#include "ingress/describe/endpoints.h"

#include "ingress/describe/embedded.h"
#include "ingress/http/answer.h"

#include <string.h>

// Nothing from another host, no script but ours, and nowhere to send anything to.
#define POLICY                                                                                     \
    "default-src 'none'; style-src 'self'; script-src 'self'; frame-ancestors 'none'; "            \
    "base-uri 'none'; form-action 'none'"

static void answer_text(struct request *request, const char *type, const char *text, size_t length)
{
    struct answer answer = {.status = 200, .content_type = type};
    request_add_header(request, "Cache-Control", "no-cache");
    request_add_header(request, "X-Content-Type-Options", "nosniff");
    request_add_header(request, "Content-Security-Policy", POLICY);
    tg_text_append(&answer.body, text, length);
    request_answer(request, &answer);
}

static void answer_description(void *context, struct request *request,
                               const struct identity *caller)
{
    const struct told *told = context;
    (void)caller;
    answer_text(request, "application/json", told->json.data, told->json.length);
}

static void answer_page(void *context, struct request *request, const struct identity *caller)
{
    const struct told *told = context;
    (void)caller;
    answer_text(request, "text/html; charset=utf-8", told->html.data, told->html.length);
}

static void answer_style(void *context, struct request *request, const struct identity *caller)
{
    const char *text = embedded_text("ingress/describe/page/docs.css");
    (void)context, (void)caller;
    answer_text(request, "text/css; charset=utf-8", text, strlen(text));
}

static void answer_script(void *context, struct request *request, const struct identity *caller)
{
    const char *text = embedded_text("ingress/describe/page/docs.js");
    (void)context, (void)caller;
    answer_text(request, "text/javascript; charset=utf-8", text, strlen(text));
}

void told_make(struct told *told, const struct router *router, enum listener listener)
{
    TG_TEXT_AUTO faults = {0};
    struct json_object *description = describe(router, listener, &faults);
    *told = (struct told){0};
    tg_text_append_string(
        &told->json, json_object_to_json_string_ext(
                         description, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    tg_text_append_string(&told->json, "\n");
    describe_page(description, &told->html);
    json_object_put(description);
}

void told_finish(struct told *told)
{
    tg_text_finish(&told->json);
    tg_text_finish(&told->html);
}

const struct endpoint description_endpoints[] = {
    {.method = "GET",
     .path = "/openapi.json",
     .who = CALLER_ANYBODY,
     .on_server = answer_description,
     .says = "What this listener takes and answers, as OpenAPI 3.1 has it.",
     .answer = "OpenAPI"},
    {.method = "GET",
     .path = "/docs",
     .who = CALLER_ANYBODY,
     .on_server = answer_page,
     .says = "The same as a page for people."},
    {.method = "GET",
     .path = "/docs/docs.css",
     .who = CALLER_ANYBODY,
     .on_server = answer_style,
     .says = "How that page looks."},
    {.method = "GET",
     .path = "/docs/docs.js",
     .who = CALLER_ANYBODY,
     .on_server = answer_script,
     .says = "Its search."},
    {0},
};
