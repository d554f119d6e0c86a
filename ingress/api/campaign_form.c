#include "ingress/api/campaign_form.h"

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/time_text.h"
#include "common/base/weight.h"
#include "common/cloud/message.h"
#include "ingress/desk/member.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MPS_MAX = 1000, NAME_MAX_BYTES = 255 };

static const struct desk_member members[] = {
    {"name", .kind = DESK_TEXT, .max = NAME_MAX_BYTES},
    {"template", .kind = DESK_OBJECT, .max = 1},
    {"payload", .kind = DESK_OBJECT, .max = 1},
    {"channel_id", .kind = DESK_ID},
    {"phone_number_id", .kind = DESK_TEXT, .max = 32},
    {"send_at", .kind = DESK_TIME},
    {"not_after", .kind = DESK_TIME},
    {"max_mps", DESK_NUMBER, .min = 1, .max = MPS_MAX},
    {0},
};

// Whom it goes to is the recipients' to say.
static const char *const of_recipients[] = {"to", "recipient", "recipient_type",
                                            "messaging_product", NULL};

// What makes a whole message of what is left, for the check.
static void open_envelope(struct tg_text *json, const char *phone, const char *user_id)
{
    tg_text_append_string(json, "{\"messaging_product\":\"whatsapp\",\"recipient_type\":"
                                "\"individual\",");
    tg_text_append_string(json, phone ? "\"to\":" : "\"recipient\":");
    const char *name = phone ? phone : user_id;
    tg_text_append_json(json, name, strlen(name));
    tg_text_append_string(json, ",");
}

static void rename_field(const struct campaign_form *form, struct tg_error *error)
{
    char path[sizeof error->field - sizeof "payload."];
    snprintf(path, sizeof path, "%.*s", (int)sizeof path - 1, error->field);
    if (!form->by_template)
        snprintf(error->field, sizeof error->field, "payload%s%s", *path ? "." : "", path);
}

size_t campaign_form_place(const struct campaign_form *form, struct tg_span name)
{
    size_t i = 0;
    while (i < form->names_count && !tg_span_equals(name, form->names[i]))
        i++;
    return i;
}

static bool add_placeholder(struct campaign_form *form, struct tg_span name, struct tg_error *error)
{
    size_t place = campaign_form_place(form, name);
    if (form->count == TG_CAMPAIGN_PLACEHOLDERS_MAX)
        return tg_error_set(error, "invalid_field", form->by_template ? "template" : "",
                            "There must be at most %d placeholders", TG_CAMPAIGN_PLACEHOLDERS_MAX);
    if (place == form->names_count)
        memcpy(form->names[form->names_count++], name.data, name.length);
    form->places[form->count++] = place;
    return true;
}

static bool is_named(struct tg_span name)
{
    bool good = name.length > 0 && name.length < CAMPAIGN_NAME_SIZE;
    for (size_t i = 0; good && i < name.length; i++)
        good = isalnum((unsigned char)name.data[i]) || name.data[i] == '_';
    return good;
}

// "{{ name }}" at the beginning of what is left: its name, and *end behind it. What JSON writes of
// a document has no such braces but in strings: within it they are of nothing but names and values.
static bool read_placeholder(const char *at, const char *limit, struct tg_span *name,
                             const char **end, struct tg_error *error)
{
    const char *close = memmem(at, (size_t)(limit - at), "}}", 2);
    const char *from = at + 2;
    const char *to = close;
    while (close && from < to && *from == ' ')
        from++;
    while (close && to > from && to[-1] == ' ')
        to--;
    *name = (struct tg_span){from, close ? (size_t)(to - from) : 0};
    *end = close ? close + 2 : limit;
    return is_named(*name) ||
           tg_error_set(error, "invalid_field", "",
                        "A placeholder must be {{name}}: letters, digits and _, up to %d",
                        CAMPAIGN_NAME_SIZE - 1);
}

