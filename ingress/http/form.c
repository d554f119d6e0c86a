#include "ingress/http/form.h"

#include "common/base/digits.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/limits.h"
#include "ingress/http/multipart.h"

#include <string.h>

struct form {
    char *text; // all names and values, decoded, a NUL behind each
    size_t count;
    struct {
        const char *name;
        const char *value;
    } field[TG_FORM_FIELDS_MAX];
};

// Decodes what stands between `from` and `end` to `to`, where it gets no longer, with a NUL behind
// it. Returns where to go on writing, NULL if it is no good.
static char *decode(const char *from, const char *end, char *to)
{
    char *begin = to;
    for (; from < end; from++) {
        unsigned char c = *from == '+' ? ' ' : (unsigned char)*from;
        if (c == '%') {
            if (end - from < 3 || !tg_hex_read(from + 1, &c, 1))
                return NULL;
            from += 2;
        }
        if (c == '\0')
            return NULL;
        *to++ = (char)c;
    }
    *to = '\0';
    return tg_utf8_is_valid(begin, (size_t)(to - begin)) ? to + 1 : NULL;
}

// Reads "name=value", or a name alone, whose value is empty.
static char *read_field(struct form *form, const char *from, const char *end, char *to)
{
    const char *equals = memchr(from, '=', (size_t)(end - from));
    char *value = decode(from, equals ? equals : end, to);
    if (!value)
        return NULL;
    form->field[form->count].name = to;
    form->field[form->count].value = value;
    form->count++;
    return decode(equals ? equals + 1 : end, end, value);
}

static void refuse(bool full, size_t at, struct tg_error *error)
{
    if (full)
        tg_error_set(error, "invalid_form", "body", "The body has more than %d fields",
                     TG_FORM_FIELDS_MAX);
    else
        tg_error_set(error, "invalid_form", "body", "The body is no form (byte %zu)", at);
}

struct form *form_read(const struct tg_text *body, struct tg_error *error)
{
    struct form *form = tg_alloc(sizeof *form);
    char *to = form->text = tg_alloc(body->length + (size_t)2 * TG_FORM_FIELDS_MAX);
    const char *from = tg_text_string(body);
    const char *const all = from + body->length;
    while (from < all) {
        const char *end = memchr(from, '&', (size_t)(all - from));
        end = end ? end : all;
        bool full = form->count == TG_FORM_FIELDS_MAX;
        if (end > from)
            to = full ? NULL : read_field(form, from, end, to);
        if (!to) {
            refuse(full, (size_t)(from - tg_text_string(body)), error);
            form_free(form);
            return NULL;
        }
        from = end + 1;
    }
    return form;
}

// Copies what a part says, as decode does.
static char *copy(struct tg_span from, char *to)
{
    if (memchr(from.data, '\0', from.length) || !tg_utf8_is_valid(from.data, from.length))
        return NULL;
    memcpy(to, from.data, from.length);
    to[from.length] = '\0';
    return to + from.length + 1;
}

static char *read_part(struct form *form, const struct multipart_part *part, char *to)
{
    char *value = part->file.data ? NULL : copy(part->name, to);
    if (!value)
        return NULL;
    form->field[form->count].name = to;
    form->field[form->count].value = value;
    form->count++;
    return copy(part->content, value);
}

struct form *form_read_parts(const char *content_type, const struct tg_text *body,
                             struct tg_error *error)
{
    struct form *form = tg_alloc(sizeof *form);
    char *to = form->text = tg_alloc(body->length + (size_t)2 * TG_FORM_FIELDS_MAX);
    struct multipart multipart;
    struct multipart_part part = {0};
    const char *const begin = tg_text_string(body);
    bool full = false;
    bool good = multipart_begin(&multipart, content_type, body);
    while (good && multipart_next(&multipart, &part)) {
        full = form->count == TG_FORM_FIELDS_MAX;
        to = full ? NULL : read_part(form, &part, to);
        good = to != NULL;
    }
    if (good && multipart.whole)
        return form;
    refuse(full, part.name.data ? (size_t)(part.name.data - begin) : 0, error);
    form_free(form);
    return NULL;
}

void form_free(struct form *form)
{
    if (!form)
        return;
    free(form->text);
    free(form);
}

const char *form_field(const struct form *form, size_t n, const char **value)
{
    if (n >= form->count)
        return NULL;
    *value = form->field[n].value;
    return form->field[n].name;
}

const char *form_value(const struct form *form, const char *name, int *count)
{
    const char *value = NULL;
    int found = 0;
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->field[i].name, name) == 0 && found++ == 0)
            value = form->field[i].value;
    }
    if (count)
        *count = found;
    return value;
}
