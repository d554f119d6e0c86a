#include "worker/send/outcome.h"

#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/limits.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void set_key(struct tg_outcome *outcome, const char *key)
{
    snprintf(outcome->key, sizeof outcome->key, "%s", key);
}

// Copies `text`, or as many whole characters of it as there is room for.
static size_t copy_cut(char *to, size_t size, const char *text)
{
    assert(size > 0);
    size_t length = strlen(text);
    if (length >= size)
        length = tg_utf8_whole(text, size - 1);
    memcpy(to, text, length);
    to[length] = '\0';
    return length;
}

static void set_message(struct tg_outcome *outcome, const char *text, const char *details)
{
    size_t size = sizeof outcome->error_message;
    size_t length = copy_cut(outcome->error_message, size, text);
    if (!details || details[0] == '\0')
        return;
    if (length > 0)
        length += copy_cut(outcome->error_message + length, size - length, ": ");
    copy_cut(outcome->error_message + length, size - length, details);
}

static const char *text_member(struct json_object *object, const char *key)
{
    const char *text = tg_json_string_member(object, key);
    return text ? text : "";
}

// {"error":{"message","type","code","error_subcode","error_data":{"messaging_product","details"},
// "is_transient"}}: docs/meta.md ("Errors")
static bool judge_envelope(struct json_object *root, struct tg_outcome *outcome)
{
    struct json_object *error = tg_json_member(root, "error", json_type_object);
    struct json_object *code = tg_json_member(error, "code", json_type_int);
    if (!code)
        return false;
    snprintf(outcome->key, sizeof outcome->key, "%" PRId64, json_object_get_int64(code));
    struct json_object *data = tg_json_member(error, "error_data", json_type_object);
    set_message(outcome, text_member(error, "message"), text_member(data, "details"));
    outcome->error_subcode =
        json_object_get_int64(tg_json_member(error, "error_subcode", json_type_int));
    outcome->transient =
        json_object_get_boolean(tg_json_member(error, "is_transient", json_type_boolean));
    return true;
}

// The id of the one message that was sent; false if there is none, or none that could be kept.
static bool find_wamid(struct json_object *root, struct tg_outcome *outcome)
{
    struct json_object *messages = tg_json_member(root, "messages", json_type_array);
    struct json_object *first = messages ? json_object_array_get_idx(messages, 0) : NULL;
    struct tg_span id = tg_json_span(tg_json_member(first, "id", json_type_string));
    if (id.length == 0 || id.length >= sizeof outcome->wamid || strlen(id.data) != id.length)
        return false;
    memcpy(outcome->wamid, id.data, id.length + 1);
    return true;
}

// As a rule Meta says of a number what it was asked for, but for its plus.
static bool is_asked_for(struct tg_span wa_id, struct tg_span input)
{
    size_t plus = input.length > 0 && input.data[0] == '+';
    return wa_id.data && input.data && wa_id.length == input.length - plus &&
           memcmp(wa_id.data, input.data + plus, wa_id.length) == 0;
}

static void find_number(struct tg_span input, struct tg_span wa_id, struct tg_outcome *outcome)
{
    char asked[TG_PHONE_SIZE];
    struct tg_error none;
    if (!wa_id.data || is_asked_for(wa_id, input))
        return;
    if (!tg_phone_normalise(wa_id.data, wa_id.length, "wa_id", outcome->wa_id, &none) ||
        (input.data && tg_phone_normalise(input.data, input.length, "input", asked, &none) &&
         strcmp(asked, outcome->wa_id) == 0))
        outcome->wa_id[0] = '\0';
}

// {"contacts": [{"input": what was asked for, "wa_id": ..., "user_id": ...}]}: who has got it, if
// that says more than was asked for.
static void find_recipient(struct json_object *root, struct tg_outcome *outcome)
{
    struct json_object *contacts = tg_json_member(root, "contacts", json_type_array);
    struct json_object *first = contacts ? json_object_array_get_idx(contacts, 0) : NULL;
    struct tg_span input = tg_json_span(tg_json_member(first, "input", json_type_string));
    struct tg_span wa_id = tg_json_span(tg_json_member(first, "wa_id", json_type_string));
    struct tg_span user_id = tg_json_span(tg_json_member(first, "user_id", json_type_string));
    find_number(input, wa_id, outcome);
    if (user_id.length < sizeof outcome->user_id && user_id.data &&
        strlen(user_id.data) == user_id.length &&
        !(input.data && tg_span_equals(user_id, input.data)))
        memcpy(outcome->user_id, user_id.data, user_id.length + 1);
}

static void judge_success(const struct tg_http_answer *answer, bool receipt,
                          struct json_object *root, struct tg_outcome *outcome)
{
    bool success = json_object_get_boolean(tg_json_member(root, "success", json_type_boolean));
    if (find_wamid(root, outcome) || (receipt && success)) {
        set_key(outcome, "sent");
        find_recipient(root, outcome);
        return;
    }
    set_key(outcome, "http:2xx_without_id");
    snprintf(outcome->error_message, sizeof outcome->error_message,
             "Answered HTTP %d without a message id", answer->status);
}

static void judge_status(const struct tg_http_answer *answer, struct tg_outcome *outcome)
{
    int status = answer->status;
    if (status >= 400 && status <= 499)
        snprintf(outcome->key, sizeof outcome->key, "http:%d", status);
    else if (answer->sent)
        set_key(outcome, "http:5xx");
    else // answered before the message left us: nobody can have passed it on
        set_key(outcome, unasked_network(TG_HTTP_UNSENT));
    snprintf(outcome->error_message, sizeof outcome->error_message,
             "Answered HTTP %d without an error of Meta's", status);
}

static void judge_failure(const struct tg_http_answer *answer, struct tg_outcome *outcome)
{
    set_key(outcome, unasked_network(answer->end));
    set_message(outcome, answer->reason, NULL);
}

static void clear(struct tg_outcome *outcome)
{
    *outcome = (struct tg_outcome){.message_id = outcome->message_id,
                                   .org_id = outcome->org_id,
                                   .claim_id = outcome->claim_id};
}

// However long Meta asks us to wait, we look again now and then: it may have been a mistake.
static int64_t heeded(int64_t retry_after_s)
{
    if (retry_after_s < 0)
        return 0;
    return retry_after_s < TG_RETRY_AFTER_MAX_S ? retry_after_s : TG_RETRY_AFTER_MAX_S;
}

void outcome_judge(const struct tg_http_answer *answer, bool receipt, struct tg_outcome *outcome)
{
    clear(outcome);
    if (answer->end != TG_HTTP_ANSWERED) {
        judge_failure(answer, outcome);
        return;
    }
    struct tg_error not_json;
    struct json_object *root = tg_json_parse(answer->body.data, answer->body.length, &not_json);
    if (!judge_envelope(root, outcome)) {
        if (answer->status >= 200 && answer->status <= 299)
            judge_success(answer, receipt, root, outcome);
        else
            judge_status(answer, outcome);
    }
    json_object_put(root);
    if (strcmp(outcome->key, "sent") != 0)
        outcome->retry_after_s = heeded(answer->retry_after_s);
}

void outcome_broken_off(struct tg_outcome *outcome)
{
    clear(outcome);
    set_key(outcome, unasked_network(TG_HTTP_UNKNOWN));
    set_message(outcome, "The worker stopped before the answer came", NULL);
}

void outcome_unusable_token(struct tg_outcome *outcome, const struct unasked_token *why)
{
    clear(outcome);
    set_key(outcome, why->outcome);
    set_message(outcome, why->says, NULL);
}
