// Interactive messages: what each kind has as header, body and action.
#include "tests/metasim/judge_shapes.h"

#include <stdio.h>
#include <string.h>

enum {
    BODY_MAX = 1024,
    LIST_BODY_MAX = 4096,
    HEADER_MAX = 60,
    FOOTER_MAX = 60,
    BUTTONS_MAX = 3,
    BUTTON_ID_MAX = 256,
    BUTTON_TITLE_MAX = 20,
    SECTIONS_MAX = 10,
    SECTION_TITLE_MAX = 24,
    ROWS_MAX = 10, // over all sections
    ROW_ID_MAX = 200,
    ROW_TITLE_MAX = 24,
    ROW_DESCRIPTION_MAX = 72,
    PRODUCTS_MAX = 30, // over all sections
    FLOW_BUTTON_MAX = 30,
};

#define NEEDED_TEXT(most) .is = TEXT, .need = REQUIRED, .min = 1, .max = (most)
#define NEEDED_OBJECT(of) .is = OBJECT, .need = REQUIRED, .shape = (of)
#define NEEDED_LIST(most, of) .is = LIST, .need = REQUIRED, .min = 1, .max = (most), .shape = (of)
#define NAME(only) .name = "name", .is = TEXT, .need = REQUIRED, .values = NAMES(only)

static bool has(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

static bool refuse_same(struct judge *judge, const char *path)
{
    return judge_refuse(judge, CODE_WRONG, path, "must not be the same as another one");
}

static bool check_buttons(struct judge *judge, struct json_object *action)
{
    const char *ids[BUTTONS_MAX];
    const char *titles[BUTTONS_MAX];
    struct json_object *buttons = json_object_object_get(action, "buttons");
    for (size_t i = 0; i < json_object_array_length(buttons); i++) {
        struct json_object *reply =
            json_object_object_get(json_object_array_get_idx(buttons, i), "reply");
        char path[64];
        ids[i] = tg_json_string_member(reply, "id");
        titles[i] = tg_json_string_member(reply, "title");
        snprintf(path, sizeof path, "buttons[%zu].reply.%s", i,
                 has(ids, i, ids[i]) ? "id" : "title");
        if (has(ids, i, ids[i]) || has(titles, i, titles[i]))
            return refuse_same(judge, path);
    }
    return true;
}

// What the sections hold over all, and that each says what it is if there are several.
static bool check_sections(struct judge *judge, struct json_object *action, const char *items,
                           size_t most)
{
    struct json_object *sections = json_object_object_get(action, "sections");
    size_t count = json_object_array_length(sections);
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *section = json_object_array_get_idx(sections, i);
        char path[64];
        snprintf(path, sizeof path, "sections[%zu].title", i);
        if (count > 1 && !tg_json_string_member(section, "title"))
            return judge_refuse(judge, CODE_MISSING, path, "is missing beside other sections");
        total += json_object_array_length(json_object_object_get(section, items));
    }
    return total <= most || judge_refuse(judge, CODE_WRONG, "sections",
                                         "must have at most %zu %s in all", most, items);
}

static bool check_rows(struct judge *judge, struct json_object *action)
{
    if (!check_sections(judge, action, "rows", ROWS_MAX))
        return false;
    const char *ids[ROWS_MAX];
    size_t count = 0;
    struct json_object *sections = json_object_object_get(action, "sections");
    for (size_t i = 0; i < json_object_array_length(sections); i++) {
        struct json_object *rows =
            json_object_object_get(json_object_array_get_idx(sections, i), "rows");
        for (size_t j = 0; j < json_object_array_length(rows); j++) {
            ids[count] = tg_json_string_member(json_object_array_get_idx(rows, j), "id");
            char path[64];
            snprintf(path, sizeof path, "sections[%zu].rows[%zu].id", i, j);
            if (has(ids, count, ids[count]))
                return refuse_same(judge, path);
            count++;
        }
    }
    return true;
}

static bool check_products(struct judge *judge, struct json_object *action)
{
    return check_sections(judge, action, "product_items", PRODUCTS_MAX);
}

