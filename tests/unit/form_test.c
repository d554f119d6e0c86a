#include "ingress/http/form.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <string.h>

static struct form *read_form(const char *text, size_t length)
{
    TG_TEXT_AUTO body = {0};
    struct tg_error error = {0};
    tg_text_append(&body, text, length);
    struct form *form = form_read(&body, &error);
    cr_assert(form || (strcmp(error.code, "invalid_form") == 0 && strcmp(error.field, "body") == 0),
              "%s", text);
    return form;
}

Test(form, gives_each_value_decoded)
{
    static const struct {
        const char *body;
        const char *name;
        const char *value; // NULL: there is none
        int count;
    } cases[] = {
        {"", "a", NULL, 0},
        {"a=1", "a", "1", 1},
        {"a=1&b=2", "b", "2", 1},
        {"a=1&a=2", "a", "1", 2},
        {"a=", "a", "", 1},
        {"a", "a", "", 1},
        {"a&b&c", "c", "", 1},
        {"&&a=1&", "a", "1", 1},
        {"a=b=c", "a", "b=c", 1},
        {"=1", "", "1", 1},
        {"a=one+two%20three%2b", "a", "one two three+", 1},
        {"%61%5B%5d=%26%3D", "a[]", "&=", 1},
        {"to=%2B91+98765", "to", "+91 98765", 1},
        {"name=%C3%bc", "name", "\xc3\xbc", 1},
        {"name=\xc3\xbc", "name", "\xc3\xbc", 1},
        {"text=%7B%22body%22%3A%22Hi%22%7D&type=text", "text", "{\"body\":\"Hi\"}", 1},
        {"a=1", "A", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct form *form = read_form(cases[i].body, strlen(cases[i].body));
        int count = -1;
        cr_assert(form, "%s", cases[i].body);
        const char *value = form_value(form, cases[i].name, &count);
        cr_assert_eq(count, cases[i].count, "%s", cases[i].body);
        cr_assert_eq(value != NULL, cases[i].value != NULL, "%s", cases[i].body);
        if (value)
            cr_assert_str_eq(value, cases[i].value);
        form_free(form);
    }
}

Test(form, that_is_not_well_formed_is_none)
{
    static const char *const bad[] = {"a=%",    "a=%1",    "a=%1g",     "%g0=1",
                                      "a=%00",  "%00=a",   "a=1&b=%f",  "a=%FF",
                                      "a=\xff", "%C3=%BC", "a=%C3&b=1", "a=%ED%A0%80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_null(read_form(bad[i], strlen(bad[i])), "%s", bad[i]);
    cr_assert_null(read_form("a=1\0", 4));
}

Test(form, has_a_bound_of_fields)
{
    TG_TEXT_AUTO body = {0};
    for (int i = 0; i < TG_FORM_FIELDS_MAX; i++)
        tg_text_append_string(&body, i > 0 ? "&x" : "x");
    struct form *form = read_form(body.data, body.length);
    int count = 0;
    cr_assert_str_eq(form_value(form, "x", &count), "");
    cr_assert_eq(count, TG_FORM_FIELDS_MAX);
    form_free(form);
    for (int more = 1; more <= 100 * TG_FORM_FIELDS_MAX; more *= 100) {
        struct tg_error error = {0};
        for (int i = 0; i < more; i++)
            tg_text_append_string(&body, "&y=1");
        cr_assert_null(form_read(&body, &error));
        cr_assert_str_eq(error.field, "body");
        cr_assert_str_eq(error.message, "The body has more than 256 fields");
    }
}
