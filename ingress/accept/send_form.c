#include "ingress/accept/send_form.h"

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/time_text.h"
#include "common/base/utf8.h"
#include "common/crypto/digest.h"
#include "common/limits.h"
#include "ingress/accept/send_content.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// How the client gave the message, which is how errors name its fields.
enum shape { SHAPE_MESSAGE, SHAPE_MEDIA, SHAPE_PAYLOAD };

static const struct {
    const char *name;
    enum json_type type;
    const char *type_name;
} shapes[] = {
    [SHAPE_MESSAGE] = {"message", json_type_string, "a string"},
    [SHAPE_MEDIA] = {"media", json_type_object, "an object"},
    [SHAPE_PAYLOAD] = {"payload", json_type_object, "an object"},
};

// All that a request may say. What stands in `payload` is Meta's.
static const char *const members[] = {"channel_id", "media",    "message", "not_after",
                                      "org_id",     "payload",  "phone",   "phone_number_id",
                                      "priority",   "reply_to", "send_at", NULL};
static const char *const media_members[] = {"caption",  "filename", "id",    "link",
                                            "provider", "type",     "voice", NULL};

// Are they the same but for case and "_"?
static bool is_alike(const char *one, const char *other)
{
    do {
        one += strspn(one, "_-");
        other += strspn(other, "_-");
        if (tolower((unsigned char)*one) != tolower((unsigned char)*other))
            return false;
    } while (*one++ && *other++);
    return true;
}

// A misspelt sendAt must not send at once. `within` is where the object stands: "", or "media.".
static bool refuse_unknown(const char *within, const char *name, const char *const *known,
                           struct tg_error *error)
{
    char field[sizeof error->field];
    size_t length = strlen(name);
    if (length == 0)
        return tg_error_set(error, "unknown_field", *within ? "media" : "body",
                            "There is no member without a name");
    if (length > sizeof field / 2)
        length = tg_utf8_whole(name, sizeof field / 2);
    snprintf(field, sizeof field, "%s%.*s", within, (int)length, name);
    while (*known && !is_alike(name, *known))
        known++;
    return *known ? tg_error_set(error, "unknown_field", field, "There is no %s; there is %s%s",
                                 field, within, *known)
                  : tg_error_set(error, "unknown_field", field, "There is no %s", field);
}

static bool check_names(struct json_object *object, const char *within, const char *const *known,
                        struct tg_error *error)
{
    json_object_object_foreach(object, name, value)
    {
        const char *const *at = known;
        (void)value;
        while (*at && strcmp(name, *at) != 0)
            at++;
        if (!*at)
            return refuse_unknown(within, name, known, error);
    }
    return true;
}

static struct json_object *parse(const struct tg_text *body, struct tg_error *error)
{
    struct json_object *root = send_content_parse(body, error);
    if (root && !json_object_is_type(root, json_type_object)) {
        json_object_put(root);
        tg_error_set(error, "invalid_json", "body", "The body must be a JSON object");
        return NULL;
    }
    return root;
}

// PostgreSQL's text holds no NUL. Few bodies have one, and the rest is not walked through.
static bool check_nul(const struct tg_text *body, struct json_object *root, struct tg_error *error)
{
    if (!memmem(body->data, body->length, "\\u0000", 6) ||
        (tg_json_check_names(body, error) && tg_json_check_nul(root, error)))
        return true;
    for (enum shape i = SHAPE_MESSAGE; i <= SHAPE_PAYLOAD; i++)
        if (strncmp(error->field, shapes[i].name, strlen(shapes[i].name)) == 0)
            error->code = "invalid_message";
    return false;
}

// Finds an optional member of the given type; null counts as absent. false: it has another type.
static bool find(struct json_object *root, const char *field, enum json_type type,
                 const char *type_name, struct json_object **value, struct tg_error *error)
{
    *value = NULL;
    json_object_object_get_ex(root, field, value);
    if (*value && !json_object_is_type(*value, type))
        return tg_error_set(error, "invalid_field", field, "%s must be %s", field, type_name);
    return true;
}