// Behind a string: the name of a member, which has no placeholder, as it is the same for everybody?
static bool check_string(const char *behind, bool has_any, struct tg_error *error)
{
    return *behind != ':' || !has_any ||
           tg_error_set(error, "invalid_field", "", "The name of a member holds no placeholder");
}

// Splits the text, which is compact JSON, at the placeholders in its strings.
static bool split(struct campaign_form *form, struct tg_error *error)
{
    const char *part = tg_text_string(&form->text);
    const char *limit = part + form->text.length;
    bool in_string = false;
    size_t before = 0; // this string
    for (const char *at = part; at < limit;) {
        struct tg_span name;
        if (in_string && limit - at > 1 && at[0] == '{' && at[1] == '{') {
            const char *begin = at;
            if (!read_placeholder(at, limit, &name, &at, error) ||
                !add_placeholder(form, name, error))
                return false;
            form->parts[form->count - 1] = (struct tg_span){part, (size_t)(begin - part)};
            part = at;
            continue;
        }
        if (*at == '"') {
            if (in_string && !check_string(at + 1, form->count > before, error))
                return false;
            in_string = !in_string;
            before = form->count;
        }
        at += in_string && *at == '\\' ? 2 : 1;
    }
    form->parts[form->count] = (struct tg_span){part, (size_t)(limit - part)};
    return true;
}

static bool check_envelope(struct json_object *message, struct tg_error *error)
{
    for (const char *const *name = of_recipients; *name; name++) {
        if (strcmp(*name, "messaging_product") == 0)
            json_object_object_del(message, *name);
        else if (json_object_object_get(message, *name))
            return tg_error_set(error, "invalid_field", *name,
                                "%s is not said here: recipients say who gets it", *name);
    }
    return !json_object_object_get(message, "status") ||
           tg_error_set(error, "invalid_field", "status", "A campaign sends messages");
}

// The message that is asked for, the caller's to put.
static struct json_object *find_message(struct json_object *root, struct campaign_form *form,
                                        struct tg_error *error)
{
    struct json_object *template = tg_json_member(root, "template", json_type_object);
    struct json_object *payload = tg_json_member(root, "payload", json_type_object);
    if (!template == !payload) {
        tg_error_set(error, payload ? "invalid_field" : "missing_field", "template",
                     "One of template and payload is required, as an object");
        return NULL;
    }
    form->by_template = template != NULL;
    if (payload)
        return json_object_get(payload);
    struct json_object *message = json_object_new_object();
    json_object_object_add(message, "type", json_object_new_string("template"));
    json_object_object_add(message, "template", json_object_get(template));
    return message;
}

// Meta's judgement of the message with its placeholders as they stand there, and its type.
static bool check_message(struct json_object *message, struct campaign_form *form,
                          struct tg_error *error)
{
    struct tg_cloud_message checked;
    json_object_object_add(message, "messaging_product", json_object_new_string("whatsapp"));
    json_object_object_add(message, "to", json_object_new_string("10000000000"));
    bool good = tg_cloud_message_check(message, &checked, error);
    const char *type = good ? checked.type : tg_json_string_member(message, "type");
    snprintf(form->type, sizeof form->type, "%s", type ? type : "");
    json_object_object_del(message, "messaging_product");
    json_object_object_del(message, "to");
    return good;
}

// The client's own data goes with every message.
static bool take_callback_data(struct json_object *root, struct json_object *message,
                               struct tg_error *error)
{
    static const char name[] = "biz_opaque_callback_data";
    struct json_object *own = json_object_object_get(message, name);
    if (own && !json_object_is_type(own, json_type_string))
        return tg_error_set(error, "invalid_field", name, "%s must be a text", name);
    if (own)
        json_object_object_add(root, "callback_data", json_object_get(own));
    json_object_object_del(message, name);
    return true;
}

