#include "ingress/api/sends.h"

#include "common/base/digits.h"
#include "common/base/elements.h"
#include "common/base/json.h"
#include "common/base/weight.h"
#include "common/crypto/digest.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "ingress/accept/bundle.h"
#include "ingress/accept/send_content.h"
#include "ingress/accept/send_form.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <stdio.h>
#include <string.h>

// What a body says, the sends in it as they are written.
struct form {
    struct tg_span all[TG_BUNDLE_SENDS_MAX]; // elements of lists
    size_t n;
    struct json_object *rest; // the body with their places among `all` in place of the sends
    struct json_object *places;
    struct identity caller; // of the one org that all are of
    struct tg_send first;   // has that org, and what the header Idempotency-Key says
    struct loans *loans;    // of all
    bool is_unlent;         // any of them
};

static bool check_member(const char *name, struct tg_error *error)
{
    if (!*name)
        return tg_error_set(error, "unknown_field", "body", "There is no member without a name");
    return strcmp(name, "org_id") == 0 || strcmp(name, "messages") == 0 ||
           tg_error_set(error, "unknown_field", name, "There is no %s", name);
}

static bool check_members(struct json_object *rest, struct tg_error *error)
{
    if (!json_object_is_type(rest, json_type_object))
        return tg_error_set(error, "invalid_json", "body", "The body must be a JSON object");
    json_object_object_foreach(rest, name, value)
    {
        (void)value;
        if (!check_member(name, error))
            return false;
    }
    return true;
}

static bool find_sends(struct form *form, struct tg_error *error)
{
    struct json_object *given = NULL;
    json_object_object_get_ex(form->rest, "messages", &given);
    if (!given)
        return tg_error_set(error, "missing_field", "messages", "messages is required");
    if (!json_object_is_type(given, json_type_array) || json_object_array_length(given) == 0)
        return tg_error_set(error, "invalid_field", "messages",
                            "messages must be a list of 1 to %d sends", TG_BUNDLE_SENDS_MAX);
    form->places = given;
    return true;
}

// From now on the org is the caller's: what a send says must not contradict.
static bool read_org(struct form *form, const struct identity *caller, struct tg_error *error)
{
    struct json_object *given = NULL;
    json_object_object_get_ex(form->rest, "org_id", &given);
    struct tg_span org_id = tg_json_span(given);
    if (given && !org_id.data)
        return tg_error_set(error, "invalid_field", "org_id", "org_id must be a string");
    form->caller = *caller;
    if (!identity_org(caller, org_id.data, org_id.length, "org_id", &form->caller.org_id, error))
        return false;
    if (caller->proof == PROOF_NONE)
        form->caller.proof = PROOF_KEY;
    form->first.org_id = form->caller.org_id;
    return true;
}

static bool read_rest(struct form *form, const struct tg_text *body, struct tg_error *error)
{
    TG_TEXT_AUTO rest = {0};
    if (!tg_elements_split(body, form->all, TG_BUNDLE_SENDS_MAX, &form->n, &rest))
        return tg_error_set(error, "invalid_field", "messages",
                            "messages must be a list of 1 to %d sends", TG_BUNDLE_SENDS_MAX);
    if (rest.length > TG_BUNDLE_REST_MAX)
        return tg_error_set(error, "invalid_json", "body",
                            "What stands beside messages must have at most %d bytes",
                            TG_BUNDLE_REST_MAX);
    form->rest = tg_json_parse(rest.data, rest.length, error);
    return form->rest && tg_json_check_names(&rest, error) && check_members(form->rest, error);
}

static struct tg_text send_at(const struct form *form, size_t i)
{
    struct json_object *place = json_object_array_get_idx(form->places, i);
    struct tg_span send = form->all[json_object_get_int64(place)];
    return (struct tg_text){.data = (char *)(uintptr_t)send.data, .length = send.length};
}

// One key for all becomes one for each. (Nobody's own key can be longer than 255.)
static bool read_key(struct request *request, struct form *form, struct tg_error *error)
{
    int count;
    unsigned char digest[TG_SHA256_SIZE];
    struct tg_send *first = &form->first;
    const char *key = request_header(request, "Idempotency-Key", &count);
    if (!send_form_read_key(key, count, &request->body.bytes, first, error))
        return false;
    if (!first->idempotency_key[0])
        return true;
    tg_sha256(first->idempotency_key, strlen(first->idempotency_key), digest);
    int length = snprintf(first->idempotency_key, sizeof first->idempotency_key, "batch:");
    tg_hex_write(digest, sizeof digest, first->idempotency_key + length);
    return true;
}