// The same for a string; *text is absent if the member is.
static bool find_text(struct json_object *root, const char *field, struct tg_span *text,
                      struct tg_error *error)
{
    struct json_object *value;
    bool good = find(root, field, json_type_string, "a string", &value, error);
    *text = tg_json_span(good ? value : NULL);
    return good;
}

static bool read_org(struct json_object *root, const struct identity *caller, struct tg_send *send,
                     struct tg_error *error)
{
    struct tg_span org_id;
    return find_text(root, "org_id", &org_id, error) &&
           identity_org(caller, org_id.data, org_id.length, "org_id", &send->org_id, error);
}

static bool read_phone(struct json_object *root, struct homes *homes, struct tg_send *send,
                       struct tg_error *error)
{
    struct tg_span phone;
    return find_text(root, "phone", &phone, error) &&
           (!phone.data ||
            send_content_number(phone, "phone", homes, send->org_id, send->phone, error));
}

// The channel, by its id or by Meta's id of its number; who gives both must mean the same.
static bool read_channel(struct json_object *root, struct tg_send *send, struct tg_error *error)
{
    struct tg_span id;
    struct tg_span number;
    if (!find_text(root, "channel_id", &id, error) ||
        !find_text(root, "phone_number_id", &number, error))
        return false;
    send->has_channel = id.data != NULL;
    if (id.data && !tg_uuid_parse(id.data, id.length, &send->channel_id))
        return tg_error_set(error, "invalid_field", "channel_id", "channel_id must be a UUID");
    if (!number.data)
        return true;
    if (number.length == 0 || number.length >= sizeof send->phone_number_id ||
        strspn(number.data, "0123456789") != number.length)
        return tg_error_set(error, "invalid_field", "phone_number_id",
                            "phone_number_id must be Meta's id of a number: digits");
    memcpy(send->phone_number_id, number.data, number.length + 1);
    return true;
}

static bool read_priority(struct json_object *root, struct tg_send *send, struct tg_error *error)
{
    struct tg_span priority;
    if (!find_text(root, "priority", &priority, error))
        return false;
    const char *name = priority.data ? priority.data : "high";
    if (strcmp(name, "high") == 0)
        send->priority = TG_PRIORITY_HIGH;
    else if (strcmp(name, "bulk") == 0)
        send->priority = TG_PRIORITY_BULK;
    else
        return tg_error_set(error, "invalid_field", "priority", "priority must be high or bulk");
    return true;
}

// An optional time, at most so many seconds ahead; 0 if it is absent.
static bool read_time(struct json_object *root, const char *field, int64_t ahead_max_s,
                      int64_t *time_ms, struct tg_error *error)
{
    struct tg_span given;
    *time_ms = 0;
    if (!find_text(root, field, &given, error))
        return false;
    if (!given.data)
        return true;
    if (send_content_holds_nul(given) || !tg_time_parse(given.data, time_ms))
        return tg_error_set(error, "invalid_field", field,
                            "%s must be a time such as 2026-11-24T09:30:00Z (RFC 3339)", field);
    if (*time_ms == 0)
        *time_ms = 1; // the very second of 1970 in which 0 means none
    if (*time_ms > tg_unix_ms() + ahead_max_s * 1000)
        return tg_error_set(error, "invalid_field", field, "%s must be at most %d days ahead",
                            field, (int)(ahead_max_s / 86400));
    return true;
}

static bool read_times(struct json_object *root, struct tg_send *send, struct tg_error *error)
{
    if (!read_time(root, "send_at", TG_SEND_AT_MAX_S, &send->send_at_ms, error) ||
        !read_time(root, "not_after", TG_SEND_AT_MAX_S + TG_NOT_AFTER_DEFAULT_S,
                   &send->not_after_ms, error))
        return false;
    if (send->not_after_ms && send->not_after_ms <= send->send_at_ms)
        return tg_error_set(error, "invalid_field", "not_after", "not_after must be after send_at");
    return true;
}