static const struct shape reply = {
    .rules = RULES({.name = "id", NEEDED_TEXT(BUTTON_ID_MAX), .form = &form_trimmed},
                   {.name = "title", NEEDED_TEXT(BUTTON_TITLE_MAX)}),
};
static const struct shape button = {
    .rules = RULES({.name = "type", .is = TEXT, .need = REQUIRED, .values = NAMES("reply")},
                   {.name = "reply", NEEDED_OBJECT(&reply)}),
};
static const struct shape buttons = {
    .rules = RULES({.name = "buttons", NEEDED_LIST(BUTTONS_MAX, &button)}),
    .also = check_buttons,
};

static const struct shape row = {
    .rules = RULES({.name = "id", NEEDED_TEXT(ROW_ID_MAX)},
                   {.name = "title", NEEDED_TEXT(ROW_TITLE_MAX)},
                   {.name = "description", .is = TEXT, .max = ROW_DESCRIPTION_MAX}),
};
#define SECTION_TITLE .name = "title", .is = TEXT, .min = 1, .max = SECTION_TITLE_MAX
static const struct shape section_of_rows = {
    .rules = RULES({SECTION_TITLE}, {.name = "rows", NEEDED_LIST(0, &row)}),
};
static const struct shape rows = {
    .rules = RULES({.name = "button", NEEDED_TEXT(BUTTON_TITLE_MAX)},
                   {.name = "sections", NEEDED_LIST(SECTIONS_MAX, &section_of_rows)}),
    .also = check_rows,
};

static const struct shape product = {
    .rules = RULES({.name = "product_retailer_id", NEEDED_TEXT(0)}),
};
static const struct shape section_of_products = {
    .rules = RULES({SECTION_TITLE}, {.name = "product_items", NEEDED_LIST(0, &product)}),
};
static const struct shape products = {
    .rules = RULES({.name = "catalog_id", NEEDED_TEXT(0)},
                   {.name = "sections", NEEDED_LIST(SECTIONS_MAX, &section_of_products)}),
    .also = check_products,
};
static const struct shape one_product = {
    .rules = RULES({.name = "catalog_id", NEEDED_TEXT(0)},
                   {.name = "product_retailer_id", NEEDED_TEXT(0)}),
};

static const struct shape thumbnail = {
    .rules = RULES({.name = "thumbnail_product_retailer_id", NEEDED_TEXT(0)}),
};
static const struct shape catalog = {
    .rules = RULES({NAME("catalog_message")}, {.name = "parameters", NEEDED_OBJECT(&thumbnail)}),
};

static const struct shape screen = {
    .rules = RULES({.name = "screen", .is = TEXT, .min = 1}, {.name = "data", .is = OBJECT}),
};
static const struct shape flow_parameters = {
    .rules =
        RULES({.name = "flow_message_version", .is = TEXT, .need = REQUIRED, .values = NAMES("3")},
              {.name = "flow_cta", NEEDED_TEXT(FLOW_BUTTON_MAX)},
              {.name = "flow_id", .is = TEXT, .min = 1},
              {.name = "flow_name", .is = TEXT, .min = 1}, {.name = "flow_token", .is = TEXT},
              {.name = "mode", .is = TEXT, .values = NAMES("draft", "published")},
              {.name = "flow_action", .is = TEXT, .values = NAMES("navigate", "data_exchange")},
              {.name = "flow_action_payload", .is = OBJECT, .shape = &screen}),
    .one_of = NAMES("flow_id", "flow_name"),
};
static const struct shape flow = {
    .rules = RULES({NAME("flow")}, {.name = "parameters", NEEDED_OBJECT(&flow_parameters)}),
};

static const struct shape link_parameters = {
    .rules = RULES({.name = "display_text", NEEDED_TEXT(BUTTON_TITLE_MAX)},
                   {.name = "url", .is = TEXT, .need = REQUIRED, .form = &form_link}),
};
static const struct shape link = {
    .rules = RULES({NAME("cta_url")}, {.name = "parameters", NEEDED_OBJECT(&link_parameters)}),
};

