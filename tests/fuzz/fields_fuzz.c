#include "ingress/http/fields.h"

#include "common/base/utf8.h"
#include "ingress/http/multipart.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static bool is_within(struct tg_span span, const struct tg_text *body)
{
    return !span.data ||
           (span.data >= body->data && span.data + span.length <= body->data + body->length);
}

static void expect_parts(const char *content_type, const struct tg_text *body)
{
    struct multipart multipart;
    struct multipart_part part;
    bool any = multipart_begin(&multipart, content_type, body);
    while (any && multipart_next(&multipart, &part)) {
        FUZZ_HOLDS(part.name.data && is_within(part.name, body) && is_within(part.file, body));
        FUZZ_HOLDS(is_within(part.type, body) && is_within(part.content, body));
        FUZZ_HOLDS(part.content.data && !memmem(part.content.data, part.content.length,
                                                multipart.delimiter, strlen(multipart.delimiter)));
    }
}

// The same key is found whether all fields are read or this one is looked for.
static void expect_found(const char *content_type, const struct tg_text *body,
                         const struct form *form)
{
    struct tg_span found = fields_find(content_type, body, "access_token");
    FUZZ_HOLDS(is_within(found, body));
    const char *value = form_value(form, "access_token", NULL);
    bool is_plain = found.data && !memchr(found.data, '%', found.length) &&
                    !memchr(found.data, '+', found.length);
    FUZZ_HOLDS(!found.data || value);
    if (is_plain && fields_kind_of(content_type) == FIELDS_MULTIPART)
        FUZZ_HOLDS(tg_span_equals(found, value));
    for (size_t n = 0; form_field(form, n, &value); n++)
        FUZZ_HOLDS(tg_utf8_is_valid(value, strlen(value)));
}

// The first line is the Content-Type.
FUZZ_TARGET(fields)
{
    struct tg_error error = {0};
    size_t at = 0;
    TG_TEXT_AUTO line = fuzz_text(fuzz_line(input, &at));
    TG_TEXT_AUTO body = fuzz_text(fuzz_rest(input, at));
    const char *content_type = tg_text_string(&line);
    expect_parts(content_type, &body);
    struct form *form = fields_read(content_type, &body, &error);
    if (form) {
        expect_found(content_type, &body, form);
    } else {
        fuzz_refused(&error);
        FUZZ_HOLDS(strcmp(error.code, "invalid_form") == 0 && strcmp(error.field, "body") == 0);
    }
    form_free(form);
}