static bool read_form(struct request *request, const struct identity *caller, struct form *form,
                      struct tg_error *error)
{
    const struct tg_text *body = &request->body.bytes;
    return read_rest(form, body, error) && find_sends(form, error) &&
           read_org(form, caller, error) && read_key(request, form, error);
}

static bool is_same_batch(struct tg_pg *pg, const struct form *form, struct tg_error *error)
{
    bool is_other = false;
    if (!form->first.idempotency_key[0])
        return true;
    enum tg_pg_status status = tg_store_is_other_batch(pg, &form->first, &is_other);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    return !is_other || tg_error_set(error, "idempotency_conflict", "Idempotency-Key",
                                     "The Idempotency-Key came with another body before");
}

// One that is too large to be parsed is its own trouble.
static bool check_size(const struct tg_text *text, struct tg_error *error)
{
    struct tg_weight weight = {0};
    if (text->length >= TG_SEND_COUNTED_FROM && text->length <= TG_SEND_BODY_MAX)
        weight = tg_weight_of(text);
    if (text->length <= TG_SEND_BODY_MAX && weight.objects <= TG_SEND_OBJECTS_MAX &&
        weight.values <= TG_SEND_VALUES_MAX)
        return true;
    return tg_error_set(error, "body_too_large", NULL,
                        "A send must have at most %d bytes, %d objects and lists, and %d values",
                        TG_SEND_BODY_MAX, TG_SEND_OBJECTS_MAX, TG_SEND_VALUES_MAX);
}

static void take_key(const struct form *form, size_t i, struct tg_send *send)
{
    *send = (struct tg_send){.org_id = form->caller.org_id};
    if (!form->first.idempotency_key[0])
        return;
    snprintf(send->idempotency_key, sizeof send->idempotency_key, "%.*s:%zu",
             (int)strlen("batch:") + 2 * TG_SHA256_SIZE, form->first.idempotency_key, i);
    memcpy(send->body_hash, form->first.body_hash, sizeof send->body_hash);
}

static bool read_send(struct tg_pg *pg, struct sends *sends, struct form *form, size_t i,
                      struct tg_send *send, struct tg_error *error)
{
    const struct tg_text text = send_at(form, i);
    if (!check_size(&text, error))
        return false;
    if (*text.data != '{')
        return tg_error_set(error, "invalid_field", "messages", "A send must be an object");
    take_key(form, i, send);
    if (send_form_read(&text, &form->caller, sends->homes, &form->loans, send, error))
        return true;
    if (error->code != send_homeless)
        return false;
    take_key(form, i, send);
    return homes_look_up(sends->homes, pg, send->org_id, error) &&
           send_form_read(&text, &form->caller, sends->homes, &form->loans, send, error);
}

// False: the body is no JSON.
static bool read_sends(struct tg_pg *pg, struct sends *sends, struct form *form,
                       struct bundle *bundle, struct tg_error *error)
{
    for (size_t i = 0; i < json_object_array_length(form->places); i++) {
        struct tg_send send = {0};
        if (read_send(pg, sends, form, i, &send, error)) {
            bundle_add(bundle, &send);
        } else if (strcmp(error->code, "invalid_json") == 0) {
            snprintf(error->field, sizeof error->field, "messages[%zu]", i);
            return false;
        } else {
            form->is_unlent |= error->code == send_unlent;
            bundle_add_refused(bundle, error);
        }
    }
    return true;
}

// False, with *error: the request is not answered.
static bool start(struct tg_pg *pg, struct request *request, struct form *form,
                  struct tg_error *error)
{
    struct sends *sends = endpoint_context(request);
    struct bundle *bundle =
        bundle_create(sends->lanes, request, json_object_array_length(form->places));
    if (!read_sends(pg, sends, form, bundle, error)) {
        bundle_drop(bundle);
        return false;
    }
    if (form->is_unlent) { // all of it is read once more when its files are at Meta
        bundle_drop(bundle);
        lender_take(sends->lender, request, form->loans);
        form->loans = NULL;
        return true;
    }
    request_drop_bytes(request);
    bundle_start(bundle);
    return true;
}

void send_messages(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct form form = {.loans = request->own}; // of one that has waited for its files
    struct tg_error error;
    if (!document_knows_query(request))
        return;
    request->own = NULL;
    if (!read_form(request, caller, &form, &error) || !is_same_batch(pg, &form, &error) ||
        !start(pg, request, &form, &error))
        answer_error(request, &error);
    loans_free(form.loans);
    json_object_put(form.rest);
}
