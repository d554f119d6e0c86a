#include "common/cloud/message.h"

#include "common/base/json.h"
#include "common/cloud/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TEXT_BODY_MAX = 4096,
    CAPTION_MAX = 1024,
    OPAQUE_MAX = 512,
    TEMPLATE_NAME_MAX = 512,
    // Far longer than any that Meta gives, and short enough to be a key in the database.
    RECIPIENT_MAX = 256,
    LATITUDE_MAX = 90,
    LONGITUDE_MAX = 180,
};

static bool check_text(const struct tg_part *text)
{
    struct tg_part preview = tg_part_member(text, "preview_url");
    if (!tg_check_object(text) || !tg_check_member(text, "body", 1, TEXT_BODY_MAX))
        return false;
    return !preview.value || json_object_is_type(preview.value, json_type_boolean) ||
           tg_part_refuse(&preview, "must be true or false");
}

// What a type of media may have beside its link or id.
enum { MEDIA = 1, CAPTION = 2, FILENAME = 4 };

static bool check_media(const struct tg_part *media, unsigned allowed)
{
    struct tg_part caption = tg_part_member(media, "caption");
    struct tg_part filename = tg_part_member(media, "filename");
    if (!tg_check_media_source(media))
        return false;
    if (caption.value && !(allowed & CAPTION))
        return tg_part_refuse(&caption, "is not for this type of media");
    if (filename.value && !(allowed & FILENAME))
        return tg_part_refuse(&filename, "is for documents only");
    return tg_check_optional(media, "caption", CAPTION_MAX) &&
           tg_check_optional(media, "filename", TG_CHARACTERS_ANY);
}

// Reads degrees. Meta's examples have numbers, its description and its pages strings: both are
// taken.
static bool read_degrees(struct json_object *value, double *degrees)
{
    if (json_object_is_type(value, json_type_string)) {
        const char *string = json_object_get_string(value);
        size_t length = strspn(string, "+-.0123456789");
        char *end = NULL;
        *degrees = strtod(string, &end);
        return length > 0 && length == (size_t)json_object_get_string_len(value) &&
               end == string + length;
    }
    *degrees = json_object_get_double(value);
    return json_object_is_type(value, json_type_double) ||
           json_object_is_type(value, json_type_int);
}

static bool check_degrees(const struct tg_part *part, int limit)
{
    double degrees = 0;
    if (!part->value)
        return tg_part_refuse(part, "is missing");
    if (!read_degrees(part->value, &degrees))
        return tg_part_refuse(part, "must be a number");
    // Asked this way round, a value that is no number at all is refused too.
    return (degrees >= -limit && degrees <= limit) ||
           tg_part_refuse(part, "must be from %d to %d", -limit, limit);
}

static bool check_location(const struct tg_part *location)
{
    struct tg_part latitude = tg_part_member(location, "latitude");
    struct tg_part longitude = tg_part_member(location, "longitude");
    return tg_check_object(location) && check_degrees(&latitude, LATITUDE_MAX) &&
           check_degrees(&longitude, LONGITUDE_MAX);
}

static bool check_contacts(const struct tg_part *contacts)
{
    if (!tg_check_array(contacts, SIZE_MAX))
        return false;
    size_t count = json_object_array_length(contacts->value);
    for (size_t i = 0; i < count; i++) {
        struct tg_part contact = tg_part_element(contacts, i);
        struct tg_part name = tg_part_member(&contact, "name");
        if (!tg_check_object(&contact) || !tg_check_object(&name) ||
            !tg_check_member(&name, "formatted_name", 1, TG_CHARACTERS_ANY))
            return false;
    }
    return true;
}

static bool check_template_name(const struct tg_part *name)
{
    if (!tg_check_text(name, 1, TEMPLATE_NAME_MAX))
        return false;
    if (tg_part_is_stand_in(name))
        return true;
    // A template is made with letters, digits and "_" only, but Meta's own examples have a "-" too.
    size_t allowed =
        strspn(json_object_get_string(name->value), "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return allowed == (size_t)json_object_get_string_len(name->value) ||
           tg_part_refuse(name, "may have lower-case letters, digits, _ and - only");
}

// What Meta does not take as the text of a parameter.
static bool check_parameter(const struct tg_part *parameter)
{
    struct tg_part type = tg_part_member(parameter, "type");
    struct tg_part text = tg_part_member(parameter, "text");
    if (!tg_part_equals(&type, "text") || !json_object_is_type(text.value, json_type_string))
        return true;
    const char *string = json_object_get_string(text.value);
    if (strpbrk(string, "\n\r\t") || strstr(string, "     "))
        return tg_part_refuse(&text, "must have no line breaks, no tabs and at most four blanks "
                                     "in a row");
    return tg_check_text(&text, 1, TG_CHARACTERS_ANY);
}

static bool check_elements(const struct tg_part *of, const char *name,
                           bool (*check)(const struct tg_part *element))
{
    struct tg_part array = tg_part_member(of, name);
    size_t count = json_object_is_type(array.value, json_type_array)
                       ? json_object_array_length(array.value)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        struct tg_part element = tg_part_element(&array, i);
        if (!check(&element))
            return false;
    }
    return true;
}

