#include "worker/upkeep/templates.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/graph/templates.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/store/looks.h"
#include "worker/unasked.h"
#include "worker/upkeep/looker.h"

#include <stdlib.h>
#include <string.h>

enum { LEASE_S = 2 * TG_TEMPLATE_LOOK_MS / 1000, PATH_BYTES = 1024 };

// One that is being asked for; it stands in its place until it is recorded.
struct look {
    struct tg_claimed_templates claimed;
    struct tg_text token; // opened
    struct tg_text ids;   // of what has come, the elements of a JSON array
    size_t n;             // of them
    char after[256];      // of the page that is asked for; "": the first one
    bool is_old;          // asks for the fields that each version has
    bool done;
    bool dropped; // it counts no more
    struct tg_graph_trouble trouble;
    int64_t retry_after_s;
};

// What was claimed together is recorded together.
struct templates {
    struct looker looker;
    long long until_ms; // what is not through by then is given up
    struct look looks[TG_TEMPLATE_LOOKS_MAX];
    size_t count;
};

static struct templates *templates_of(struct looker *looker)
{
    return (struct templates *)looker;
}

static void fail(struct look *look, const char *code, const char *message)
{
    tg_graph_set_trouble(&look->trouble, code, message);
    look->done = true;
}

static void ask(struct looker *looker, struct look *look)
{
    TG_TEXT_AUTO path = {0};
    tg_text_reserve(&path, PATH_BYTES);
    tg_text_append_format(&path, "%s/message_templates?fields=%s&limit=%d", look->claimed.waba_id,
                          look->is_old ? tg_graph_template_old_fields : tg_graph_template_fields,
                          TG_TEMPLATE_PAGE_MAX);
    if (*look->after)
        tg_text_append_format(&path, "&after=%s", look->after);
    looker_ask(looker, &look->token, tg_text_string(&path), look);
}

static void begin(struct looker *looker)
{
    struct templates *templates = templates_of(looker);
    for (size_t i = 0; i < templates->count; i++) {
        struct look *look = &templates->looks[i];
        struct tg_claimed_templates *claimed = &look->claimed;
        const struct unasked_token *unusable = looker_open(
            looker, claimed->org_id, claimed->channel_id, &claimed->access_token, &look->token);
        if (unusable)
            fail(look, unusable->outcome, unusable->says);
        else
            ask(looker, look);
    }
}

// A page has come: keeps it, and goes on to the next one.
static void go_on(struct looker *looker, struct look *look, const struct tg_graph_templates *page)
{
    const struct tg_template_page kept = {.look_id = looker->terms.look_id,
                                          .org_id = look->claimed.org_id,
                                          .waba_id = look->claimed.waba_id,
                                          .templates = page->page};
    bool counts = false;
    look->n += page->n;
    if (looker_quotes(&look->token, tg_text_string(&page->page))) {
        fail(look, "unreadable", LOOKER_QUOTED);
    } else if (look->n > TG_TEMPLATES_MAX || (*page->after && page->n == 0)) {
        fail(look, "unreadable", "Meta's list of templates has no end");
    } else if (tg_store_keep_templates_of(looker->pg, &kept, &counts) != TG_PG_OK || !counts) {
        look->dropped = true;
        look->done = true;
    } else if (!*page->after) {
        look->done = true;
    } else if (tg_now_ms() >= templates_of(looker)->until_ms) {
        fail(look, "network:after_write", "Meta's list of templates takes too long");
    } else {
        memcpy(look->after, page->after, sizeof look->after);
        ask(looker, look);
    }
}

static void take(struct looker *looker, const struct tg_http_answer *answer)
{
    struct look *look = answer->context;
    struct tg_graph_templates page;
    if (answer->end != TG_HTTP_ANSWERED) {
        fail(look, unasked_network(answer->end), LOOKER_UNREACHED);
        return;
    }
    tg_graph_read_templates(answer->status, answer->body, &look->ids, &page);
    if (page.trouble.is_field_unknown && !look->is_old) {
        look->is_old = true;
        ask(looker, look);
    } else if (*page.trouble.code) {
        bool quotes = looker_quotes(&look->token, page.trouble.message);
        look->retry_after_s = answer->retry_after_s;
        fail(look, page.trouble.code, quotes ? LOOKER_WORDS_QUOTED : page.trouble.message);
    } else {
        go_on(looker, look, &page);
    }
    tg_text_finish(&page.page);
}

