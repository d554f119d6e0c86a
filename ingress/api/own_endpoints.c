#include "ingress/api/own_endpoints.h"

#include "common/base/json.h"
#include "common/crypto/delivery_signature.h"
#include "common/crypto/seal.h"
#include "common/http/outside_url.h"
#include "common/limits.h"
#include "common/store/own.h"
#include "ingress/api/endpoints.h"
#include "ingress/desk/finds.h"

#include <string.h>

// Meta's verify tokens and app secrets are texts of people's choice; these get into a URL.
enum { TOKEN_MAX = 128, SECRET_MIN = 16, SECRET_MAX = 128 };

static const struct desk_name of_endpoint[] = {{"id", DESK_THING_ID}, {0}};
static const struct desk_name of_delivery[] = {
    {"id", DESK_THING_ID}, {"event", DESK_THING_NAME}, {0}};
static const char *const formats[] = {"standard", "meta", NULL};

static bool is_printable(struct tg_span text)
{
    bool good = !tg_is_sealed(text);
    for (size_t i = 0; good && i < text.length; i++)
        good = text.data[i] > ' ' && text.data[i] < 0x7f;
    return good;
}

// As it is to stand there: sealed, if there are keys.
static void keep(const struct own_endpoints *means, const struct tg_seal_place *place,
                 struct tg_span secret, struct json_object *body, const char *name)
{
    TG_TEXT_AUTO sealed = {0};
    struct tg_span stored = secret;
    if (tg_seal(means->keys, place, secret, &sealed))
        stored = tg_text_span(&sealed);
    json_object_object_add(body, name, json_object_new_string_len(stored.data, (int)stored.length));
}

static bool prepare_url(const struct own_endpoints *means, struct json_object *body,
                        struct tg_error *error)
{
    TG_TEXT_AUTO read = {0};
    const char *url = tg_json_string_member(body, "url");
    if (!url)
        return true;
    if (!tg_outside_url_read(url, means->networks, "url", &read, error))
        return false;
    json_object_object_add(body, "url", json_object_new_string(tg_text_string(&read)));
    return true;
}

static bool prepare_verify_token(const struct own_endpoints *means, struct tg_uuid org_id,
                                 struct tg_uuid id, struct json_object *body,
                                 struct tg_error *error)
{
    const struct tg_seal_place place = tg_seal_place_of_verify_token(org_id, id);
    TG_SECRET_AUTO copy = {0};
    struct tg_span token = tg_json_span(tg_json_member(body, "verify_token", json_type_string));
    if (!token.data)
        return true;
    if (!is_printable(token))
        return tg_error_set(error, "invalid_field", "verify_token",
                            "verify_token must be letters, digits and signs of ASCII");
    tg_text_append(&copy, token.data, token.length);
    keep(means, &place, tg_text_span(&copy), body, "verify_token");
    return true;
}

// The caller's own or a new one: it is told this once, and kept. Which are good the format says,
// which only SQL knows of an endpoint that is there: is_standard.
static bool prepare_secret(const struct own_endpoints *means, struct tg_uuid org_id,
                           struct tg_uuid id, struct json_object *body, struct tg_error *error)
{
    const struct tg_seal_place place = tg_seal_place_of_secret(org_id, id);
    struct tg_span given = tg_json_span(tg_json_member(body, "secret", json_type_string));
    TG_SECRET_AUTO secret = {0};
    if (given.data)
        tg_text_append(&secret, given.data, given.length);
    else
        tg_endpoint_secret_make(&secret);
    if (!is_printable(tg_text_span(&secret)) || secret.length < SECRET_MIN)
        return tg_error_set(error, "invalid_field", "secret",
                            "secret must be 16 to 128 letters, digits and signs of ASCII");
    json_object_object_add(
        body, "is_standard",
        json_object_new_boolean(tg_endpoint_secret_is_good(tg_text_span(&secret))));
    json_object_object_add(body, "told_secret", json_object_new_string(secret.data));
    keep(means, &place, tg_text_span(&secret), body, "secret");
    return true;
}

// The id is made here: what is sealed is bound to it.
static bool prepare_new(const void *context, struct tg_desk_question *question,
                        struct json_object *body, struct tg_error *error)
{
    const struct own_endpoints *means = context;
    struct tg_uuid id_of_new = tg_uuid7();
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(id_of_new, id);
    json_object_object_add(body, "id", json_object_new_string(id));
    return prepare_url(means, body, error) &&
           prepare_secret(means, question->org_id, id_of_new, body, error) &&
           prepare_verify_token(means, question->org_id, id_of_new, body, error);
}