// What Meta gets, without the brace before, as the envelope has it.
static bool write_text(struct json_object *message, struct campaign_form *form,
                       struct tg_error *error)
{
    TG_TEXT_AUTO json = {0};
    tg_json_write(message, &json);
    if (json.length > TG_CAMPAIGN_TEXT_MAX)
        return tg_error_set(error, "invalid_field", form->by_template ? "template" : "",
                            "The message must have at most %d bytes", TG_CAMPAIGN_TEXT_MAX);
    tg_text_append(&form->text, json.data + 1, json.length - 1);
    return true;
}

// What the loans want to know of a campaign is what they want to know of a send of it.
static struct tg_send send_of(struct json_object *root, struct tg_uuid org_id)
{
    struct tg_send send = {.org_id = org_id};
    const char *number = tg_json_string_member(root, "phone_number_id");
    const char *until = tg_json_string_member(root, "not_after");
    struct tg_span channel = tg_json_span(json_object_object_get(root, "channel_id"));
    send.has_channel =
        channel.data && tg_uuid_parse(channel.data, channel.length, &send.channel_id);
    snprintf(send.phone_number_id, sizeof send.phone_number_id, "%s", number ? number : "");
    if (!until || !tg_time_parse(until, &send.not_after_ms))
        send.not_after_ms = 0;
    return send;
}

// Puts Meta's ids in the place of those of kept files, and the channel that they are of into
// `root`. A draft has no end of its own, but Meta's ids have.
static bool lend(struct json_object *root, struct json_object *message,
                 const struct campaign_form *form, struct tg_uuid org_id, struct loans **loans,
                 struct tg_error *error)
{
    struct tg_send send = send_of(root, org_id);
    bool had_channel = send.has_channel;
    char id[TG_UUID_TEXT_SIZE];
    struct tg_error none;
    if (!send.not_after_ms && !loans_none(message, &none))
        return tg_error_set(error, "missing_field", "not_after",
                            "A campaign with a kept file says until when it leaves (not_after), "
                            "which is within 29 days: Meta has the file for so long");
    if (!loans_fill(loans, message, form->by_template ? "" : "payload.", &send, error))
        return false;
    if (had_channel || !send.has_channel)
        return true;
    tg_uuid_format(send.channel_id, id);
    json_object_object_del(root, "phone_number_id");
    json_object_object_add(root, "channel_id", json_object_new_string(id));
    return true;
}

// Its bytes, split. Where it does not fit as it stands there (*fault says why) placeholders must
// make something of it.
static bool take_text(struct json_object *message, bool fits, const struct tg_error *fault,
                      struct campaign_form *form, struct tg_error *error)
{
    if (!write_text(message, form, error) || !split(form, error))
        return false;
    if (fits || (form->count > 0 && *form->type))
        return true;
    *error = *fault;
    return false;
}

// Takes the message out of `root`. Where placeholders make something of it that Meta takes, each
// recipient shows.
static bool read_message(struct json_object *root, struct tg_uuid org_id, struct loans **loans,
                         struct campaign_form *form, struct tg_error *error)
{
    struct tg_error fault;
    struct json_object *message = find_message(root, form, error);
    if (!message)
        return false;
    bool good = check_envelope(message, error) && take_callback_data(root, message, error);
    bool fits = good && check_message(message, form, &fault);
    bool is_lent = !fits || lend(root, message, form, org_id, loans, error);
    good = good && is_lent && take_text(message, fits, &fault, form, error);
    if (!good && is_lent)
        rename_field(form, error);
    json_object_put(message);
    return good;
}

// What the members of the body cannot say by themselves.
static bool check_times(struct json_object *root, struct tg_error *error)
{
    const char *send_at = tg_json_string_member(root, "send_at");
    const char *not_after = tg_json_string_member(root, "not_after");
    int64_t from_ms = tg_unix_ms();
    int64_t to_ms = 0;
    if (send_at && !tg_time_parse(send_at, &from_ms))
        return tg_error_set(error, "invalid_field", "send_at", "send_at must be a time");
    if (from_ms > tg_unix_ms() + TG_SEND_AT_MAX_S * 1000LL)
        return tg_error_set(error, "invalid_field", "send_at", "send_at must be within a year");
    return !not_after || (tg_time_parse(not_after, &to_ms) && to_ms > from_ms) ||
           tg_error_set(error, "invalid_field", "not_after",
                        "not_after must be in the future, and after send_at");
}

