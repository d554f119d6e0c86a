#include "tests/metasim/inbound.h"

#include "tests/metasim/phone.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME_BYTES_MAX = 512, WAMID_BYTES_MAX = 512 };

static const struct member {
    const char *name;
    enum json_type type;
    int max; // bytes of a string, which has at least one; value of a number, which is at least one
} members[] = {
    {"phone_number_id", json_type_string, SIM_PHONE_NUMBER_ID_SIZE - 1},
    {"from", json_type_string, 64},
    {"user_id", json_type_string, SIM_RECIPIENT_SIZE - 1},
    {"name", json_type_string, NAME_BYTES_MAX},
    {"text", json_type_string, SIM_BODY_MAX},
    {"message", json_type_object, 0},
    {"status", json_type_object, 0},
    {"field", json_type_string, 64},
    {"value", json_type_object, 0},
    {"id", json_type_string, WAMID_BYTES_MAX},
    {"times", json_type_int, SIM_INBOUND_TIMES_MAX},
};

static bool refuse(struct tg_error *error, const char *field, const char *reason)
{
    return tg_error_set(error, "invalid_inbound", field, "%s %s", field, reason);
}

static bool check_member(const char *name, struct json_object *value, struct tg_error *error)
{
    size_t at = 0;
    while (at < sizeof members / sizeof *members && strcmp(members[at].name, name) != 0)
        at++;
    if (at == sizeof members / sizeof *members)
        return refuse(error, name, "is not known here");
    const struct member *member = &members[at];
    if (!json_object_is_type(value, member->type))
        return tg_error_set(error, "invalid_inbound", name, "%s must be a JSON %s", name,
                            json_type_to_name(member->type));
    int64_t size = member->type == json_type_string ? json_object_get_string_len(value)
                                                    : json_object_get_int64(value);
    if (member->max > 0 && (size < 1 || size > member->max))
        return tg_error_set(error, "invalid_inbound", name, "%s must %s 1 to %d%s", name,
                            member->type == json_type_string ? "have" : "be", member->max,
                            member->type == json_type_string ? " bytes" : "");
    return true;
}

// What a wish says, borrowed from it. Absent is NULL.
struct inbound {
    const char *phone_number_id;
    const char *from; // in `phone`
    const char *user_id;
    const char *id;
    struct json_object *name;
    struct json_object *text;
    struct json_object *message;
    struct json_object *status; // in place of a message
    const char *field;
    struct json_object *value; // in place of both: a whole change of this field
    int64_t times;
    char phone[SIM_PHONE_SIZE];
};

static const char *string_member(struct json_object *wish, const char *name)
{
    return json_object_get_string(json_object_object_get(wish, name));
}

static bool understand(struct json_object *wish, struct inbound *inbound, struct tg_error *error)
{
    if (!json_object_is_type(wish, json_type_object))
        return tg_error_set(error, "invalid_inbound", NULL, "the body must be a JSON object");
    json_object_object_foreach(wish, name, value)
    {
        if (!check_member(name, value, error))
            return false;
    }
    struct json_object *times = json_object_object_get(wish, "times");
    *inbound = (struct inbound){
        .phone_number_id = string_member(wish, "phone_number_id"),
        .from = string_member(wish, "from"),
        .user_id = string_member(wish, "user_id"),
        .id = string_member(wish, "id"),
        .name = json_object_object_get(wish, "name"),
        .text = json_object_object_get(wish, "text"),
        .message = json_object_object_get(wish, "message"),
        .status = json_object_object_get(wish, "status"),
        .field = string_member(wish, "field"),
        .value = json_object_object_get(wish, "value"),
        .times = times ? json_object_get_int64(times) : 1,
    };
    const char *number = inbound->phone_number_id;
    if (!number || number[strspn(number, "0123456789")] != '\0')
        return refuse(error, "phone_number_id", "must be a string of digits");
    if (!inbound->field != !inbound->value)
        return refuse(error, "field", "and value come together");
    if (inbound->value)
        return (!inbound->text && !inbound->message && !inbound->status) ||
               refuse(error, "value", "cannot stand beside text, message or status");
    if (inbound->status)
        return (!inbound->text && !inbound->message) ||
               refuse(error, "status", "cannot stand beside text or message");
    if (!inbound->from && !inbound->user_id)
        return refuse(error, "from", "is missing, and so is user_id");
    if (!inbound->text == !inbound->message)
        return refuse(error, "text", "or message must be there, and not both");
    if (!inbound->from)
        return true;
    if (!phone_read(inbound->from, 0, inbound->phone))
        return refuse(error, "from", "must be a phone number");
    inbound->from = inbound->phone;
    return true;
}

