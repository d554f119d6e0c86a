#include "tests/system/raw.h"

#include "common/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOMENT_MS = 200 };

int raw_connect(const char *url)
{
    long port = strtol(strrchr(url, ':') + 1, NULL, 10);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(connection, 0);
    cr_assert_eq(connect(connection, (struct sockaddr *)&address, sizeof address), 0, "%s",
                 strerrordesc_np(errno));
    return connection;
}

bool raw_write(int connection, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = send(connection, bytes, size, MSG_NOSIGNAL);
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

size_t raw_write_some(int connection, const char *bytes, size_t size)
{
    size_t written = 0;
    struct pollfd poller = {.fd = connection, .events = POLLOUT};
    while (written < size && poll(&poller, 1, MOMENT_MS) > 0) {
        ssize_t n = send(connection, bytes + written, size - written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            break;
        written += (size_t)n;
    }
    return written;
}

bool raw_printf(int connection, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = text_of_list(format, args);
    va_end(args);
    return raw_write(connection, text, strlen(text));
}

static bool readable(int connection, int timeout_ms)
{
    struct pollfd poller = {.fd = connection, .events = POLLIN};
    return poll(&poller, 1, timeout_ms) > 0;
}

// Appends what comes next. false: closed.
static bool read_more(int connection, struct tg_text *text)
{
    char bytes[4096];
    cr_assert(readable(connection, PATIENCE_S * 1000), "no answer after \"%s\"",
              tg_text_string(text));
    ssize_t got = recv(connection, bytes, sizeof bytes, 0);
    if (got > 0)
        tg_text_append(text, bytes, (size_t)got);
    return got > 0;
}

const char *raw_read_to_end(int connection)
{
    struct tg_text text = {0};
    while (read_more(connection, &text))
        ;
    return tg_text_string(&text);
}

static bool is_whole(const struct tg_text *text)
{
    const char *end = strstr(tg_text_string(text), "\r\n\r\n");
    const char *length = strcasestr(tg_text_string(text), "\r\nContent-Length: ");
    if (!end)
        return false;
    size_t body = length && length < end ? (size_t)strtoul(length + 18, NULL, 10) : 0;
    return text->length >= (size_t)(end + 4 - text->data) + body;
}

const char *raw_read_answer(int connection)
{
    struct tg_text text = {0};
    while (!is_whole(&text) && read_more(connection, &text))
        ;
    return tg_text_string(&text);
}

bool raw_is_closed(int connection)
{
    char bytes[4096];
    ssize_t got;
    while ((got = recv(connection, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        ;
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void raw_raise_file_limit(void)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