static const struct shape call_permission = {.rules = RULES({NAME("call_permission_request")})};
static const struct shape location = {.rules = RULES({NAME("send_location")})};
static const struct shape order_details = {
    .rules = RULES({NAME("review_and_pay")}, {.name = "parameters", NEEDED_OBJECT(NULL)}),
};
static const struct shape order_status = {
    .rules = RULES({NAME("review_order")}, {.name = "parameters", NEEDED_OBJECT(NULL)}),
};

static const struct shape text_header = {.rules = RULES({.name = "text", NEEDED_TEXT(HEADER_MAX)})};
static const struct shape image_header = {
    .rules = RULES({.name = "image", NEEDED_OBJECT(&judge_image_without_caption)}),
};
static const struct shape video_header = {
    .rules = RULES({.name = "video", NEEDED_OBJECT(&judge_image_without_caption)}),
};
static const struct shape document_header = {
    .rules = RULES({.name = "document", NEEDED_OBJECT(&judge_document_without_caption)}),
};
static const struct shape header = {
    .rules = RULES({.name = "type", NEEDED_TEXT(0)},
                   {.name = "sub_text", .is = TEXT, .max = HEADER_MAX}),
    .tag = "type",
    .variants = VARIANTS({"text", &text_header}, {"image", &image_header}, {"video", &video_header},
                         {"document", &document_header}),
};
static const struct shape body = {.rules = RULES({.name = "text", NEEDED_TEXT(BODY_MAX)})};
static const struct shape list_body = {.rules =
                                           RULES({.name = "text", NEEDED_TEXT(LIST_BODY_MAX)})};
static const struct shape footer = {.rules = RULES({.name = "text", NEEDED_TEXT(FOOTER_MAX)})};

#define HEADER .name = "header", .is = OBJECT, .shape = &header
#define BODY .name = "body", .is = OBJECT, .shape = &body
#define LIST_BODY .name = "body", .is = OBJECT, .shape = &list_body
#define ACTION(of) .name = "action", NEEDED_OBJECT(of)

// An object with a header that may be there, a body that must be, and this action.
#define USUAL(identifier, of)                                                                      \
    static const struct shape identifier = {                                                       \
        .rules = RULES({HEADER}, {BODY, .need = REQUIRED}, {ACTION(of)}),                          \
    }

USUAL(with_buttons, &buttons);
USUAL(with_catalog, &catalog);
USUAL(with_flow, &flow);
USUAL(with_link, &link);
USUAL(with_location_request, &location);
USUAL(with_order_details, &order_details);
USUAL(with_order_status, &order_status);
USUAL(with_call_permission, &call_permission);
USUAL(with_anything, NULL);
static const struct shape with_list = {
    .rules = RULES({HEADER}, {LIST_BODY, .need = REQUIRED}, {ACTION(&rows)}),
};
static const struct shape with_product = {
    .rules = RULES({.name = "header", .need = FORBIDDEN}, {BODY}, {ACTION(&one_product)}),
};
static const struct shape with_products = {
    .rules = RULES({HEADER, .need = REQUIRED}, {BODY, .need = REQUIRED}, {ACTION(&products)}),
};

// Those from cta_url on stand on Meta's pages only, and not in its description.
const struct shape judge_interactive = {
    .rules =
        RULES({.name = "type", NEEDED_TEXT(0)}, {.name = "footer", .is = OBJECT, .shape = &footer}),
    .tag = "type",
    .variants =
        VARIANTS({"button", &with_buttons}, {"list", &with_list}, {"product", &with_product},
                 {"product_list", &with_products}, {"catalog_message", &with_catalog},
                 {"flow", &with_flow}, {"call_permission_request", &with_call_permission},
                 {"cta_url", &with_link}, {"location_request_message", &with_location_request},
                 {"order_details", &with_order_details}, {"order_status", &with_order_status},
                 {"request_contact_info", &with_anything}, {"address_message", &with_anything},
                 {"voice_call", &with_anything}, {"carousel", &with_anything}),
};
