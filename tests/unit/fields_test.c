#include "ingress/http/fields.h"

#include "common/limits.h"
#include "ingress/http/multipart.h"

#include <criterion/criterion.h>
#include <string.h>

#define PARTS "multipart/form-data; boundary=x"

Test(fields, are_of_the_kind_that_the_header_names)
{
    static const struct {
        const char *type;
        enum fields_kind kind;
    } cases[] = {
        {NULL, FIELDS_JSON},
        {"application/json", FIELDS_JSON},
        {"Application/JSON; charset=utf-8", FIELDS_JSON},
        {"application/x-www-form-urlencoded", FIELDS_FORM},
        {"multipart/form-data; boundary=x", FIELDS_MULTIPART},
        {"multipart/form-data", FIELDS_MULTIPART},
        {"multipart/mixed; boundary=x", FIELDS_OTHER},
        {"application/jsonx", FIELDS_OTHER},
        {"text/plain", FIELDS_OTHER},
        {"", FIELDS_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(fields_kind_of(cases[i].type), cases[i].kind, "%s", cases[i].type);
}

// What is found as it stands there is what the form says, for what needs no encoding.
Test(fields, are_found_as_they_stand)
{
    static const struct {
        const char *type;
        const char *body;
        const char *value; // NULL: absent
    } cases[] = {
        {"application/x-www-form-urlencoded", "access_token=tg_a-b.c&to=1", "tg_a-b.c"},
        {"application/x-www-form-urlencoded", "to=1&&access_token=tg", "tg"},
        {"application/x-www-form-urlencoded", "access_token=a&access_token=b", "a"},
        {"application/x-www-form-urlencoded", "access_token=", ""},
        {"application/x-www-form-urlencoded", "access_token", NULL},
        {"application/x-www-form-urlencoded", "xaccess_token=a&access_tokens=b", NULL},
        {"application/x-www-form-urlencoded", "", NULL},
        {"application/json", "{\"access_token\":\"a\"}", NULL},
        {PARTS,
         "--x\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n1\r\n"
         "--x\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\ntg_a\r\n--x--\r\n",
         "tg_a"},
        {PARTS,
         "--x\r\nContent-Disposition: form-data; name=\"access_token\"; filename=\"f\"\r\n\r\na\r\n"
         "--x--",
         NULL},
        {PARTS, "access_token=a", NULL},
        {"multipart/form-data", "--x\r\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TG_TEXT_AUTO body = {0};
        tg_text_append_string(&body, cases[i].body);
        struct tg_span found = fields_find(cases[i].type, &body, "access_token");
        if (cases[i].value)
            cr_assert(tg_span_equals(found, cases[i].value), "%zu", i);
        else
            cr_assert_null(found.data, "%zu", i);
    }
}

static struct form *read_parts(const char *type, const char *text, size_t length)
{
    TG_TEXT_AUTO body = {0};
    struct tg_error error = {0};
    tg_text_append(&body, text, length);
    struct form *form = fields_read(type, &body, &error);
    cr_assert(form || (strcmp(error.code, "invalid_form") == 0 && strcmp(error.field, "body") == 0),
              "%s", text);
    return form;
}

#define FIELD(name, value)                                                                         \
    "--x\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

Test(fields, of_parts_are_given_in_order)
{
    static const struct {
        const char *type;
        const char *body;
        const char *all; // "name=value|"
    } cases[] = {
        {PARTS, FIELD("to", "+91 98765") FIELD("text", "{\"body\":\"a%20b\"}") "--x--\r\n",
         "to=+91 98765|text={\"body\":\"a%20b\"}|"},
        {PARTS, "--x--", ""},
        {PARTS, FIELD("a", "") "--x--", "a=|"},
        {PARTS, FIELD("", "1") "--x--", "=1|"},
        {PARTS, FIELD("a", "1\r\n2\r\n-") "--x--", "a=1\r\n2\r\n-|"},
        {PARTS, "before\r\n" FIELD("a", "1") "--x--\r\nbehind", "a=1|"},
        {"multipart/form-data; charset=utf-8; Boundary=\"x\"", FIELD("a", "1") "--x--", "a=1|"},
        {PARTS,
         "--x  \r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION:form-data; name=a\r\n\r\n1\r\n"
         "--x--",
         "a=1|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TG_TEXT_AUTO all = {0};
        struct form *form = read_parts(cases[i].type, cases[i].body, strlen(cases[i].body));
        cr_assert(form, "%zu", i);
        const char *name;
        const char *value;
        for (size_t n = 0; (name = form_field(form, n, &value)); n++)
            tg_text_append_format(&all, "%s=%s|", name, value);
        cr_assert_str_eq(tg_text_string(&all), cases[i].all);
        form_free(form);
    }
}

Test(fields, of_parts_that_are_not_well_formed_are_none)
{
    static const struct {
        const char *type;
        const char *body;
    } bad[] = {
        {PARTS, ""},
        {PARTS, "x"},
        {PARTS, FIELD("a", "1")}, // broken off
        {PARTS, "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"},
        {PARTS, "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n"},
        {PARTS, "--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"}, // no name
        {PARTS, "--x\r\n\r\n1\r\n--x--"},
        {PARTS, "--xy\r\n\r\n1\r\n--x--"},
        {PARTS, FIELD("a", "\xff") "--x--"},
        {PARTS,
         "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n1\r\n--x--"},
        {"multipart/form-data", FIELD("a", "1") "--x--"},
        {"multipart/form-data; boundary=", FIELD("a", "1") "--x--"},
        {"multipart/form-data; boundary=y", FIELD("a", "1") "--x--"},
        {"multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901",
         "--12345678901234567890123456789012345678901234567890123456789012345678901--"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_null(read_parts(bad[i].type, bad[i].body, strlen(bad[i].body)), "%zu", i);
    static const char nul[] = FIELD("a", "1\0") "--x--";
    cr_assert_null(read_parts(PARTS, nul, sizeof nul - 1));
}

Test(fields, of_parts_have_a_bound)
{
    TG_TEXT_AUTO body = {0};
    for (int i = 0; i < TG_FORM_FIELDS_MAX; i++)
        tg_text_append_string(&body, FIELD("a", "1"));
    tg_text_append_string(&body, "--x--");
    struct form *form = read_parts(PARTS, body.data, body.length);
    cr_assert(form);
    form_free(form);
    TG_TEXT_AUTO more = {0};
    tg_text_append_string(&more, FIELD("b", "2"));
    tg_text_append(&more, body.data, body.length);
    cr_assert_null(read_parts(PARTS, more.data, more.length));
}

Test(fields, of_parts_may_be_files_with_types)
{
    static const char bytes[] =
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".png\"\r\n"
        "Content-Type: image/png\r\n\r\n\0\r\n\x89\r\n--x--";
    struct multipart multipart;
    struct multipart_part part;
    TG_TEXT_AUTO body = {0};
    tg_text_append(&body, bytes, sizeof bytes - 1);
    cr_assert(multipart_begin(&multipart, PARTS, &body));
    cr_assert(multipart_next(&multipart, &part));
    cr_assert(tg_span_equals(part.name, "file") && tg_span_equals(part.type, "image/png"));
    cr_assert(tg_span_equals(part.file, "a \\\"b\\\".png"));
    cr_assert_eq(part.content.length, 4);
    cr_assert_arr_eq(part.content.data, "\0\r\n\x89", 4);
    cr_assert_not(multipart_next(&multipart, &part));
    cr_assert(multipart.whole);
}