static struct json_object *texts_of(const struct tg_span *spans, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list,
                              json_object_new_string_len(spans[i].data, (int)spans[i].length));
    return list;
}

static void write_body(struct json_object *root, struct campaign_form *form)
{
    struct tg_span names[TG_CAMPAIGN_PLACEHOLDERS_MAX];
    for (size_t i = 0; i < form->count; i++)
        names[i] = tg_span_of(form->names[form->places[i]]);
    json_object_object_del(root, "template");
    json_object_object_del(root, "payload");
    json_object_object_add(root, "type", json_object_new_string(form->type));
    json_object_object_add(root, "parts", texts_of(form->parts, form->count + 1));
    json_object_object_add(root, "placeholders", texts_of(names, form->count));
    tg_json_write(root, &form->body);
}

static bool check_weight(const struct tg_text *json, struct tg_error *error)
{
    struct tg_weight weight = tg_weight_of(json);
    return (json->length <= TG_SEND_BODY_MAX && weight.objects <= TG_SEND_OBJECTS_MAX &&
            weight.values <= TG_SEND_VALUES_MAX) ||
           tg_error_set(error, "invalid_json", "body",
                        "Beside its recipients a campaign must have at most %d bytes, %d objects "
                        "and lists, and %d values",
                        TG_SEND_BODY_MAX, TG_SEND_OBJECTS_MAX, TG_SEND_VALUES_MAX);
}

bool campaign_form_read(const struct tg_text *json, struct tg_uuid org_id, struct loans **loans,
                        struct campaign_form *form, struct tg_error *error)
{
    if (!check_weight(json, error))
        return false;
    struct json_object *root = desk_read_object(json, members, error);
    bool good = root && check_times(root, error) && read_message(root, org_id, loans, form, error);
    if (good)
        write_body(root, form);
    json_object_put(root);
    return good;
}

void campaign_form_finish(struct campaign_form *form)
{
    tg_text_finish(&form->body);
    tg_text_finish(&form->text);
}

void campaign_form_fill(const struct campaign_form *form, const struct tg_span *values,
                        struct tg_text *fills)
{
    tg_text_append_string(fills, "[");
    for (size_t i = 0; i < form->count; i++) {
        struct tg_span value = values[form->places[i]];
        tg_text_append_string(fills, i > 0 ? "," : "");
        tg_text_append_json(fills, value.data, value.length);
    }
    tg_text_append_string(fills, "]");
}

// A string of JSON's without its quotes.
static void append_within(struct tg_text *json, struct tg_span value)
{
    TG_TEXT_AUTO quoted = {0};
    tg_text_append_json(&quoted, value.data, value.length);
    tg_text_append(json, quoted.data + 1, quoted.length - 2);
}

bool campaign_form_check(const struct campaign_form *form, const struct tg_span *values,
                         const char *phone, const char *user_id, struct tg_error *error)
{
    struct tg_cloud_message checked;
    TG_TEXT_AUTO json = {0};
    open_envelope(&json, phone, user_id);
    for (size_t i = 0; i < form->count; i++) {
        tg_text_append(&json, form->parts[i].data, form->parts[i].length);
        append_within(&json, values[form->places[i]]);
    }
    tg_text_append(&json, form->parts[form->count].data, form->parts[form->count].length);
    struct json_object *message = tg_json_parse(tg_text_string(&json), json.length, error);
    bool good =
        message && tg_cloud_message_check(message, &checked, error) && loans_none(message, error);
    if (good && strcmp(checked.type, form->type) != 0)
        good =
            tg_error_set(error, "invalid_message", "type", "type must be %s for all", form->type);
    if (!good)
        rename_field(form, error);
    json_object_put(message);
    return good;
}
