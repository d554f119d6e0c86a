#include "ingress/http/fields.h"

#include "ingress/http/body.h"
#include "ingress/http/multipart.h"

#include <string.h>

enum fields_kind fields_kind_of(const char *content_type)
{
    static const char *const types[] = {[FIELDS_JSON] = "application/json",
                                        [FIELDS_FORM] = "application/x-www-form-urlencoded",
                                        [FIELDS_MULTIPART] = "multipart/form-data"};
    if (!content_type)
        return FIELDS_JSON;
    for (enum fields_kind kind = FIELDS_JSON; kind <= FIELDS_MULTIPART; kind++) {
        if (body_is_of_type(content_type, types[kind]))
            return kind;
    }
    return FIELDS_OTHER;
}

static struct tg_span find_in_form(const struct tg_text *body, const char *name)
{
    const char *from = tg_text_string(body);
    const char *const all = from + body->length;
    size_t length = strlen(name);
    while (from < all) {
        const char *end = memchr(from, '&', (size_t)(all - from));
        end = end ? end : all;
        if ((size_t)(end - from) > length && from[length] == '=' && memcmp(from, name, length) == 0)
            return (struct tg_span){from + length + 1, (size_t)(end - from) - length - 1};
        from = end + 1;
    }
    return (struct tg_span){0};
}

static struct tg_span find_in_parts(const char *content_type, const struct tg_text *body,
                                    const char *name)
{
    struct multipart multipart;
    struct multipart_part part;
    bool any = multipart_begin(&multipart, content_type, body);
    while (any && multipart_next(&multipart, &part)) {
        if (!part.file.data && tg_span_equals(part.name, name))
            return part.content;
    }
    return (struct tg_span){0};
}

struct tg_span fields_find(const char *content_type, const struct tg_text *body, const char *name)
{
    switch (fields_kind_of(content_type)) {
    case FIELDS_FORM:
        return find_in_form(body, name);
    case FIELDS_MULTIPART:
        return find_in_parts(content_type, body, name);
    default:
        return (struct tg_span){0};
    }
}

struct form *fields_read(const char *content_type, const struct tg_text *body,
                         struct tg_error *error)
{
    return fields_kind_of(content_type) == FIELDS_MULTIPART
               ? form_read_parts(content_type, body, error)
               : form_read(body, error);
}
