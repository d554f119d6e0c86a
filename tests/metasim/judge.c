#include "tests/metasim/judge.h"

#include "tests/metasim/judge_shapes.h"

#include <string.h>

enum {
    TEXT_BODY_MAX = 4096,
    OPAQUE_MAX = 512,
    RECIPIENT_MAX = 256, // far longer than any id that Meta gives
    CONTACTS_MAX = 5,
};

static const struct shape text = {
    .rules = RULES({.name = "body", .is = TEXT, .need = REQUIRED, .min = 1, .max = TEXT_BODY_MAX},
                   {.name = "preview_url", .is = FLAG}),
    .closed = true,
};

static const struct shape location = {
    .rules =
        RULES({.name = "latitude", .is = TEXT | NUMBER, .need = REQUIRED, .form = &form_latitude},
              {.name = "longitude", .is = TEXT | NUMBER, .need = REQUIRED, .form = &form_longitude},
              {.name = "name", .is = TEXT}, {.name = "address", .is = TEXT}),
    .closed = true,
};

// An empty emoji takes the reaction back.
static const struct shape reaction = {
    .rules = RULES({.name = "message_id", .is = TEXT, .need = REQUIRED, .min = 1},
                   {.name = "emoji", .is = TEXT, .need = REQUIRED}),
    .closed = true,
};

// Of Meta's page on groups; not in its description.
static const struct shape pin = {
    .rules = RULES({.name = "type", .is = TEXT, .need = REQUIRED, .values = NAMES("pin", "unpin")},
                   {.name = "message_id", .is = TEXT, .need = REQUIRED, .min = 1},
                   {.name = "expiration_days", .is = NUMBER, .form = &form_days}),
};

// Each type needs the object of its own name.
#define TYPE_OF(identifier, member, of)                                                            \
    static const struct shape identifier = {                                                       \
        .rules = RULES({.name = (member), .is = OBJECT, .need = REQUIRED, .shape = (of)}),         \
    }
TYPE_OF(text_message, "text", &text);
TYPE_OF(image_message, "image", &judge_image);
TYPE_OF(video_message, "video", &judge_image);
TYPE_OF(audio_message, "audio", &judge_audio);
TYPE_OF(document_message, "document", &judge_document);
TYPE_OF(sticker_message, "sticker", &judge_sticker);
TYPE_OF(location_message, "location", &location);
TYPE_OF(interactive_message, "interactive", &judge_interactive);
TYPE_OF(template_message, "template", &judge_template);
TYPE_OF(reaction_message, "reaction", &reaction);
TYPE_OF(pin_message, "pin", &pin);
static const struct shape contacts_message = {
    .rules = RULES({.name = "contacts",
                    .is = LIST,
                    .need = REQUIRED,
                    .min = 1,
                    .max = CONTACTS_MAX,
                    .shape = &judge_contact}),
};

static const struct shape context = {
    .rules = RULES({.name = "message_id", .is = TEXT, .need = REQUIRED, .min = 1}),
};
static const struct shape direct_send = {
    .rules = RULES({.name = "template_name", .is = TEXT, .need = REQUIRED, .min = 1}),
};

#define PRODUCT                                                                                    \
    .name = "messaging_product", .is = TEXT, .need = REQUIRED, .values = NAMES("whatsapp"),        \
    .code = CODE_UNEXPECTED

// Either is enough; both are taken, and `to` wins.
static bool check_addressee(struct judge *judge, struct json_object *message)
{
    return tg_json_string_member(message, "to") || tg_json_string_member(message, "recipient") ||
           judge_refuse(judge, CODE_MISSING, "to", "is missing");
}

// Open: Meta adds members without notice, and overlooks those that it does not know.
static const struct shape message_shape = {
    .rules = RULES(
        {PRODUCT},
        {.name = "recipient_type",
         .is = TEXT,
         .values = NAMES("individual", "group"),
         .code = CODE_UNEXPECTED},
        {.name = "to", .is = TEXT, .min = 1, .max = RECIPIENT_MAX, .form = &form_printable},
        {.name = "recipient", .is = TEXT, .min = 1, .max = RECIPIENT_MAX, .form = &form_user_id},
        {.name = "messaging_account_id", .is = TEXT, .min = 1},
        {.name = "context", .is = OBJECT, .shape = &context},
        {.name = "biz_opaque_callback_data", .is = TEXT, .max = OPAQUE_MAX},
        {.name = "category", .is = TEXT, .values = NAMES("utility", "authentication", "service")},
        {.name = "direct_send_config", .is = OBJECT, .shape = &direct_send},
        {.name = "type", .is = TEXT}),
    .tag = "type",
    .default_tag = "text",
    .unknown_code = CODE_TYPE_UNKNOWN,
    .variants = VARIANTS({"text", &text_message}, {"image", &image_message},
                         {"video", &video_message}, {"audio", &audio_message},
                         {"document", &document_message}, {"sticker", &sticker_message},
                         {"location", &location_message}, {"contacts", &contacts_message},
                         {"interactive", &interactive_message}, {"template", &template_message},
                         {"reaction", &reaction_message}, {"pin", &pin_message}),
    .also = check_addressee,
};

static const struct shape typing = {
    .rules = RULES({.name = "type", .is = TEXT, .need = REQUIRED, .values = NAMES("text")}),
};
static const struct shape receipt_shape = {
    .rules =
        RULES({PRODUCT}, {.name = "status", .is = TEXT, .need = REQUIRED, .values = NAMES("read")},
              {.name = "message_id", .is = TEXT, .need = REQUIRED, .min = 1},
              {.name = "typing_indicator", .is = OBJECT, .shape = &typing}),
};

// Tells that a message was read, or that an answer is being typed. What names a recipient does not.
static bool is_receipt(struct json_object *message)
{
    return json_object_object_get(message, "status") && !json_object_object_get(message, "to") &&
           !json_object_object_get(message, "recipient");
}

static enum addressee addressee_of(struct json_object *message)
{
    const char *type = tg_json_string_member(message, "recipient_type");
    if (!tg_json_string_member(message, "to"))
        return TO_USER;
    return type && strcmp(type, "group") == 0 ? TO_GROUP : TO_PHONE;
}

bool judge_message(struct json_object *message, struct judged *judged, struct objection *objection)
{
    struct judge judge = {.objection = objection};
    bool object = json_object_is_type(message, json_type_object);
    *judged = (struct judged){.type = "", .to = ""};
    *objection = (struct objection){0};
    if (!object)
        return judge_refuse(&judge, CODE_UNEXPECTED, NULL, "must be an object");
    if (is_receipt(message))
        return judge_object(&judge, message, &receipt_shape);
    if (!judge_object(&judge, message, &message_shape))
        return false;
    const char *type = tg_json_string_member(message, "type");
    judged->type = type ? type : message_shape.default_tag;
    judged->addressee = addressee_of(message);
    judged->to = tg_json_string_member(message, judged->addressee == TO_USER ? "recipient" : "to");
    return true;
}