static struct json_object *media_message(struct json_object *media, struct tg_error *error)
{
    struct json_object *type = NULL;
    const char *code = NULL;
    json_object_object_get_ex(media, "type", &type);
    if (!type)
        code = "missing_field";
    else if (!json_object_is_type(type, json_type_string))
        code = "invalid_field";
    else if (!tg_cloud_message_is_media(json_object_get_string(type)))
        code = "invalid_message";
    if (code) {
        tg_error_set(error, code, "media.type",
                     "media.type must be image, video, audio, document or sticker");
        return NULL;
    }
    if (!check_names(media, "media.", media_members, error))
        return NULL;
    struct json_object *message = json_object_new_object();
    struct json_object *content = json_object_new_object();
    json_object_object_foreach(media, name, value)
    {
        if (strcmp(name, "type") != 0)
            json_object_object_add(content, name, json_object_get(value));
    }
    json_object_object_add(message, "type", json_object_get(type));
    json_object_object_add(message, json_object_get_string(type), content);
    return message;
}

// The Cloud API message object that the request asks for, and how it asks. The caller owns it.
static struct json_object *read_content(struct json_object *root, enum shape *shape,
                                        struct tg_error *error)
{
    struct json_object *given = NULL;
    for (enum shape i = SHAPE_MESSAGE; i <= SHAPE_PAYLOAD; i++) {
        struct json_object *value;
        if (!find(root, shapes[i].name, shapes[i].type, shapes[i].type_name, &value, error))
            return NULL;
        if (value && given) {
            tg_error_set(error, "invalid_field", shapes[i].name,
                         "Give only one of message, media and payload");
            return NULL;
        }
        if (value) {
            given = value;
            *shape = i;
        }
    }
    if (!given) {
        tg_error_set(error, "missing_field", "message",
                     "One of message, media and payload is required");
        return NULL;
    }
    if (*shape == SHAPE_MESSAGE)
        return tg_cloud_message_text(json_object_get(given));
    return *shape == SHAPE_MEDIA ? media_message(given, error) : json_object_get(given);
}

// A path within the Cloud API message, as the client wrote it.
static void rename_field(enum shape shape, struct tg_error *error)
{
    char path[sizeof error->field - sizeof "payload."];
    snprintf(path, sizeof path, "%.*s", (int)sizeof path - 1, error->field);
    const char *dot = strchr(path, '.');
    if (shape == SHAPE_MESSAGE)
        snprintf(error->field, sizeof error->field, "message");
    else if (shape == SHAPE_MEDIA && strcmp(path, "type") == 0)
        snprintf(error->field, sizeof error->field, "media.type");
    else if (shape == SHAPE_MEDIA)
        snprintf(error->field, sizeof error->field, "media%s", dot ? dot : "");
    else
        snprintf(error->field, sizeof error->field, "payload%s%s", path[0] ? "." : "", path);
}

static void add_missing(struct json_object *message, const char *name, const char *value)
{
    if (!json_object_object_get(message, name))
        json_object_object_add(message, name, json_object_new_string(value));
}

// The envelope (messaging_product, recipient_type, to) is whole or absent: a bare
// {"type": ..., "template": ...} gets ours, a complete Cloud API message must be complete, unless
// `phone` stands beside it, from which it is filled up. A receipt is written to nobody.
static bool add_envelope(struct json_object *message, const struct tg_send *send,
                         struct tg_error *error)
{
    send_content_drop_empty(message);
    bool is_receipt = json_object_object_get(message, "status");
    bool is_addressed =
        json_object_object_get(message, "to") || json_object_object_get(message, "recipient");
    bool is_bare = !is_addressed && !json_object_object_get(message, "messaging_product") &&
                   !json_object_object_get(message, "recipient_type");
    if (is_receipt || is_bare || send->phone[0])
        add_missing(message, "messaging_product", "whatsapp");
    if (is_receipt || is_addressed)
        return true;
    if (!is_bare && !send->phone[0])
        return tg_error_set(error, "missing_field", "payload.to",
                            "payload.to is missing: give it, or payload.recipient, or phone beside "
                            "payload");
    add_missing(message, "recipient_type", "individual");
    json_object_object_add(message, "to", json_object_new_string(""));
    return true;
}