static bool prepare_change(const void *context, struct tg_desk_question *question,
                           struct json_object *body, struct tg_error *error)
{
    return prepare_url(context, body, error) &&
           prepare_verify_token(context, question->org_id, question->id, body, error);
}

static bool prepare_rotation(const void *context, struct tg_desk_question *question,
                             struct json_object *body, struct tg_error *error)
{
    return prepare_secret(context, question->org_id, question->id, body, error);
}

#define ABOUT                                                                                      \
    {"description", .kind = DESK_TEXT, .clears = true}, {"types", .kind = DESK_TEXTS, .max = 64},  \
        {"channel_ids", .kind = DESK_TEXTS, .clears = true, .max = 36},                            \
    {                                                                                              \
        "verify_token", .kind = DESK_TEXT, .max = TOKEN_MAX                                        \
    }

const struct endpoint own_endpoint_endpoints[] = {
    {.method = "GET",
     .path = "/api/endpoints",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_endpoints, .list = DESK_LIST_BY_ID),
     .says = "The org's endpoints, newest first.",
     .answer = "Endpoints"},
    {.method = "POST",
     .path = "/api/endpoints",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY,
     DESK_TASK(.call = &tg_create_endpoint, .prepare = prepare_new, .status = 201,
               .members =
                   DESK_MEMBERS({"url", DESK_TEXT, .required = true, .max = TG_ENDPOINT_URL_MAX},
                                {"format", .kind = DESK_WORD, .words = formats},
                                {"secret", .kind = DESK_TEXT, .max = SECRET_MAX}, ABOUT)),
     .says = "Makes an endpoint, which is told what the org asks for from now on. Its secret is "
             "told this once.",
     .request = "NewEndpoint",
     .answer = "Endpoint"},
    {.method = "GET",
     .path = "/api/endpoints/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_endpoint, .path = of_endpoint),
     .says = "One endpoint.",
     .answer = "Endpoint"},
    {.method = "PATCH",
     .path = "/api/endpoints/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY,
     DESK_TASK(.call = &tg_change_endpoint, .path = of_endpoint, .prepare = prepare_change,
               .members =
                   DESK_MEMBERS({"url", .kind = DESK_TEXT, .max = TG_ENDPOINT_URL_MAX},
                                {"state", .kind = DESK_WORD, .words = endpoint_states}, ABOUT)),
     .says = "Changes an endpoint, or whether it is told.",
     .request = "EndpointChange",
     .answer = "Endpoint"},
    {.method = "DELETE",
     .path = "/api/endpoints/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_TASK(.call = &tg_delete_endpoint, .path = of_endpoint),
     .says = "Ends an endpoint: nothing is told to it any more.",
     .answer = "Endpoint"},
    {.method = "POST",
     .path = "/api/endpoints/{id}/rotate-secret",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_rotate_endpoint_secret, .path = of_endpoint, .prepare = prepare_rotation,
               .members = DESK_MEMBERS({"secret", .kind = DESK_TEXT, .max = SECRET_MAX})),
     .says = "Has an endpoint's deliveries signed under a new secret, and for a day under the one "
             "before as well.",
     .request = "SecretRotation",
     .answer = "Endpoint"},
    {.method = "POST",
     .path = "/api/endpoints/{id}/test",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_TASK(.call = &tg_test_endpoint, .path = of_endpoint, .status = 202),
     .says = "Has a test event posted to an endpoint; one of format meta is verified anew.",
     .answer = "EndpointTest"},
    {.method = "POST",
     .path = "/api/endpoints/{id}/recover",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_recover_endpoint, .path = of_endpoint, .status = 202,
               .members = RECOVERY_MEMBERS),
     .says = "Has what was given up since a time posted again, oldest first.",
     .request = "Recovery",
     .answer = "Endpoint"},
    {.method = "GET",
     .path = "/api/endpoints/{id}/deliveries",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_deliveries, .path = of_endpoint, .list = DESK_LIST_BY_MARK,
               .find = DELIVERY_FIND),
     .says = "What an endpoint was told, newest first, with each attempt.",
     .answer = "Deliveries"},
    {.method = "GET",
     .path = "/api/endpoints/{id}/deliveries/{event}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_delivery, .path = of_delivery),
     .says = "One delivery, with each attempt.",
     .answer = "Delivery"},
    {.method = "POST",
     .path = "/api/endpoints/{id}/deliveries/{event}/resend",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_TASK(.call = &tg_resend_delivery, .path = of_delivery, .status = 202),
     .says = "Has an event posted to an endpoint once more, under the same id.",
     .answer = "Delivery"},
    {0},
};
