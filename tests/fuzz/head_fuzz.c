#include "ingress/http/head.h"

#include "common/base/digits.h"
#include "common/limits.h"
#include "tests/fuzz/fuzz.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

// The input is all that a client says on its connection. The library reads it, and what is taken of
// it must be what anybody else would read there.
static struct tg_span said;
static struct tg_text asked_for; // before the library takes it apart

// What stands before the next CR LF, and moves behind that.
static struct tg_span next_line(struct tg_span *rest)
{
    const char *end = memmem(rest->data, rest->length, "\r\n", 2);
    FUZZ_HOLDS(end != NULL);
    struct tg_span line = {rest->data, (size_t)(end - rest->data)};
    FUZZ_HOLDS(!memchr(line.data, '\r', line.length) && !memchr(line.data, '\n', line.length));
    FUZZ_HOLDS(!memchr(line.data, '\0', line.length));
    *rest = (struct tg_span){end + 2, rest->length - line.length - 2};
    return line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_named(struct tg_span name, const char *text)
{
    return name.length == strlen(text) && strncasecmp(name.data, text, name.length) == 0;
}

// What tells where the body ends.
struct framing {
    int hosts;
    int lengths;
    int codings;
    int64_t length;
};

static void see_header(struct framing *framing, struct tg_span line)
{
    const char *colon = memchr(line.data, ':', line.length);
    FUZZ_HOLDS(colon != NULL && colon > line.data);
    FUZZ_HOLDS(!is_blank(line.data[0]) && !is_blank(colon[-1]));
    struct tg_span name = {line.data, (size_t)(colon - line.data)};
    struct tg_span value = {colon + 1, line.length - name.length - 1};
    while (value.length > 0 && is_blank(value.data[0]))
        value = (struct tg_span){value.data + 1, value.length - 1};
    while (value.length > 0 && is_blank(value.data[value.length - 1]))
        value.length--;
    framing->hosts += is_named(name, "Host");
    if (is_named(name, "Transfer-Encoding")) {
        FUZZ_HOLDS(is_named(value, "chunked"));
        framing->codings++;
    } else if (is_named(name, "Content-Length")) {
        struct tg_text digits = fuzz_text(value);
        FUZZ_HOLDS(tg_decimal_read(tg_text_string(&digits), INT64_MAX, &framing->length));
        framing->lengths++;
        tg_text_finish(&digits);
    }
}

static void expect_line(struct tg_span line, const char *method, const char *version)
{
    TG_TEXT_AUTO text = {0};
    tg_text_append_format(&text, "%s %s %s", method, tg_text_string(&asked_for), version);
    FUZZ_HOLDS(fuzz_same(line, tg_text_span(&text)));
}

// Empty lines before a request say nothing. The library takes one that begins with a NUL for empty,
// too, and tells nobody.
static void skip_empty_lines(struct tg_span *rest)
{
    while (rest->length > 0 && memchr("\r\n", rest->data[0], sizeof "\r\n")) {
        const char *end = memchr(rest->data, '\n', rest->length);
        FUZZ_HOLDS(end != NULL);
        rest->length -= (size_t)(end + 1 - rest->data);
        rest->data = end + 1;
    }
}

static void expect_head(const struct head *head, const char *method, const char *version)
{
    struct framing framing = {0};
    struct tg_span rest = said;
    bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;
    skip_empty_lines(&rest);
    expect_line(next_line(&rest), method, version);
    for (struct tg_span line; (line = next_line(&rest)).length > 0;)
        see_header(&framing, line);
    FUZZ_HOLDS(framing.hosts == 1 || (framing.hosts == 0 && !is_1_1));
    FUZZ_HOLDS(framing.lengths + framing.codings <= 1 && (framing.codings == 0 || is_1_1));
    FUZZ_HOLDS(head->length == (framing.codings ? SIZE_MAX : (size_t)framing.length));
    FUZZ_HOLDS(head->has_body == (head->length > 0));
}

// NOLINTBEGIN(readability-non-const-parameter): the library wants it so
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *length, void **request)
// NOLINTEND(readability-non-const-parameter)
{
    (void)context, (void)url, (void)bytes, (void)length, (void)request;
    struct head head;
    struct tg_error error = {0};
    bool good = head_read(connection, method, head_target_length(tg_text_string(&asked_for)),
                          version, &head, &error);
    if (!good)
        fuzz_refused(&error);
    else if (head_target_is_plain(tg_text_string(&asked_for)))
        expect_head(&head, method, version);
    return MHD_NO; // there is no answer: the connection ends
}

static void *on_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    (void)context, (void)connection;
    tg_text_clear(&asked_for);
    tg_text_append_string(&asked_for, uri);
    return NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)connection, (void)socket_context;
    bool *is_open = context;
    *is_open = what == MHD_CONNECTION_NOTIFY_STARTED;
}

// Where the library has overwritten bytes before anybody sees them, these cannot be told from CR
// LF, or two of them (ingress/http/head.c).
static bool cannot_be_told(const struct tg_text *input)
{
    static const struct tg_span endings[] = {
        {"\0\n", 2}, {"\n\0\r\n", 4}, {"\0\r\n\n", 4}, {"\n:\n", 3}, {"\n:\r\n", 4}};
    bool found = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !found; i++)
        found = memmem(tg_text_string(input), input->length, endings[i].data, endings[i].length);
    return found;
}

FUZZ_TARGET(head)
{
    static struct MHD_Daemon *library;
    static bool is_open;
    const struct sockaddr_in client = {.sin_family = AF_INET};
    int pair[2];
    if (cannot_be_told(input))
        return;
    if (!library)
        library =
            MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, NULL,
                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)TG_CONNECTION_MEMORY_BYTES,
                             MHD_OPTION_URI_LOG_CALLBACK, on_line, NULL,
                             MHD_OPTION_NOTIFY_CONNECTION, on_connection, &is_open, MHD_OPTION_END);
    FUZZ_HOLDS(library && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    said = tg_text_span(input);
    (void)send(pair[1], said.data, said.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(pair[1], SHUT_WR);
    is_open = true;
    FUZZ_HOLDS(MHD_add_connection(library, pair[0], (const struct sockaddr *)&client,
                                  sizeof client) == MHD_YES);
    while (is_open)
        FUZZ_HOLDS(MHD_run(library) == MHD_YES);
    close(pair[1]);
}
