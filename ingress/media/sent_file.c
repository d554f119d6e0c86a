#include "ingress/media/sent_file.h"

#include "ingress/http/fields.h"
#include "ingress/http/multipart.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    // What stands before a file in a form; and what is looked at of it at a time.
    HEAD_MAX = 16 * 1024,
    WINDOW = 32 * 1024,
};

static bool refuse_form(struct tg_error *error)
{
    return tg_error_set(error, "invalid_form", "body",
                        "The body must be a form as its type says, with the file within the first "
                        "%d bytes",
                        HEAD_MAX);
}

// As much of the file as there is room for, from there on. false: it cannot be read.
static bool read_at(const struct body *body, size_t from, char *bytes, size_t size, size_t *n)
{
    size_t got = 0;
    while (got < size) {
        ssize_t more = pread(body->file, bytes + got, size - got, (off_t)(from + got));
        if (more < 0)
            return false;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    *n = got;
    return true;
}

// Where the delimiter stands, at or behind `from`. false: nowhere.
static bool find_delimiter(const struct body *body, const char *delimiter, size_t from, size_t *at)
{
    char window[WINDOW];
    size_t length = strlen(delimiter);
    size_t n = 0;
    for (*at = from; read_at(body, *at, window, sizeof window, &n) && n >= length;
         *at += n - length + 1) {
        const char *found = memmem(window, n, delimiter, length);
        if (found) {
            *at += (size_t)(found - window);
            return true;
        }
        if (n < sizeof window)
            return false;
    }
    return false;
}

static bool take_type(struct sent_file *sent, struct tg_span type, struct tg_error *error)
{
    if (type.length == 0 || type.length >= sizeof sent->mime_type)
        return tg_error_set(error, "unsupported_media_type", "Content-Type",
                            "Content-Type must say of what type the file is");
    memcpy(sent->mime_type, type.data, type.length);
    sent->mime_type[type.length] = '\0';
    return true;
}

// The one part that there may be is the file, and it ends the form.
static bool check_end(const struct body *body, size_t at, struct tg_error *error)
{
    char end[2];
    size_t n = 0;
    if (!read_at(body, at, end, sizeof end, &n) || n < sizeof end)
        return refuse_form(error);
    return memcmp(end, "--", 2) == 0 ||
           tg_error_set(error, "unknown_field", "body", "A form has one part: a file named file");
}

static bool find_part(const struct body *body, const char *content_type, struct sent_file *sent,
                      struct tg_error *error)
{
    char bytes[HEAD_MAX];
    size_t n = 0;
    size_t end = 0;
    struct multipart multipart;
    struct multipart_part part;
    if (!read_at(body, 0, bytes, sizeof bytes, &n))
        return tg_error_set(error, "unavailable", NULL, "The body cannot be read now");
    const struct tg_text head = {.data = bytes, .length = n};
    if (!multipart_begin(&multipart, content_type, &head) || !multipart_head(&multipart, &part))
        return refuse_form(error);
    if (!tg_span_equals(part.name, "file"))
        return tg_error_set(error, "unknown_field", "body",
                            "A form has one part: a file named file");
    sent->from = (size_t)(part.content.data - bytes);
    // (The line end before the delimiter of an empty part is that of its head.)
    if (!find_delimiter(body, multipart.delimiter, sent->from - 2, &end))
        return refuse_form(error);
    sent->size = end > sent->from ? end - sent->from : 0;
    tg_text_append(&sent->filename, part.file.data, part.file.length);
    return check_end(body, end + strlen(multipart.delimiter), error) &&
           take_type(sent, part.type, error);
}

bool sent_file_find(const struct body *body, const char *content_type, struct sent_file *sent,
                    struct tg_error *error)
{
    if (body->file < 0)
        return tg_error_set(error, "missing_field", "file", "There must be a file");
    if (fields_kind_of(content_type) == FIELDS_MULTIPART)
        return find_part(body, content_type, sent, error);
    sent->size = body->held;
    return take_type(sent, (struct tg_span){content_type, content_type ? strlen(content_type) : 0},
                     error);
}