static bool check_parameters(const struct tg_part *component)
{
    return check_elements(component, "parameters", check_parameter);
}

static bool check_card(const struct tg_part *card)
{
    return check_elements(card, "components", check_parameters);
}

static bool check_component(const struct tg_part *component)
{
    return check_parameters(component) && check_elements(component, "cards", check_card);
}

static bool check_template(const struct tg_part *template)
{
    struct tg_part name = tg_part_member(template, "name");
    struct tg_part language = tg_part_member(template, "language");
    struct tg_part components = tg_part_member(template, "components");
    if (!tg_check_object(template) || !check_template_name(&name) || !tg_check_object(&language) ||
        !tg_check_member(&language, "code", 1, TG_CHARACTERS_ANY))
        return false;
    if (components.value && !json_object_is_type(components.value, json_type_array))
        return tg_part_refuse(&components, "must be an array");
    return check_elements(template, "components", check_component);
}

static bool check_reaction(const struct tg_part *reaction)
{
    return tg_check_object(reaction) &&
           tg_check_member(reaction, "message_id", 1, TG_CHARACTERS_ANY) &&
           tg_check_member(reaction, "emoji", 0,
                           TG_CHARACTERS_ANY); // an empty one takes the reaction back
}

// Meta's message types. A type for which only tg_check_object stands here is passed on untouched.
// `pin` is not in Meta's OpenAPI description but on its page "Group messaging". The first is Meta's
// default.
static const struct type {
    const char *name;
    bool (*check)(const struct tg_part *content);
    unsigned media; // 0: no media
} types[] = {
    {"text", check_text, 0},
    {"template", check_template, 0},
    {"image", tg_check_object, MEDIA | CAPTION},
    {"video", tg_check_object, MEDIA | CAPTION},
    {"audio", tg_check_object, MEDIA},
    {"document", tg_check_object, MEDIA | CAPTION | FILENAME},
    {"sticker", tg_check_object, MEDIA},
    {"location", check_location, 0},
    {"contacts", check_contacts, 0},
    {"interactive", tg_check_interactive, 0},
    {"reaction", check_reaction, 0},
    {"pin", tg_check_object, 0},
};
enum { TYPES = sizeof types / sizeof *types };

static const struct type *find_type(const struct tg_part *name)
{
    for (size_t i = 0; i < TYPES; i++)
        if (tg_part_equals(name, types[i].name))
            return &types[i];
    return NULL;
}

// The type of a message that does not say it, which from here on does.
static const struct type *infer_type(const struct tg_part *message)
{
    const struct type *type = NULL;
    for (size_t i = 0; i < TYPES && !type; i++)
        if (tg_part_member(message, types[i].name).value)
            type = &types[i];
    if (!type)
        type = &types[0];
    struct json_object *name = json_object_new_string(type->name);
    if (!name || json_object_object_add(message->value, "type", name) != 0)
        abort();
    return type;
}

static bool check_content(const struct tg_part *message, struct tg_cloud_message *out)
{
    struct tg_part name = tg_part_member(message, "type");
    if (name.value && !tg_check_text(&name, 1, TG_CHARACTERS_ANY))
        return false;
    const struct type *type = name.value ? find_type(&name) : infer_type(message);
    if (!type)
        return tg_part_refuse(&name, "is none of the Cloud API's message types");
    struct tg_part content = tg_part_member(message, type->name);
    if (!type->check(&content) || (type->media && !check_media(&content, type->media)))
        return false;
    out->type = type->name;
    return true;
}

static bool check_recipient(const struct tg_part *message, struct tg_cloud_message *out)
{
    struct tg_part to = tg_part_member(message, "to");
    struct tg_part recipient = tg_part_member(message, "recipient");
    struct tg_part type = tg_part_member(message, "recipient_type");
    if (type.value && !tg_part_equals(&type, "individual") && !tg_part_equals(&type, "group"))
        return tg_part_refuse(&type, "must be \"individual\" or \"group\"");
    if (recipient.value && !tg_check_text(&recipient, 1, RECIPIENT_MAX))
        return false;
    if (recipient.value && (!to.value || tg_part_equals(&to, ""))) {
        out->recipient = recipient.value;
        return true;
    }
    out->to = to.value; // which counts where both stand: docs/meta.md ("The request")
    return tg_check_text(&to, 0, TG_CHARACTERS_ANY);
}

static bool check_options(const struct tg_part *message)
{
    struct tg_part context = tg_part_member(message, "context");
    if (context.value && !(tg_check_object(&context) &&
                           tg_check_member(&context, "message_id", 1, TG_CHARACTERS_ANY)))
        return false;
    return tg_check_optional(message, "biz_opaque_callback_data", OPAQUE_MAX);
}

