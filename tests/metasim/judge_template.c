// Templates, and the parameters that fill them in. What Meta's description leaves out and its
// examples or its pages have stands here too, less closely looked at.
#include "tests/metasim/judge_shapes.h"

enum { TEMPLATE_NAME_MAX = 512, PARAMETER_TEXT_MAX = 32768, COUPON_CODE_MAX = 15 };

static const struct shape language = {
    .rules = RULES({.name = "code", .is = TEXT, .need = REQUIRED, .min = 1},
                   {.name = "policy", .is = TEXT, .values = NAMES("deterministic")}),
};

static const struct shape currency = {
    .rules = RULES({.name = "fallback_value", .is = TEXT, .need = REQUIRED, .min = 1},
                   {.name = "code", .is = TEXT, .need = REQUIRED, .min = 3, .max = 3},
                   {.name = "amount_1000", .is = NUMBER, .need = REQUIRED}),
};

static const struct shape date_time = {
    .rules = RULES({.name = "fallback_value", .is = TEXT, .need = REQUIRED, .min = 1}),
};

// In Meta's own example a text is `true`.
#define SCALAR .is = TEXT | NUMBER | FLAG, .need = REQUIRED, .min = 1

static const struct shape text_parameter = {
    .rules = RULES({.name = "text", SCALAR, .max = PARAMETER_TEXT_MAX, .form = &form_parameter}),
};
static const struct shape payload_parameter = {
    .rules = RULES({.name = "payload", SCALAR}),
};
static const struct shape coupon_parameter = {
    .rules = RULES({.name = "coupon_code", SCALAR, .max = COUPON_CODE_MAX}),
};
static const struct shape currency_parameter = {
    .rules = RULES({.name = "currency", .is = OBJECT, .need = REQUIRED, .shape = &currency}),
};
static const struct shape date_time_parameter = {
    .rules = RULES({.name = "date_time", .is = OBJECT, .need = REQUIRED, .shape = &date_time}),
};
static const struct shape image_parameter = {
    .rules = RULES(
        {.name = "image", .is = OBJECT, .need = REQUIRED, .shape = &judge_image_without_caption}),
};
static const struct shape video_parameter = {
    .rules = RULES(
        {.name = "video", .is = OBJECT, .need = REQUIRED, .shape = &judge_image_without_caption}),
};
static const struct shape document_parameter = {
    .rules = RULES({.name = "document",
                    .is = OBJECT,
                    .need = REQUIRED,
                    .shape = &judge_document_without_caption}),
};
static const struct shape action_parameter = {
    .rules = RULES({.name = "action", .is = OBJECT, .need = REQUIRED}),
};
static const struct shape other_parameter = {.rules = RULES({.name = "type", .is = TEXT})};

static const struct shape parameter = {
    .rules = RULES({.name = "type", .is = TEXT, .need = REQUIRED, .min = 1},
                   {.name = "parameter_name", .is = TEXT, .min = 1}),
    .tag = "type",
    .variants = VARIANTS({"text", &text_parameter}, {"currency", &currency_parameter},
                         {"date_time", &date_time_parameter}, {"image", &image_parameter},
                         {"video", &video_parameter}, {"document", &document_parameter},
                         {"payload", &payload_parameter}, {"action", &action_parameter},
                         {"coupon_code", &coupon_parameter}, {"location", &other_parameter},
                         {"product", &other_parameter}, {"limited_time_offer", &other_parameter},
                         {"order_status", &other_parameter}),
};

static const struct shape header = {
    .rules = RULES({.name = "parameters", .is = LIST, .min = 1, .shape = &parameter}),
};
static const struct shape body = {
    .rules = RULES({.name = "parameters", .is = LIST, .shape = &parameter}),
};
static const struct shape button = {
    .rules =
        RULES({.name = "sub_type",
               .is = TEXT,
               .need = REQUIRED,
               .values = NAMES("quick_reply", "url", "catalog", "CATALOG", "flow", "copy_code",
                               "mpm", "order_details", "voice_call")},
              {.name = "index", .is = TEXT | NUMBER, .need = REQUIRED, .form = &form_position},
              {.name = "parameters", .is = LIST, .need = REQUIRED, .min = 1, .shape = &parameter}),
};

static const struct shape component;

static const struct shape card = {
    .rules = RULES({.name = "card_index", .is = NUMBER, .need = REQUIRED},
                   {.name = "components", .is = LIST, .need = REQUIRED, .shape = &component}),
};
static const struct shape carousel = {
    .rules =
        RULES({.name = "cards", .is = LIST, .need = REQUIRED, .min = 1, .max = 10, .shape = &card}),
};

static const struct shape component = {
    .rules = RULES({.name = "type", .is = TEXT, .need = REQUIRED, .min = 1}),
    .tag = "type",
    .variants =
        VARIANTS({"header", &header}, {"body", &body}, {"button", &button}, {"carousel", &carousel},
                 {"limited_time_offer", &body}, {"order_status", &body}),
};

const struct shape judge_template = {
    .rules = RULES({.name = "name",
                    .is = TEXT,
                    .need = REQUIRED,
                    .min = 1,
                    .max = TEMPLATE_NAME_MAX,
                    .form = &form_template},
                   {.name = "language", .is = OBJECT, .need = REQUIRED, .shape = &language},
                   {.name = "components", .is = LIST, .shape = &component}),
};
