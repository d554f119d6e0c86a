#include "common/base/elements.h"
#include "common/base/json.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { MAX = 64 };

// A word or a number is a document with a blank behind it.
static bool is_json(const char *bytes, size_t length)
{
    struct tg_error error;
    TG_TEXT_AUTO text = {0};
    tg_text_append(&text, bytes, length);
    tg_text_append_string(&text, " ");
    struct json_object *root = tg_json_parse(text.data, text.length, &error);
    json_object_put(root);
    return root != NULL || strstr(error.message, "it is null") != NULL;
}

// An object is good JSON if, and only if, what is left of it is, and each element. (Not so of what
// is deeper than we read: its elements are less deep by two.)
FUZZ_TARGET(elements)
{
    struct tg_span elements[MAX];
    TG_TEXT_AUTO rest = {0};
    size_t n;
    if (!tg_elements_split(input, elements, MAX, &n, &rest)) {
        FUZZ_HOLDS(n == MAX);
        return;
    }
    bool good = *tg_text_string(&rest) == '{' && is_json(rest.data, rest.length);
    for (size_t i = 0; good && i < n; i++) {
        FUZZ_HOLDS(elements[i].data >= input->data &&
                   elements[i].data + elements[i].length <= input->data + input->length);
        good = is_json(elements[i].data, elements[i].length);
    }
    bool whole = is_json(input->data, input->length);
    FUZZ_HOLDS(!whole || *tg_text_string(&rest) != '{' || good);
}
