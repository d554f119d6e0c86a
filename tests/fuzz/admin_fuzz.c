#include "common/base/json.h"
#include "ingress/desk/desk.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// One of each kind.
static const struct desk_member members[] = {
    {.name = "name", .kind = DESK_TEXT, .required = true, .max = 64},
    {.name = "rights", .kind = DESK_TEXTS, .max = 8},
    {.name = "channel_id", .kind = DESK_ID, .clears = true},
    {.name = "max_mps", .kind = DESK_NUMBER, .max = 1000},
    {.name = "amount", .kind = DESK_MONEY},
    {.name = "active", .kind = DESK_BOOL},
    {.name = "expires_at", .kind = DESK_TIME, .clears = true},
    {.name = "since", .kind = DESK_DAY},
    {.name = "reply", .kind = DESK_OBJECT, .max = 4096},
    {0},
};

static void expect_text(struct json_object *body, const char *name, size_t max)
{
    struct tg_span text = tg_json_span(json_object_object_get(body, name));
    FUZZ_HOLDS(!text.data || (text.length > 0 && text.length <= max));
    FUZZ_HOLDS(!text.data || strlen(text.data) == text.length);
}

// What goes to PostgreSQL is of the members alone, each as it must be, and is taken again as it is.
static void expect_body(const struct tg_text *read)
{
    struct tg_error error = {0};
    TG_TEXT_AUTO again = {0};
    FUZZ_HOLDS(desk_read_body(read, members, &again, &error));
    FUZZ_HOLDS(fuzz_same(tg_text_span(read), tg_text_span(&again)));
    struct json_object *body = tg_json_parse(read->data, read->length, &error);
    FUZZ_HOLDS(json_object_object_length(body) < (int)(sizeof members / sizeof *members));
    FUZZ_HOLDS(tg_json_string_member(body, "name") != NULL);
    expect_text(body, "name", 64);
    expect_text(body, "channel_id", 36);
    expect_text(body, "amount", 16);
    expect_text(body, "expires_at", 64);
    json_object_put(body);
}

FUZZ_TARGET(admin)
{
    struct tg_error error = {0};
    TG_TEXT_AUTO read = {0};
    if (desk_read_body(input, members, &read, &error)) {
        expect_body(&read);
        return;
    }
    fuzz_refused(&error);
    FUZZ_HOLDS(read.length == 0);
    FUZZ_HOLDS(error.field[0] != '\0');
    FUZZ_HOLDS(strcmp(error.code, "invalid_json") != 0 || strcmp(error.field, "body") == 0);
}
