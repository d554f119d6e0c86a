#include "ingress/desk/rules.h"

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/base/time_text.h"
#include "common/rules/fit.h"
#include "common/rules/reply_body.h"
#include "common/rules/wish.h"
#include "common/store/failure.h"
#include "common/store/tries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rule_places[] = {"first", "last", NULL};

// A message that nobody has written, on its way through its org's rules.
struct trial {
    struct tg_pg *pg;
    struct tg_uuid org_id;
    struct tg_try asked;
    struct tg_inbound_message message;
    struct tg_try_facts facts;
    struct tg_rule rules[TG_RULES_MAX];
    size_t rule_count;
    struct tg_reply reply;
    struct tg_try_verdict verdict;
    struct json_object *told; // the answer
};

static struct tg_span text_of(struct json_object *body, const char *name)
{
    return tg_json_span(tg_json_member(body, name, json_type_string));
}

static bool read_time(struct json_object *body, struct trial *trial, struct tg_error *error)
{
    const char *at = tg_json_string_member(body, "at");
    int64_t at_ms = tg_unix_ms();
    if (at && !tg_time_parse(at, &at_ms))
        return tg_error_set(error, "invalid_field", "at", "at must be a time");
    trial->asked.at_s = at_ms / 1000;
    return true;
}

// Its members are as RULE_TRY says.
static bool read_asked(struct json_object *body, struct trial *trial, struct tg_error *error)
{
    struct tg_try *asked = &trial->asked;
    const char *phone = tg_json_string_member(body, "phone");
    struct tg_span channel = text_of(body, "channel_id");
    asked->org_id = trial->org_id;
    asked->user_id = text_of(body, "user_id");
    asked->contact_id = json_object_get_int64(json_object_object_get(body, "contact_id"));
    asked->phone_number_id = text_of(body, "phone_number_id");
    asked->of_channel =
        channel.length > 0 && tg_uuid_parse(channel.data, channel.length, &asked->channel_id);
    snprintf(asked->phone, sizeof asked->phone, "%s", phone ? phone : "");
    if ((phone != NULL) + (asked->user_id.length > 0) + (asked->contact_id > 0) != 1)
        return tg_error_set(error, "missing_field", "phone",
                            "Give one of phone, user_id and contact_id");
    trial->message.text = text_of(body, "text");
    trial->message.choice = text_of(body, "choice");
    trial->message.is_said = true;
    return read_time(body, trial, error);
}

static bool did(const struct trial *trial, enum tg_pg_status status, struct tg_error *error)
{
    return status == TG_PG_OK || tg_store_failure(trial->pg, status, error);
}

// What stands of the contact, and what the message itself would change of that.
static bool find_facts(struct trial *trial, struct json_object *body, struct tg_error *error)
{
    struct tg_received *received = &trial->facts.received;
    struct tg_org_words words = {0};
    TG_TEXT_AUTO line = {0};
    if (!did(trial, tg_store_find_try(trial->pg, &trial->asked, &trial->facts), error) ||
        !did(trial, tg_store_list_words(trial->pg, &trial->org_id, 1, &words), error))
        return false;
    received->org_id = trial->org_id;
    struct tg_span name = text_of(body, "name");
    if (name.length > 0) {
        tg_text_clear(&received->name);
        tg_text_append(&received->name, name.data, name.length);
    }
    struct json_object *first = tg_json_member(body, "first", json_type_boolean);
    if (first)
        received->is_first = json_object_get_boolean(first);
    tg_words_fold(&words);
    enum tg_wish wish = tg_wish_of(&words, &trial->message, &line);
    received->is_word = wish == TG_WISH_OUT;
    received->opted_out = wish == TG_WISH_OUT || (received->opted_out && wish != TG_WISH_IN);
    tg_text_finish(&words.opt_out);
    tg_text_finish(&words.opt_in);
    return true;
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, *text ? json_object_new_string(text) : NULL);
}

