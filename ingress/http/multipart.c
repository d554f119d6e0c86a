#include "ingress/http/multipart.h"

#include <string.h>
#include <strings.h>

static const char line_end[] = "\r\n";

static struct tg_span span_of(const char *from, const char *to)
{
    return (struct tg_span){from, (size_t)(to - from)};
}

static const char *find(const char *from, const char *end, const char *what)
{
    return memmem(from, (size_t)(end - from), what, strlen(what));
}

static bool begins_with(const char *from, const char *end, const char *what)
{
    size_t length = strlen(what);
    return (size_t)(end - from) >= length && memcmp(from, what, length) == 0;
}

// The end of what stands in quotes from here on; a backslash takes the next character with it.
static const char *quoted_end(const char *from, const char *end)
{
    for (; from < end && *from != '"'; from++) {
        if (*from == '\\' && from + 1 < end)
            from++;
    }
    return from;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *from, const char *end)
{
    while (from < end && is_blank(*from))
        from++;
    return from;
}

static const char *token_end(const char *from, const char *end)
{
    while (from < end && *from != ';' && !is_blank(*from))
        from++;
    return from;
}

// One parameter of a header ('; name="file"'), which *at is moved behind. false: there are no more.
static bool next_parameter(const char **at, const char *end, struct tg_span *name,
                           struct tg_span *value)
{
    const char *from = memchr(*at, ';', (size_t)(end - *at));
    from = from ? skip_blanks(from + 1, end) : end;
    const char *equals = memchr(from, '=', (size_t)(end - from));
    if (!equals)
        return false;
    *name = span_of(from, equals);
    const char *begin = equals + 1;
    bool quoted = begin < end && *begin == '"';
    begin += quoted;
    const char *stop = quoted ? quoted_end(begin, end) : token_end(begin, end);
    *value = span_of(begin, stop);
    *at = stop + (quoted && stop < end);
    return true;
}

// A parameter by its name; absent if it is not there.
static struct tg_span parameter_of(struct tg_span header, const char *wanted)
{
    const char *at = header.data;
    struct tg_span name;
    struct tg_span value;
    while (next_parameter(&at, header.data + header.length, &name, &value)) {
        if (name.length == strlen(wanted) && strncasecmp(name.data, wanted, name.length) == 0)
            return value;
    }
    return (struct tg_span){0};
}

// The value of a line that is this header; absent if it is another.
static struct tg_span header_of(struct tg_span line, const char *name)
{
    size_t length = strlen(name);
    if (line.length <= length || line.data[length] != ':' ||
        strncasecmp(line.data, name, length) != 0)
        return (struct tg_span){0};
    const char *end = line.data + line.length;
    return span_of(skip_blanks(line.data + length + 1, end), end);
}

bool multipart_begin(struct multipart *multipart, const char *content_type,
                     const struct tg_text *body)
{
    struct tg_span header = {content_type, content_type ? strlen(content_type) : 0};
    struct tg_span boundary = content_type ? parameter_of(header, "boundary") : header;
    *multipart = (struct multipart){.end = tg_text_string(body) + body->length};
    if (boundary.length == 0 || boundary.length > MULTIPART_BOUNDARY_MAX)
        return false;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.data, boundary.length);
    const char *from = tg_text_string(body);
    const char *first = multipart->delimiter + strlen(line_end); // nothing need stand before it
    if (begins_with(from, multipart->end, first)) {
        multipart->at = from + strlen(first);
        return true;
    }
    from = find(from, multipart->end, multipart->delimiter);
    multipart->at = from ? from + strlen(multipart->delimiter) : NULL;
    return from != NULL;
}

// Reads the lines of a part's head up to the empty one. NULL: there is none.
static const char *read_head(const char *at, const char *end, struct multipart_part *part)
{
    for (const char *stop; (stop = find(at, end, line_end)); at = stop + strlen(line_end)) {
        struct tg_span line = span_of(at, stop);
        if (line.length == 0)
            return stop + strlen(line_end);
        struct tg_span disposition = header_of(line, "Content-Disposition");
        struct tg_span type = header_of(line, "Content-Type");
        if (disposition.data) {
            part->name = parameter_of(disposition, "name");
            part->file = parameter_of(disposition, "filename");
        }
        if (type.data)
            part->type = type;
    }
    return NULL;
}

static bool end(struct multipart *multipart, bool whole)
{
    multipart->at = NULL;
    multipart->whole = whole;
    return false;
}

// Where the content of the next part begins; NULL: there is none.
static const char *open_part(struct multipart *multipart, struct multipart_part *part)
{
    *part = (struct multipart_part){0};
    const char *at = skip_blanks(multipart->at, multipart->end);
    if (!begins_with(at, multipart->end, line_end))
        return NULL;
    at = read_head(at + strlen(line_end), multipart->end, part);
    return part->name.data ? at : NULL;
}

bool multipart_next(struct multipart *multipart, struct multipart_part *part)
{
    *part = (struct multipart_part){0};
    if (!multipart->at)
        return false;
    if (begins_with(multipart->at, multipart->end, "--"))
        return end(multipart, true);
    const char *at = open_part(multipart, part);
    // An empty part has its delimiter right behind its head, whose last line end belongs to it.
    const char *stop =
        at ? find(at - strlen(line_end), multipart->end, multipart->delimiter) : NULL;
    if (!stop)
        return end(multipart, false);
    part->content = span_of(at, stop < at ? at : stop);
    multipart->at = stop + strlen(multipart->delimiter);
    return true;
}

bool multipart_head(struct multipart *multipart, struct multipart_part *part)
{
    const char *at = multipart->at ? open_part(multipart, part) : NULL;
    if (!at)
        return end(multipart, false);
    part->content = span_of(at, multipart->end);
    return true;
}