// What the Graph API takes from a body as it does from the query, and does: as somebody else, to
// something else, or with another answer than ours understands. The rest of a message's members are
// Meta's to judge. In order.
static const char *const controls[] = {
    "_method",
    "access_token",
    "appsecret_proof",
    "appsecret_time",
    "batch",
    "body_format",
    "callback",
    "date_format",
    "debug",
    "fields",
    "format",
    "id",
    "ids",
    "include_headers",
    "jsonp",
    "locale",
    "metadata",
    "method",
    "migrations_override",
    "oauth_token",
    "omit_response_on_success",
    "pretty",
    "redirect",
    "redirect_uri",
    "relative_url",
    "return_ssl_resources",
    "sdk",
    "summary",
    "suppress_http_code",
    "transport",
};

static int compare_control(const void *name, const void *control)
{
    const struct tg_span *span = name;
    const char *text = *(const char *const *)control;
    int order = strncasecmp(span->data, text, span->length);
    return order != 0 || text[span->length] == '\0' ? order : -1;
}

// Whatever its case, and also as an element ("ids[0]").
static bool is_control(const char *name)
{
    struct tg_span span = {name, strcspn(name, "[.")};
    return bsearch(&span, controls, sizeof controls / sizeof *controls, sizeof *controls,
                   compare_control) != NULL;
}

static bool check_names(const struct tg_part *message)
{
    json_object_object_foreach(message->value, name, value)
    {
        (void)value;
        if (!is_control(name))
            continue;
        struct tg_part member = tg_part_member(message, name);
        return tg_part_refuse(&member, "is a parameter of Meta's Graph API, not of a message");
    }
    return true;
}

// With what makes a message of it, it would be one that costs nothing.
static bool check_without_content(const struct tg_part *receipt)
{
    struct tg_part type = tg_part_member(receipt, "type");
    for (size_t i = 0; i < TYPES && !type.value; i++)
        type = tg_part_member(receipt, types[i].name);
    return !type.value || tg_part_refuse(&type, "must not stand in a receipt");
}

static bool check_receipt(const struct tg_part *message, struct tg_cloud_message *out)
{
    struct tg_part typing = tg_part_member(message, "typing_indicator");
    out->type = "receipt";
    return tg_check_equals(message, "status", "read") && check_without_content(message) &&
           tg_check_member(message, "message_id", 1, TG_CHARACTERS_ANY) &&
           (!typing.value ||
            (tg_check_object(&typing) && tg_check_equals(&typing, "type", "text")));
}

// A receipt names no recipient. What does is a message and costs its fee, whatever else it says.
static bool is_receipt(const struct tg_part *message)
{
    return tg_part_member(message, "status").value && !tg_part_member(message, "to").value &&
           !tg_part_member(message, "recipient").value;
}

bool tg_cloud_message_check(struct json_object *message, struct tg_cloud_message *out,
                            struct tg_error *error)
{
    struct tg_part root = {.value = message, .error = error};
    *out = (struct tg_cloud_message){0};
    if (!tg_check_object(&root) || !check_names(&root) ||
        !tg_check_equals(&root, "messaging_product", "whatsapp"))
        return false;
    if (is_receipt(&root))
        return check_receipt(&root, out);
    return check_recipient(&root, out) && check_options(&root) && check_content(&root, out);
}

bool tg_cloud_message_is_media(const char *type)
{
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].media && strcmp(types[i].name, type) == 0)
            return true;
    return false;
}

const char *tg_cloud_message_part(size_t n)
{
    static const char *const beside[] = {"context", "typing_indicator", "direct_send_config", NULL};
    return n < TYPES ? types[n].name : beside[n - TYPES];
}

// Without the "+" Meta may put the country code of the sending number in front, and so reach a
// stranger or nobody. The id of a group stays as it is.
static void add_plus(struct json_object *message)
{
    struct tg_part root = {.value = message};
    struct tg_part to = tg_part_member(&root, "to");
    struct tg_part type = tg_part_member(&root, "recipient_type");
    if (!to.value || tg_part_equals(&type, "group"))
        return;
    TG_TEXT_AUTO number = {0};
    tg_text_append_format(&number, "+%s", json_object_get_string(to.value));
    json_object_object_add(message, "to", json_object_new_string(tg_text_string(&number)));
}

struct json_object *tg_cloud_message_text(struct json_object *body)
{
    struct json_object *message = json_object_new_object();
    struct json_object *text = json_object_new_object();
    json_object_object_add(text, "body", body);
    json_object_object_add(message, "type", json_object_new_string("text"));
    json_object_object_add(message, "text", text);
    return message;
}

void tg_cloud_message_answer(struct json_object *message, struct tg_span wamid)
{
    struct json_object *context = json_object_new_object();
    json_object_object_add(context, "message_id",
                           json_object_new_string_len(wamid.data, (int)wamid.length));
    json_object_object_add(message, "context", context);
}

void tg_cloud_message_write(struct json_object *message, struct tg_uuid message_id,
                            struct tg_text *payload)
{
    char id[TG_UUID_TEXT_SIZE];
    tg_uuid_format(message_id, id);
    add_plus(message);
    json_object_object_add(message, "biz_opaque_callback_data", json_object_new_string(id));
    tg_json_write(message, payload);
}