static void add_id(struct json_object *object, const char *name, struct tg_uuid id)
{
    char text[TG_UUID_TEXT_SIZE];
    tg_uuid_format(id, text);
    json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *tell_rule(const struct tg_rule *rule)
{
    struct json_object *told = json_object_new_object();
    add_id(told, "rule_id", rule->id);
    json_object_object_add(told, "version", json_object_new_int64(rule->rule_version));
    return told;
}

// The rule that answers, and in `tried` each that was looked at; NULL: none. *late: there was no
// more time to look.
static const struct tg_rule *find_rule(struct trial *trial, struct json_object *tried, bool *late)
{
    const struct tg_rule *found = NULL;
    struct tg_matcher *matcher = tg_matcher_create();
    struct tg_said said;
    const long long end_ms = tg_now_ms() + TG_TRY_MS;
    tg_said_read(&said, &trial->message, trial->asked.at_s);
    for (size_t i = 0; i < trial->rule_count && !found && !*late; i++) {
        struct tg_error error;
        struct tg_ready_rule ready;
        (void)tg_ready_rule_make(&ready, &trial->rules[i], &error);
        enum tg_fit fit = tg_fit_of(matcher, &ready, &trial->facts.received, &said, &error);
        struct json_object *told = tell_rule(&ready.rule);
        add_text(told, "fit", tg_fit_names[fit]);
        json_object_array_add(tried, told);
        trial->rules[i] = ready.rule;
        tg_pattern_destroy(ready.pattern);
        found = fit == TG_FIT_ANSWERS ? &trial->rules[i] : NULL;
        *late = tg_now_ms() > end_ms;
    }
    tg_said_finish(&said);
    tg_matcher_destroy(matcher);
    return found;
}

// What Meta would get, but for what names messages that are not there.
static struct json_object *tell_reply(const struct trial *trial)
{
    struct tg_error error;
    struct json_object *reply = NULL;
    if (trial->reply.payload.length > 0)
        reply = tg_json_parse(trial->reply.payload.data, trial->reply.payload.length, &error);
    if (reply) {
        json_object_object_del(reply, "biz_opaque_callback_data");
        json_object_object_del(reply, "context");
    }
    return reply;
}

static bool judge(struct trial *trial, const struct tg_rule *rule, struct tg_error *error)
{
    static const char wamid[] = "wamid.try"; // of the message that nobody has written
    const struct tg_received *received = &trial->facts.received;
    struct tg_error fault = {0};
    if (!tg_reply_decide(rule, received, (struct tg_span){wamid, sizeof wamid - 1}, &trial->reply,
                         &fault)) {
        struct json_object *problem = json_object_new_object();
        add_text(problem, "field", fault.field);
        add_text(problem, "message", fault.message);
        json_object_object_add(trial->told, "problem", problem);
    }
    const struct tg_tried_reply asked = {.org_id = trial->org_id,
                                         .rule_id = rule->id,
                                         .channel_id = received->channel_id,
                                         .contact_id = trial->facts.contact_id,
                                         .phone = received->phone,
                                         .user_id = received->user_id,
                                         .type = trial->reply.type,
                                         .payload = tg_text_span(&trial->reply.payload),
                                         .skip = trial->reply.skip,
                                         .at_s = trial->asked.at_s};
    return did(trial, tg_store_judge_try(trial->pg, &asked, &trial->verdict), error);
}

static struct json_object *tell_contact(const struct trial *trial)
{
    const struct tg_received *received = &trial->facts.received;
    struct json_object *told = json_object_new_object();
    json_object_object_add(
        told, "id",
        trial->facts.contact_id > 0 ? json_object_new_int64(trial->facts.contact_id) : NULL);
    add_text(told, "phone", received->phone);
    add_text(told, "user_id", received->user_id);
    add_text(told, "name", tg_text_string(&received->name));
    json_object_object_add(told, "is_first", json_object_new_boolean(received->is_first));
    json_object_object_add(told, "opted_out", json_object_new_boolean(received->opted_out));
    return told;
}

static void tell(struct trial *trial, const struct tg_rule *rule, struct json_object *tried)
{
    struct tg_error error;
    struct json_object *told = trial->told;
    const struct tg_try_verdict *verdict = &trial->verdict;
    json_object_object_add(told, "answers",
                           json_object_new_boolean(strcmp(verdict->verdict, "accepted") == 0));
    add_text(told, "verdict", verdict->verdict);
    add_text(told, "at", trial->facts.at);
    add_id(told, "channel_id", trial->facts.received.channel_id);
    json_object_object_add(told, "contact", tell_contact(trial));
    json_object_object_add(told, "rule", rule ? tell_rule(rule) : NULL);
    json_object_object_add(told, "reply", tell_reply(trial));
    add_text(told, "fee", verdict->fee);
    add_text(told, "meta_cost", verdict->meta_cost);
    add_text(told, "cost", verdict->cost);
    add_text(told, "balance", verdict->balance);
    json_object_object_add(told, "tried", tried);
    json_object_object_add(
        told, "not_tried",
        tg_json_parse(trial->facts.not_tried.data, trial->facts.not_tried.length, &error));
}

static bool run(struct trial *trial, struct json_object *body, struct tg_error *error)
{
    bool late = false;
    if (!read_asked(body, trial, error) || !find_facts(trial, body, error) ||
        !did(trial,
             tg_store_list_rules(trial->pg, trial->org_id, trial->asked.at_s, TG_RULES_MAX,
                                 trial->rules, &trial->rule_count),
             error))
        return false;
    struct json_object *tried = json_object_new_array();
    trial->told = json_object_new_object();
    json_object_object_add(trial->told, "problem", NULL);
    const struct tg_rule *rule = find_rule(trial, tried, &late);
    snprintf(trial->verdict.verdict, sizeof trial->verdict.verdict, "%s",
             late && !rule ? "too_costly" : "no_rule");
    bool good = !rule || judge(trial, rule, error);
    tell(trial, rule, tried);
    return good;
}

bool rules_try(struct tg_pg *pg, const struct tg_desk_question *question, struct tg_text *document,
               struct tg_error *error)
{
    struct trial *trial = tg_alloc(sizeof *trial);
    trial->pg = pg;
    trial->org_id = question->org_id;
    struct json_object *body = tg_json_parse(question->body.data, question->body.length, error);
    bool good = body && run(trial, body, error);
    if (good)
        tg_json_write(trial->told, document);
    json_object_put(trial->told);
    json_object_put(body);
    for (size_t i = 0; i < trial->rule_count; i++)
        tg_rule_finish(&trial->rules[i]);
    tg_text_finish(&trial->message.word);
    tg_text_finish(&trial->facts.received.name);
    tg_text_finish(&trial->facts.not_tried);
    tg_text_finish(&trial->reply.payload);
    free(trial);
    return good;
}
