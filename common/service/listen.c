#include "common/service/listen.h"

#include "common/base/digits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static int listen_on(const struct tg_address *address, int backlog)
{
    socklen_t size = address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
    int listener = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    int yes = 1; // a restart does not wait for old connections to time out
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(listener, &address->any, size) == 0 && listen(listener, backlog) == 0)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}

int tg_listen(const struct tg_address *address, int backlog, const char *setting,
              char text[static TG_ADDRESS_TEXT_SIZE], struct tg_error *error)
{
    struct tg_address at = *address;
    socklen_t size = sizeof at;
    int listener = listen_on(address, backlog);
    int reason = errno;
    if (listener >= 0)
        (void)getsockname(listener, &at.any, &size); // with the port that the kernel chose
    tg_address_format(&at, text);
    if (listener < 0)
        tg_error_set(error, "listen_failed", setting, "%s: cannot listen on %s: %s", setting, text,
                     strerrordesc_np(reason));
    return listener;
}

static bool is_tcp_listener(int listener)
{
    return sd_is_socket_inet(listener, AF_INET, SOCK_STREAM, 1, 0) > 0 ||
           sd_is_socket_inet(listener, AF_INET6, SOCK_STREAM, 1, 0) > 0;
}

int tg_listen_passed_on(struct tg_address *address, struct tg_error *error)
{
    socklen_t size = sizeof *address;
    int listener = SD_LISTEN_FDS_START;
    int n = sd_listen_fds(1); // below 0: what was to be passed on is not there
    if (n == 0)
        return TG_LISTEN_NONE;
    // Whoever else accepts from it would wait in accept() for what we have taken.
    if (n == 1 && is_tcp_listener(listener) && fcntl(listener, F_SETFL, O_NONBLOCK) == 0 &&
        getsockname(listener, &address->any, &size) == 0)
        return listener;
    tg_error_set(error, "listen_failed", "LISTEN_FDS",
                 "LISTEN_FDS: the service manager must pass on one listening TCP socket, or none");
    return TG_LISTEN_WRONG;
}

bool tg_address_parse(const char *text, struct tg_address *address)
{
    bool v6 = *text == '[';
    const char *begin = text + v6;
    size_t length = strcspn(begin, v6 ? "]" : ":");
    const char *colon = begin + length + (v6 && begin[length] == ']');
    char host[INET6_ADDRSTRLEN] = "";
    int64_t port;
    if (length >= sizeof host || *colon != ':' || !tg_decimal_read(colon + 1, UINT16_MAX, &port))
        return false;
    memcpy(host, begin, length);
    *address =
        (struct tg_address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)}};
    if (v6)
        return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
    *address =
        (struct tg_address){.v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
    return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1;
}

void tg_address_format(const struct tg_address *address, char text[static TG_ADDRESS_TEXT_SIZE])
{
    bool v6 = address->any.sa_family == AF_INET6;
    const void *number = v6 ? (const void *)&address->v6.sin6_addr : &address->v4.sin_addr;
    char host[INET6_ADDRSTRLEN] = "";
    inet_ntop(address->any.sa_family, number, host, sizeof host);
    snprintf(text, TG_ADDRESS_TEXT_SIZE, v6 ? "[%s]:%u" : "%s:%u", host,
             ntohs(v6 ? address->v6.sin6_port : address->v4.sin_port));
}

bool tg_address_is_loopback(const struct tg_address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}
