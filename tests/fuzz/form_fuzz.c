#include "ingress/http/form.h"

#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void expect_field(const struct form *form, const char *name)
{
    int count = 0;
    const char *value = form_value(form, name, &count);
    FUZZ_HOLDS(!value == (count == 0) && count <= 256);
    FUZZ_HOLDS(!value || tg_utf8_is_valid(value, strlen(value)));
}

// Any text can be told by a form.
static void expect_value(const struct tg_text *input)
{
    struct tg_error error = {0};
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "x=");
    for (size_t i = 0; i < input->length; i++)
        tg_text_append_format(&body, "%%%02x", (unsigned)(unsigned char)input->data[i]);
    struct form *form = form_read(&body, &error);
    bool is_text =
        tg_utf8_is_valid(input->data, input->length) && !memchr(input->data, '\0', input->length);
    FUZZ_HOLDS(!form == !is_text);
    FUZZ_HOLDS(!form || strcmp(form_value(form, "x", NULL), input->data) == 0);
    form_free(form);
}

FUZZ_TARGET(form)
{
    struct tg_error error = {0};
    struct form *form = form_read(input, &error);
    if (form) {
        expect_field(form, "hub.mode");
        expect_field(form, "");
        expect_field(form, tg_text_string(input));
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(strcmp(error.code, "invalid_form") == 0 && strcmp(error.field, "body") == 0);
    }
    form_free(form);
    expect_value(input);
}