static void add_string(struct json_object *object, const char *name, const char *value)
{
    json_object_object_add(object, name, json_object_new_string(value));
}

// What is missing; what is there stays as it is, right or wrong.
static void add_missing(const struct inbound *inbound, const char *new_id,
                        struct json_object *message)
{
    char now[24];
    snprintf(now, sizeof now, "%" PRId64, (int64_t)time(NULL));
    if (inbound->from && !json_object_object_get_ex(message, "from", NULL))
        add_string(message, "from", inbound->from);
    if (inbound->user_id && !json_object_object_get_ex(message, "from_user_id", NULL))
        add_string(message, "from_user_id", inbound->user_id);
    if (inbound->id || !json_object_object_get_ex(message, "id", NULL))
        add_string(message, "id", inbound->id ? inbound->id : new_id);
    if (!json_object_object_get_ex(message, "timestamp", NULL))
        add_string(message, "timestamp", now);
}

static struct json_object *make_message(struct sim *sim, const struct inbound *inbound)
{
    char new_id[WAMID_SIZE];
    const char *who = inbound->from ? inbound->from : inbound->user_id;
    wamids_write(&sim->wamids, wamids_next(&sim->wamids), who ? who : "", new_id);
    struct json_object *given = inbound->status ? inbound->status : inbound->message;
    struct json_object *message = given ? json_object_get(given) : json_object_new_object();
    add_missing(inbound, new_id, message);
    if (inbound->text) {
        struct json_object *text = json_object_new_object();
        json_object_object_add(text, "body", json_object_get(inbound->text));
        add_string(message, "type", "text");
        json_object_object_add(message, "text", text);
    }
    return message;
}

static const char *plain_json(struct json_object *json)
{
    return json_object_to_json_string_ext(json,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void write_body(const struct inbound *inbound, struct json_object *message,
                       struct tg_text *body)
{
    const struct webhook_inbound webhook = {
        .phone_number_id = inbound->phone_number_id,
        .wa_id = inbound->from,
        .user_id = inbound->user_id,
        .name = inbound->name ? json_object_get_string(inbound->name) : "Customer",
        .name_length =
            inbound->name ? (size_t)json_object_get_string_len(inbound->name) : strlen("Customer"),
        .list = inbound->status ? "statuses" : "messages",
        .item = plain_json(message),
    };
    webhook_body_inbound(&webhook, body);
}

// As many series of their own, so that the same body may be under way more than once.
static bool post(struct sim *sim, const struct tg_text *body, int64_t times, struct tg_error *error)
{
    for (int64_t i = 0; i < times; i++) {
        struct series *series = series_of_body(body);
        if (!webhooks_admit(sim->webhooks, series))
            return tg_error_set(error, "too_many_webhooks", NULL,
                                "too many webhooks wait: posted %" PRId64 " times", i);
        webhooks_begin(sim->webhooks, series);
    }
    return true;
}

bool inbound_post(struct sim *sim, struct json_object *wish, struct tg_text *wamid,
                  struct tg_error *error)
{
    struct inbound inbound = {0};
    if (!understand(wish, &inbound, error))
        return false;
    if (!webhooks_aimed(sim->webhooks))
        return tg_error_set(error, "no_webhook", NULL,
                            "there is no webhook URL: give one to POST /_sim/webhook");
    TG_TEXT_AUTO body = {0};
    if (inbound.value) {
        webhook_body_change(inbound.field, plain_json(inbound.value), &body);
        return post(sim, &body, inbound.times, error);
    }
    struct json_object *message = make_message(sim, &inbound);
    write_body(&inbound, message, &body);
    const char *id = json_object_get_string(json_object_object_get(message, "id"));
    tg_text_append_string(wamid, id ? id : "");
    json_object_put(message);
    return post(sim, &body, inbound.times, error);
}