static void tell(const struct look *look)
{
    const char *code = look->trouble.code;
    tg_count(TG_TEMPLATE_LOOKS, *code ? code : "answered", 1);
    if (*code)
        tg_log_rarely(TG_LOG_WARN, "template_look_failed",
                      TG_LOG_ID("org_id", look->claimed.org_id),
                      TG_LOG_TEXT("waba_id", look->claimed.waba_id), TG_LOG_TEXT("outcome", code));
}

static void add_result(struct look *look, struct tg_templates_result *result)
{
    bool failed = *look->trouble.code != '\0';
    struct tg_text ids = {0};
    if (!failed)
        tg_text_append_format(&ids, "[%s]", tg_text_string(&look->ids));
    tg_text_finish(&look->ids);
    look->ids = ids;
    *result = (struct tg_templates_result){.org_id = look->claimed.org_id,
                                           .waba_id = look->claimed.waba_id,
                                           .ids = look->ids,
                                           .error_code = failed ? look->trouble.code : NULL,
                                           .error_message = failed ? look->trouble.message : NULL,
                                           .retry_after_s = look->retry_after_s};
}

static bool record(struct looker *looker)
{
    struct templates *templates = templates_of(looker);
    struct tg_templates_result results[TG_TEMPLATE_LOOKS_MAX];
    size_t n = 0;
    bool leave = false;
    for (size_t i = 0; i < templates->count; i++) {
        struct look *look = &templates->looks[i];
        if (!look->done || look->dropped)
            continue;
        tell(look);
        add_result(look, &results[n++]);
    }
    // Where PostgreSQL is away they are due again when their lease is over.
    if (n > 0 &&
        tg_store_record_template_looks(looker->pg, &looker->terms, results, n, &leave) != TG_PG_OK)
        leave = false;
    return leave;
}

static void forget(struct looker *looker)
{
    struct templates *templates = templates_of(looker);
    for (size_t i = 0; i < templates->count; i++) {
        struct look *look = &templates->looks[i];
        tg_text_wipe(&look->claimed.access_token);
        tg_text_wipe(&look->token);
        tg_text_finish(&look->ids);
        *look = (struct look){.done = false};
    }
    templates->count = 0;
}

static bool claim(struct looker *looker)
{
    struct templates *templates = templates_of(looker);
    struct tg_claimed_templates claimed[TG_TEMPLATE_LOOKS_MAX];
    size_t n = 0;
    if (tg_store_claim_template_looks(looker->pg, &looker->terms, claimed, &n) != TG_PG_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        templates->looks[i].claimed = claimed[i];
    templates->count = n;
    templates->until_ms = tg_now_ms() + TG_TEMPLATE_LOOK_MS;
    return n > 0;
}

static const struct looker_calls calls = {
    .name = "templates",
    .looks_max = TG_TEMPLATE_LOOKS_MAX,
    .least_s = TG_TEMPLATE_LOOK_LEAST_S,
    .lease_s = LEASE_S,
    .answer_max = TG_TEMPLATE_ANSWER_MAX,
    .claim = claim,
    .begin = begin,
    .take = take,
    .record = record,
    .forget = forget,
};

struct templates *templates_start(const struct worker *worker, const atomic_bool *acting)
{
    struct templates *templates = tg_alloc(sizeof *templates);
    looker_start(&templates->looker, &calls, worker, acting);
    return templates;
}

void templates_stop(struct templates *templates)
{
    if (templates)
        looker_stop(&templates->looker);
}

void templates_free(struct templates *templates)
{
    if (!templates)
        return;
    looker_finish(&templates->looker);
    free(templates);
}
