#include "worker/upkeep/numbers.h"

#include "common/base/memory.h"
#include "common/graph/number.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/store/looks.h"
#include "worker/unasked.h"
#include "worker/upkeep/looker.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEASE_S = 120, PATH_BYTES = 640 };

// One that is being asked about; it stands in its place until it is recorded.
struct look {
    struct tg_claimed_look claimed;
    struct tg_text token; // opened
    bool is_old;          // asks for the fields that each version has
    bool done;
    struct tg_graph_number number;
};

// What was claimed together is recorded together.
struct numbers {
    struct looker looker;
    struct look looks[TG_CHANNEL_LOOKS_MAX];
    size_t count;
};

static struct numbers *numbers_of(struct looker *looker)
{
    return (struct numbers *)looker;
}

static void fail(struct look *look, const char *code, const char *message)
{
    tg_text_finish(&look->number.facts);
    look->number = (struct tg_graph_number){.trouble = {.code = ""}};
    tg_graph_set_trouble(&look->number.trouble, code, message);
    look->done = true;
}

static void ask(struct looker *looker, struct look *look)
{
    TG_TEXT_AUTO path = {0};
    tg_text_reserve(&path, PATH_BYTES);
    tg_text_append_format(&path, "%s?fields=%s", look->claimed.phone_number_id,
                          look->is_old ? tg_graph_number_old_fields : tg_graph_number_fields);
    looker_ask(looker, &look->token, tg_text_string(&path), look);
}

static void begin(struct looker *looker)
{
    struct numbers *numbers = numbers_of(looker);
    for (size_t i = 0; i < numbers->count; i++) {
        struct look *look = &numbers->looks[i];
        struct tg_claimed_look *claimed = &look->claimed;
        const struct unasked_token *unusable = looker_open(
            looker, claimed->org_id, claimed->channel_id, &claimed->access_token, &look->token);
        if (unusable)
            fail(look, unusable->outcome, unusable->says);
        else
            ask(looker, look);
    }
}

// Nobody sees a token, wherever an answer quotes it.
static void hide_token(struct look *look)
{
    struct tg_graph_number *number = &look->number;
    if (looker_quotes(&look->token, tg_text_string(&number->facts)))
        fail(look, "unreadable", LOOKER_QUOTED);
    else if (looker_quotes(&look->token, number->trouble.message))
        snprintf(number->trouble.message, sizeof number->trouble.message, LOOKER_WORDS_QUOTED);
}

static void take(struct looker *looker, const struct tg_http_answer *answer)
{
    struct look *look = answer->context;
    if (answer->end != TG_HTTP_ANSWERED) {
        fail(look, unasked_network(answer->end), LOOKER_UNREACHED);
        return;
    }
    tg_graph_read_number(look->claimed.phone_number_id, answer->status, answer->body,
                         &look->number);
    if (look->number.trouble.is_field_unknown && !look->is_old) {
        look->is_old = true;
        ask(looker, look);
    } else {
        hide_token(look);
        look->done = true;
    }
}

static void tell(const struct look *look)
{
    const char *code = look->number.trouble.code;
    tg_count(TG_CHANNEL_LOOKS, *code ? code : "answered", 1);
    if (*code)
        tg_log_rarely(TG_LOG_WARN, "channel_look_failed", TG_LOG_ID("org_id", look->claimed.org_id),
                      TG_LOG_ID("channel_id", look->claimed.channel_id),
                      TG_LOG_TEXT("outcome", code));
}

static bool record(struct looker *looker)
{
    struct numbers *numbers = numbers_of(looker);
    struct tg_look_result results[TG_CHANNEL_LOOKS_MAX];
    size_t n = 0;
    bool leave = false;
    for (size_t i = 0; i < numbers->count; i++) {
        struct look *look = &numbers->looks[i];
        const struct tg_graph_number *number = &look->number;
        bool failed = *number->trouble.code != '\0';
        if (!look->done)
            continue;
        tell(look);
        results[n++] =
            (struct tg_look_result){.org_id = look->claimed.org_id,
                                    .channel_id = look->claimed.channel_id,
                                    .facts = number->facts,
                                    .error_code = failed ? number->trouble.code : NULL,
                                    .error_message = failed ? number->trouble.message : NULL};
    }
    // Where PostgreSQL is away they are due again when their lease is over.
    if (n > 0 &&
        tg_store_record_channel_looks(looker->pg, &looker->terms, results, n, &leave) != TG_PG_OK)
        leave = false;
    return leave;
}

static void forget(struct looker *looker)
{
    struct numbers *numbers = numbers_of(looker);
    for (size_t i = 0; i < numbers->count; i++) {
        struct look *look = &numbers->looks[i];
        tg_text_wipe(&look->claimed.access_token);
        tg_text_wipe(&look->token);
        tg_text_finish(&look->number.facts);
        *look = (struct look){.done = false};
    }
    numbers->count = 0;
}

static bool claim(struct looker *looker)
{
    struct numbers *numbers = numbers_of(looker);
    struct tg_claimed_look claimed[TG_CHANNEL_LOOKS_MAX];
    size_t n = 0;
    if (tg_store_claim_channel_looks(looker->pg, &looker->terms, claimed, &n) != TG_PG_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        numbers->looks[i].claimed = claimed[i];
    numbers->count = n;
    return n > 0;
}

static const struct looker_calls calls = {
    .name = "numbers",
    .looks_max = TG_CHANNEL_LOOKS_MAX,
    .least_s = TG_CHANNEL_LOOK_LEAST_S,
    .lease_s = LEASE_S,
    .answer_max = TG_META_ANSWER_MAX,
    .claim = claim,
    .begin = begin,
    .take = take,
    .record = record,
    .forget = forget,
};

struct numbers *numbers_start(const struct worker *worker, const atomic_bool *acting)
{
    struct numbers *numbers = tg_alloc(sizeof *numbers);
    looker_start(&numbers->looker, &calls, worker, acting);
    return numbers;
}

void numbers_stop(struct numbers *numbers)
{
    if (numbers)
        looker_stop(&numbers->looker);
}

void numbers_free(struct numbers *numbers)
{
    if (!numbers)
        return;
    looker_finish(&numbers->looker);
    free(numbers);
}
