#include "common/rules/placeholders.h"

#include "common/base/json.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

struct filling {
    char text[64];
    char with_name[64];
    char without[64];
};

ParameterizedTestParameters(placeholders, are_filled_in_and_leave_no_hole)
{
    static struct filling cases[] = {
        {"Welcome, {name}!", "Welcome, Asha!", "Welcome!"},
        {"Welcome, {name|friend}!", "Welcome, Asha!", "Welcome, friend!"},
        {"Hi {name}, how are you?", "Hi Asha, how are you?", "Hi, how are you?"},
        {"{name}, welcome", "Asha, welcome", "welcome"},
        {"Hi {name} and {name|all}", "Hi Asha and Asha", "Hi and all"},
        {"{name}", "Asha", ""},
        {"{name|dear customer}", "Asha", "dear customer"},
        {"\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c{name}",
         "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c"
         "Asha",
         "\xe4\xbd\xa0\xe5\xa5\xbd"}, // a fullwidth comma
        {"https://example.com/?n={name|a b}", "https://example.com/?n=Asha",
         "https://example.com/?n=a%20b"},
        {"see https://x.y/{name|a b}", "see https://x.y/Asha", "see https://x.y/a b"},
        // None of these is one that is known.
        {"{ }", "{ }", "{ }"},
        {"{\"a\": 1}", "{\"a\": 1}", "{\"a\": 1}"},
        {"{names} {name", "{names} {name", "{names} {name"},
        {"{{name}}", "{{name}}", "{{name}}"},
        {"{?}", "{?}", "{?}"},
    };
    return cr_make_param_array(struct filling, cases, sizeof cases / sizeof *cases);
}

static const char *filled(const char *text, const char *name)
{
    static char result[128];
    TG_TEXT_AUTO of = {0};
    tg_text_append_string(&of, name);
    struct json_object *string = json_object_new_string(text);
    tg_placeholders_fill(string, &of);
    snprintf(result, sizeof result, "%s", json_object_get_string(string));
    json_object_put(string);
    return result;
}

ParameterizedTest(struct filling *filling, placeholders, are_filled_in_and_leave_no_hole)
{
    cr_assert_str_eq(filled(filling->text, "Asha"), filling->with_name);
    cr_assert_str_eq(filled(filling->text, ""), filling->without);
}

Test(placeholders, a_name_that_looks_like_one_is_a_name)
{
    cr_assert_str_eq(filled("Hi {name}, {name}", "{name|x}"), "Hi {name|x}, {name|x}");
}

Test(placeholders, a_name_in_a_link_is_encoded)
{
    cr_assert_str_eq(filled("https://example.com/?n={name}", "Asha & Co/\xc3\xbc"),
                     "https://example.com/?n=Asha%20%26%20Co%2F%C3%BC");
}

struct judged {
    char text[64];
    char unknown[32]; // "": none is
};

ParameterizedTestParameters(placeholders, that_stand_for_nothing_are_refused)
{
    static struct judged cases[] = {
        {"Hi {name}, {name|friend}", ""},
        {"{} { } {?} {\"a\": 1} {name", ""},
        {"a {b {name}", ""},
        {"Hi {firstname}", "{firstname}"},
        {"{name} {phone|none}", "{phone|none}"},
        {"Hi {Name}", "{Name}"},
        {"Hi { name }", "{ name }"},
        {"Hi {name|}", "{name|}"},
        {"Hi {{name}}", "{{name}}"},
        {"Hi {{1}}", "{{1}}"},
        {"Hi {1}", "{1}"},
        {"Hi {\xd0\xb8\xd0\xbc\xd1\x8f}", "{\xd0\xb8\xd0\xbc\xd1\x8f}"},
    };
    return cr_make_param_array(struct judged, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct judged *judged, placeholders, that_stand_for_nothing_are_refused)
{
    struct tg_error error;
    struct json_object *array = json_object_new_array();
    struct json_object *object = json_object_new_object();
    json_object_array_add(array, json_object_new_string(judged->text));
    json_object_object_add(object, "a", array);
    bool good = tg_placeholders_check(object, &error);
    json_object_put(object);
    cr_assert_eq(good, judged->unknown[0] == '\0', "%s", judged->text);
    if (!good) {
        cr_assert(strstr(error.message, judged->unknown) == error.message, "%s", error.message);
        cr_assert_str_eq(error.field, "reply");
    }
}
