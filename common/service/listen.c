#include "common/service/listen.h"

#include "common/base/digits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int listen_on(const struct tg_address *address, int backlog)
{
    union socket_address at = {0};
    socklen_t size = sizeof at.v4;
    if (inet_pton(AF_INET, address->host, &at.v4.sin_addr) == 1) {
        at.v4.sin_family = AF_INET;
        at.v4.sin_port = htons(address->port);
    } else if (inet_pton(AF_INET6, address->host, &at.v6.sin6_addr) == 1) {
        at.v6.sin6_family = AF_INET6;
        at.v6.sin6_port = htons(address->port);
        size = sizeof at.v6;
    } else {
        errno = EINVAL;
        return -1;
    }
    int listener = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    int yes = 1; // a restart does not wait for old connections to time out
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(listener, &at.any, size) == 0 && listen(listener, backlog) == 0)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}

// The port that the kernel chose where port 0 was asked for.
static unsigned bound_port(int listener)
{
    union socket_address at = {0};
    socklen_t size = sizeof at;
    if (getsockname(listener, &at.any, &size) != 0)
        return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

int tg_listen(const struct tg_address *address, int backlog, const char *setting,
              char text[static TG_ADDRESS_TEXT_SIZE], struct tg_error *error)
{
    int listener = listen_on(address, backlog);
    int reason = errno;
    unsigned port = listener < 0 ? address->port : bound_port(listener);
    bool v6 = strchr(address->host, ':') != NULL;
    snprintf(text, TG_ADDRESS_TEXT_SIZE, v6 ? "[%s]:%u" : "%s:%u", address->host, port);
    if (listener < 0)
        tg_error_set(error, "listen_failed", setting, "%s: cannot listen on %s: %s", setting, text,
                     strerrordesc_np(reason));
    return listener;
}

bool tg_address_parse(const char *text, struct tg_address *address)
{
    bool v6 = *text == '[';
    const char *host = text + v6;
    size_t length = strcspn(host, v6 ? "]" : ":");
    const char *colon = host + length + (v6 && host[length] == ']');
    struct tg_address parsed = {0};
    int64_t port;
    if (length >= sizeof parsed.host || *colon != ':' ||
        !tg_decimal_read(colon + 1, UINT16_MAX, &port))
        return false;
    memcpy(parsed.host, host, length);
    parsed.port = (uint16_t)port;
    struct in6_addr any; // large enough for both families
    if (inet_pton(v6 ? AF_INET6 : AF_INET, parsed.host, &any) != 1)
        return false;
    *address = parsed;
    return true;
}

bool tg_address_is_loopback(const struct tg_address *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, address->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
