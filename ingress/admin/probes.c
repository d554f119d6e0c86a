#include "ingress/admin/probes.h"

#include "common/base/memory.h"
#include "ingress/http/answer.h"

// A request for /readyz on its way to the thread that waits.
struct asked {
    struct tg_health *health;
    struct request *request;
};

static void answer(struct tg_health *health, struct request *request)
{
    struct answer answer = {0};
    answer.status =
        (int)tg_health_answer(health, request->path, &answer.body, &answer.content_type);
    request_answer(request, &answer);
}

static void answer_at_once(void *context, struct request *request, const struct identity *caller)
{
    (void)caller;
    const struct probes *probes = context;
    answer(probes->health, request);
}

// (Health has connections of its own.)
static void look(struct tg_pg *pg, void *context)
{
    (void)pg;
    struct asked *asked = context;
    answer(asked->health, asked->request);
    free(asked);
}

static void answer_after_a_look(void *context, struct request *request,
                                const struct identity *caller)
{
    (void)caller;
    const struct probes *probes = context;
    struct asked *asked = tg_alloc(sizeof *asked);
    *asked = (struct asked){probes->health, request};
    if (pool_submit(probes->pool, request_address(request), look, asked) == TG_FAIR_ADDED)
        return;
    free(asked);
    answer_refusal(request, "overloaded", NULL, "Too many requests are waiting");
}

const struct endpoint probe_endpoints[] = {
    {.method = "GET",
     .path = "/healthz",
     .who = CALLER_ANYBODY,
     .on_server = answer_at_once,
     .says = "That the process lives."},
    {.method = "GET",
     .path = "/readyz",
     .who = CALLER_ANYBODY,
     .on_server = answer_after_a_look,
     .says = "Whether it can work, and what is missing.",
     .answer = "Readiness"},
    {.method = "GET",
     .path = "/metrics",
     .who = CALLER_ANYBODY,
     .on_server = answer_at_once,
     .says = "Figures for Prometheus."},
    {0},
};
