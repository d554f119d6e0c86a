#include "common/cloud/check.h"

#include <assert.h>

enum {
    BODY_MAX = 1024,
    LIST_BODY_MAX = 4096,
    HEADER_MAX = 60,
    FOOTER_MAX = 60,
    BUTTONS_MAX = 3,
    BUTTON_TITLE_MAX = 20,
    BUTTON_ID_MAX = 256,
    SECTIONS_MAX = 10,
    SECTION_TITLE_MAX = 24,
    ROWS_MAX = 10, // over all sections
    ROW_ID_MAX = 200,
    ROW_TITLE_MAX = 24,
    ROW_DESCRIPTION_MAX = 72,
    PRODUCTS_MAX = 30,  // over all sections
    IDS_MAX = ROWS_MAX, // buttons are fewer, and products need not differ
};

// The ids of one message so far. So few that looking through them beats any index.
struct ids {
    struct json_object *values[IDS_MAX];
    size_t count;
};

static bool check_unique(const struct tg_part *id, struct ids *ids)
{
    for (size_t i = 0; i < ids->count; i++)
        if (json_object_equal(ids->values[i], id->value))
            return tg_part_refuse(id, "must be unique within the message");
    assert(ids->count < IDS_MAX);
    ids->values[ids->count++] = id->value;
    return true;
}

static bool check_button(const struct tg_part *button, struct ids *ids)
{
    struct tg_part reply = tg_part_member(button, "reply");
    struct tg_part id = tg_part_member(&reply, "id");
    return tg_check_object(button) && tg_check_equals(button, "type", "reply") &&
           tg_check_object(&reply) && tg_check_text(&id, 1, BUTTON_ID_MAX) &&
           check_unique(&id, ids) && tg_check_member(&reply, "title", 1, BUTTON_TITLE_MAX);
}

static bool check_buttons(const struct tg_part *action)
{
    struct tg_part buttons = tg_part_member(action, "buttons");
    if (!tg_check_array(&buttons, BUTTONS_MAX))
        return false;
    struct ids ids = {.count = 0};
    size_t count = json_object_array_length(buttons.value);
    for (size_t i = 0; i < count; i++) {
        struct tg_part button = tg_part_element(&buttons, i);
        if (!check_button(&button, &ids))
            return false;
    }
    return true;
}

// What the sections of a list and those of a product list hold.
struct section_items {
    const char *key;
    size_t max; // over all sections
    bool (*check)(const struct tg_part *item);
    const char *unique; // the member which no two items share; NULL: none
};

static bool check_row(const struct tg_part *row)
{
    return tg_check_object(row) && tg_check_member(row, "id", 1, ROW_ID_MAX) &&
           tg_check_member(row, "title", 1, ROW_TITLE_MAX) &&
           tg_check_optional(row, "description", ROW_DESCRIPTION_MAX);
}

static bool check_product(const struct tg_part *product)
{
    return tg_check_object(product) &&
           tg_check_member(product, "product_retailer_id", 1, TG_CHARACTERS_ANY);
}

static bool check_items(const struct tg_part *list, const struct section_items *items,
                        struct ids *ids)
{
    size_t count = json_object_array_length(list->value);
    for (size_t i = 0; i < count; i++) {
        struct tg_part item = tg_part_element(list, i);
        if (!items->check(&item))
            return false;
        if (!items->unique)
            continue;
        struct tg_part id = tg_part_member(&item, items->unique);
        if (!check_unique(&id, ids))
            return false;
    }
    return true;
}

static bool check_sections(const struct tg_part *action, const struct section_items *items)
{
    struct tg_part sections = tg_part_member(action, "sections");
    if (!tg_check_array(&sections, SECTIONS_MAX))
        return false;
    struct ids ids = {.count = 0};
    size_t section_count = json_object_array_length(sections.value);
    size_t total = 0;
    for (size_t i = 0; i < section_count; i++) {
        struct tg_part section = tg_part_element(&sections, i);
        struct tg_part title = tg_part_member(&section, "title");
        struct tg_part list = tg_part_member(&section, items->key);
        if (!tg_check_object(&section) || !tg_check_array(&list, SIZE_MAX))
            return false;
        if ((section_count > 1 || title.value) && !tg_check_text(&title, 1, SECTION_TITLE_MAX))
            return false;
        total += json_object_array_length(list.value);
        if (total > items->max)
            return tg_part_refuse(&sections, "must have at most %zu %s in all", items->max,
                                  items->key);
        if (!check_items(&list, items, &ids))
            return false;
    }
    return true;
}

