#include "ingress/http/form.h"

#include "common/base/digits.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/limits.h"

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

void form_free(struct form *form)
{
    if (!form)
        return;
    free(form->text);
    free(form);
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
