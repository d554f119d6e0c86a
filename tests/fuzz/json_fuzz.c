#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/base/weight.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// What is in a value, names of members included.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the parser lets it be, TG_JSON_DEPTH_MAX
static void count(struct json_object *value, struct tg_weight *weight)
{
    weight->values++;
    if (json_object_is_type(value, json_type_array)) {
        weight->objects++;
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count(json_object_array_get_idx(value, i), weight);
    } else if (json_object_is_type(value, json_type_object)) {
        weight->objects++;
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            weight->values++;
            count(member, weight);
        }
    }
}

// A body costs no more than was said before it was parsed.
static void expect_weight(const struct tg_text *input, struct json_object *root)
{
    struct tg_weight said = tg_weight_of(input);
    struct tg_weight is = {0};
    count(root, &is);
    FUZZ_HOLDS(is.objects <= said.objects);
    FUZZ_HOLDS(is.values <= said.values + 1);
}

// What is written is read as the same, and has nothing in it that PostgreSQL refuses.
static void expect_same_again(struct json_object *root)
{
    struct tg_error error;
    TG_TEXT_AUTO once = {0};
    TG_TEXT_AUTO twice = {0};
    tg_json_write(root, &once);
    FUZZ_HOLDS(tg_utf8_is_valid(once.data, once.length));
    struct json_object *again = tg_json_parse(once.data, once.length, &error);
    FUZZ_HOLDS(again != NULL);
    FUZZ_HOLDS(tg_json_check_nul(again, &error));
    tg_json_write(again, &twice);
    FUZZ_HOLDS(fuzz_same(tg_text_span(&once), tg_text_span(&twice)));
    json_object_put(again);
}

// Whatever text is put into a document comes out of it again.
static void expect_text(const struct tg_text *input)
{
    struct tg_error error;
    TG_TEXT_AUTO literal = {0};
    tg_text_append_json(&literal, tg_text_string(input), input->length);
    struct json_object *string = tg_json_parse(literal.data, literal.length, &error);
    FUZZ_HOLDS(fuzz_same(tg_json_span(string), tg_text_span(input)));
    json_object_put(string);
}

FUZZ_TARGET(json)
{
    struct tg_error error = {0};
    if (tg_utf8_is_valid(input->data, input->length))
        expect_text(input);
    struct json_object *root = tg_json_parse(input->data, input->length, &error);
    if (!root) {
        fuzz_refused(&error);
        FUZZ_HOLDS(strcmp(error.code, "invalid_json") == 0 && strcmp(error.field, "body") == 0);
        return;
    }
    expect_weight(input, root);
    // Nothing tells where a word or a number ends that is the whole document.
    if (json_object_is_type(root, json_type_object) || json_object_is_type(root, json_type_array))
        expect_same_again(root);
    if (!tg_json_check_names(input, &error) || !tg_json_check_nul(root, &error))
        fuzz_refused(&error);
    json_object_put(root);
}