static bool check_list(const struct tg_part *action)
{
    static const struct section_items rows = {"rows", ROWS_MAX, check_row, "id"};
    return tg_check_member(action, "button", 1, BUTTON_TITLE_MAX) && check_sections(action, &rows);
}

static bool check_single_product(const struct tg_part *action)
{
    return tg_check_member(action, "catalog_id", 1, TG_CHARACTERS_ANY) &&
           tg_check_member(action, "product_retailer_id", 1, TG_CHARACTERS_ANY);
}

static bool check_product_list(const struct tg_part *action)
{
    static const struct section_items products = {"product_items", PRODUCTS_MAX, check_product,
                                                  NULL};
    return tg_check_member(action, "catalog_id", 1, TG_CHARACTERS_ANY) &&
           check_sections(action, &products);
}

enum presence { OPTIONAL, REQUIRED, FORBIDDEN };

// What Meta's description says of each kind of interactive message, and of three which only its
// pages have (cta_url, location_request_message, order_*). Kinds that are not here are left alone.
static const struct kind {
    const char *name;
    size_t body_max;
    enum presence body;
    enum presence header;
    bool (*check_action)(const struct tg_part *action);
} kinds[] = {
    {"button", BODY_MAX, REQUIRED, OPTIONAL, check_buttons},
    {"list", LIST_BODY_MAX, REQUIRED, OPTIONAL, check_list},
    {"product", BODY_MAX, OPTIONAL, FORBIDDEN, check_single_product},
    {"product_list", BODY_MAX, REQUIRED, REQUIRED, check_product_list},
    {"flow", BODY_MAX, REQUIRED, OPTIONAL, tg_check_object},
    {"catalog_message", BODY_MAX, REQUIRED, OPTIONAL, tg_check_object},
    {"cta_url", BODY_MAX, REQUIRED, OPTIONAL, tg_check_object},
    {"location_request_message", BODY_MAX, REQUIRED, OPTIONAL, tg_check_object},
    {"order_details", BODY_MAX, REQUIRED, OPTIONAL, tg_check_object},
    {"order_status", BODY_MAX, REQUIRED, OPTIONAL, tg_check_object},
    {"call_permission_request", BODY_MAX, OPTIONAL, OPTIONAL, tg_check_object},
};

static bool check_presence(const struct tg_part *part, enum presence presence)
{
    if (presence == FORBIDDEN && part->value)
        return tg_part_refuse(part, "must not be set for this type");
    return presence != REQUIRED || part->value || tg_part_refuse(part, "is missing");
}

// `body` and `footer`: absent, or an object with a text.
static bool check_text_of(const struct tg_part *part, size_t max)
{
    return !part->value || (tg_check_object(part) && tg_check_member(part, "text", 1, max));
}

static bool check_header(const struct tg_part *header)
{
    static const char *const media_types[] = {"image", "video", "document"};
    if (!header->value)
        return true;
    struct tg_part type = tg_part_member(header, "type");
    if (!tg_check_object(header) || !tg_check_text(&type, 1, TG_CHARACTERS_ANY))
        return false;
    if (tg_part_equals(&type, "text"))
        return tg_check_member(header, "text", 1, HEADER_MAX);
    for (size_t i = 0; i < sizeof media_types / sizeof *media_types; i++) {
        if (!tg_part_equals(&type, media_types[i]))
            continue;
        struct tg_part media = tg_part_member(header, media_types[i]);
        return tg_check_media_source(&media);
    }
    return true;
}

bool tg_check_interactive(const struct tg_part *interactive)
{
    struct tg_part type = tg_part_member(interactive, "type");
    if (!tg_check_object(interactive) || !tg_check_text(&type, 1, TG_CHARACTERS_ANY))
        return false;
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !kind; i++)
        if (tg_part_equals(&type, kinds[i].name))
            kind = &kinds[i];
    if (!kind)
        return true;
    struct tg_part header = tg_part_member(interactive, "header");
    struct tg_part body = tg_part_member(interactive, "body");
    struct tg_part footer = tg_part_member(interactive, "footer");
    struct tg_part action = tg_part_member(interactive, "action");
    return check_presence(&header, kind->header) && check_header(&header) &&
           check_presence(&body, kind->body) && check_text_of(&body, kind->body_max) &&
           check_text_of(&footer, FOOTER_MAX) && tg_check_object(&action) &&
           kind->check_action(&action);
}