static bool add_reply_to(struct json_object *root, struct json_object *message,
                         struct tg_error *error)
{
    struct tg_span wamid;
    if (!find_text(root, "reply_to", &wamid, error))
        return false;
    if (!wamid.data)
        return true;
    if (wamid.length == 0 || wamid.length >= TG_WAMID_SIZE)
        return tg_error_set(error, "invalid_field", "reply_to",
                            "reply_to must be the wamid of a message");
    tg_cloud_message_answer(message, wamid);
    return true;
}

static bool read_message(struct json_object *root, struct json_object *message, enum shape shape,
                         struct homes *homes, struct loans **loans, struct tg_send *send,
                         struct tg_error *error)
{
    struct tg_cloud_message checked;
    if (!add_reply_to(root, message, error))
        return false;
    if (!add_envelope(message, send, error))
        return false;
    if (!tg_cloud_message_check(message, &checked, error)) {
        rename_field(shape, error);
        return false;
    }
    if (!loans_fill(loans, message, shape == SHAPE_MEDIA ? NULL : "payload.", send, error))
        return false;
    return send_content_read(message, &checked, "payload.", homes, send, error);
}

bool send_form_read(const struct tg_text *body, const struct identity *caller, struct homes *homes,
                    struct loans **loans, struct tg_send *send, struct tg_error *error)
{
    struct json_object *root = parse(body, error);
    if (!root)
        return false;
    enum shape shape = SHAPE_MESSAGE;
    struct json_object *message = NULL;
    bool good = check_names(root, "", members, error) && read_org(root, caller, send, error) &&
                read_phone(root, homes, send, error) && read_channel(root, send, error) &&
                read_priority(root, send, error) && read_times(root, send, error) &&
                check_nul(body, root, error) &&
                (message = read_content(root, &shape, error)) != NULL;
    if (good) {
        send->message_id = tg_uuid7();
        good = read_message(root, message, shape, homes, loans, send, error);
    }
    json_object_put(message);
    json_object_put(root);
    if (!good)
        tg_send_finish(send);
    return good;
}

bool send_form_read_key(const char *value, int count, const struct tg_text *body,
                        struct tg_send *send, struct tg_error *error)
{
    static const char header[] = "Idempotency-Key";
    if (count == 0)
        return true;
    if (count > 1)
        return tg_error_set(error, "invalid_header", header, "%s must be given once", header);
    value = value ? value + strspn(value, " \t") : "";
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t", value[length - 1]))
        length--;
    bool printable = length > 0 && length < TG_IDEMPOTENCY_KEY_SIZE;
    for (size_t i = 0; printable && i < length; i++)
        printable = value[i] >= ' ' && value[i] <= '~';
    if (!printable)
        return tg_error_set(error, "invalid_header", header,
                            "%s must have 1 to %d printable ASCII characters", header,
                            TG_IDEMPOTENCY_KEY_SIZE - 1);
    memcpy(send->idempotency_key, value, length);
    tg_sha256(tg_text_string(body), body->length, send->body_hash);
    return true;
}

// Of "wait=10", with blanks and quotes as RFC 7240 allows them; NULL: it says nothing of the kind.
static const char *wait_digits(const char *at)
{
    if (strncasecmp(at, "wait", 4) != 0)
        return NULL;
    at += 4 + strspn(at + 4, " \t");
    if (*at != '=')
        return NULL;
    at += 1 + strspn(at + 1, " \t");
    at += *at == '"';
    return isdigit((unsigned char)*at) ? at : NULL;
}

int send_form_wait_seconds(const char *prefer, int unless_said)
{
    static const char never[] = "respond-async";
    int wait_s = unless_said;
    for (const char *at = prefer; at && *at;) {
        at += strspn(at, " ,;\t");
        size_t length = strcspn(at, " ,;\t");
        const char *digits = wait_digits(at);
        if (digits) {
            long seconds = strtol(digits, NULL, 10);
            return seconds > TG_WAIT_MAX_S ? TG_WAIT_MAX_S : (int)seconds;
        }
        if (length == sizeof never - 1 && strncasecmp(at, never, length) == 0)
            wait_s = 0;
        at += length;
    }
    return wait_s;
}
