#include "ingress/http/head.h"

#include "ingress/http/request.h"

#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct look {
    struct head *head;
    const char *wrong; // the header that is wrong
    const char *reason;
    const char *next; // where the next header must begin; NULL: anywhere
    int lengths;
    int codings;
    int hosts;
};

static enum MHD_Result refuse(struct look *look, const char *name, const char *reason)
{
    look->wrong = name;
    look->reason = reason;
    return MHD_NO;
}

static void see_encoding(struct look *look, const char *name, const char *value)
{
    if (strcasecmp(name, "Content-Encoding") == 0)
        look->head->encoded |= *value != '\0' && strcasecmp(value, "identity") != 0;
}

// The few that decide what the request is; all others are its handler's.
static enum MHD_Result see_value(struct look *look, const char *name, const char *value)
{
    switch (*name | 0x20) {
    case 'c':
        if (strcasecmp(name, "Content-Length") != 0) {
            see_encoding(look, name, value);
            break;
        }
        look->head->length = (size_t)strtoull(value, NULL, 10);
        if (++look->lengths > 1)
            return refuse(look, "Content-Length", "must be given once");
        break;
    case 't':
        if (strcasecmp(name, "Transfer-Encoding") != 0)
            break;
        if (++look->codings > 1 || strcasecmp(value, "chunked") != 0)
            return refuse(look, "Transfer-Encoding", "must be chunked, once");
        break;
    case 'e':
        if (strcasecmp(name, "Expect") == 0)
            look->head->expects_continue = strcasecmp(value, "100-continue") == 0;
        break;
    case 'h':
        look->hosts += strcasecmp(name, "Host") == 0;
        break;
    default:
        break;
    }
    return MHD_YES;
}

static const char lines[] = "must be lines that end in CR LF, without NULs";

// In this version names and values lie where they came, one behind the other, with NULs for what
// was between them: a line that ended otherwise than in CR LF, was folded or had a NUL in it shows
// by that. Later versions refuse such lines themselves. (NUL LF, and a line of a NUL or a colon
// alone, with which the head ends for this version, may lie there as what is right does. Only who
// takes LF for no end of a line, or such a line for one of the head, against RFC 9112, 2.2 and 5,
// would read another head.)
static bool places_tell(void)
{
    return strcmp(MHD_get_version(), "0.9.75") == 0;
}

// Is it there that the line before has ended, with both of its bytes?
static bool follows(const struct look *look, const char *at)
{
    return !look->next || (look->next == at && at[-1] == '\0');
}

static enum MHD_Result see(void *context, enum MHD_ValueKind kind, const char *name,
                           const char *value)
{
    (void)kind;
    struct look *look = context;
    value = value ? value : "";
    if (*name == '\0' || strpbrk(name, " \t\r"))
        return refuse(look, "headers", "must have names without blanks");
    if (strchr(value, '\r') || !follows(look, name))
        return refuse(look, "headers", lines);
    if (look->next)
        look->next = value + strlen(value) + 2;
    return see_value(look, name, value);
}

// The target ends at the first NUL for the library, and at the last blank for others, who would
// read another one.
static bool begins_well(const char *method, size_t target_length, const char *version)
{
    bool fits = !places_tell() || method + strlen(method) + 1 + target_length + 1 == version;
    return fits && target_length > 0 && !strchr(method, '\r');
}

// The last line, too, ends where it must: an empty one follows, and with it the head ends.
static bool ends_well(struct MHD_Connection *connection, const char *method,
                      const struct look *look)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *empty = method + info->header_size - 2;
    return !look->next || (follows(look, empty) && empty[0] == '\0' && empty[1] == '\0');
}

bool head_read(struct MHD_Connection *connection, const char *method, size_t target_length,
               const char *version, struct head *head, struct tg_error *error)
{
    struct look look = {.head = head, .next = places_tell() ? version + strlen(version) + 2 : NULL};
    bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;
    *head = (struct head){0};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, see, &look);
    if (!look.wrong && !begins_well(method, target_length, version))
        (void)refuse(&look, "first line", "must have two blanks, and no NUL or CR");
    else if (!look.wrong && !ends_well(connection, method, &look))
        (void)refuse(&look, "headers", lines);
    else if (!look.wrong && (look.hosts > 1 || (look.hosts == 0 && is_1_1)))
        (void)refuse(&look, "Host", "must be given once");
    else if (!look.wrong && look.codings > 0 && (look.lengths > 0 || !is_1_1))
        (void)refuse(&look, "Transfer-Encoding", "must stand alone, and in HTTP/1.1");
    if (look.wrong)
        return tg_error_set(error, "invalid_request", look.wrong, "%s %s", look.wrong, look.reason);
    if (look.codings > 0)
        head->length = SIZE_MAX;
    head->has_body = head->length > 0;
    return true;
}

size_t head_target_length(const char *uri)
{
    return strchr(uri, '\r') ? 0 : strlen(uri);
}

#define STRING_OF_SLASH "\x1f"

bool head_target_is_plain(const char *uri)
{
    size_t path = strcspn(uri, "?");
    for (const char *at = uri; (at = strpbrk(at, "% " STRING_OF_SLASH)); at++) {
        bool nul = at[1] == '0' && at[2] == '0';
        bool stands = at < uri + path && at[1] == '1' && (at[2] | 0x20) == 'f';
        if (*at != '%' || nul || stands)
            return false;
    }
    return true;
}

static bool is_slash(const char *at)
{
    return at[0] == '%' && at[1] == '2' && (at[2] | 0x20) == 'f';
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c ? strchr(digits, c | 0x20) : NULL;
    return digit ? (int)(digit - digits) : -1;
}

static void append_decoded(struct tg_text *path, const char *at, const char *end)
{
    while (at < end) {
        int high = *at == '%' ? hex_digit(at[1]) : -1;
        int low = high >= 0 ? hex_digit(at[2]) : -1;
        char byte = *at;
        if (is_slash(at))
            byte = PATH_SLASH;
        else if (low >= 0)
            byte = (char)(high * 16 + low);
        tg_text_append(path, &byte, 1);
        at += low >= 0 ? 3 : 1;
    }
}

void head_target_path(const char *uri, struct tg_text *path)
{
    const char *end = uri + strcspn(uri, "?");
    const char *at = uri;
    while (at < end && !is_slash(at))
        at++;
    if (at < end)
        append_decoded(path, uri, end);
}
