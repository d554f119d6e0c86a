#include "tests/unit/peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer *given_peer(const char *ending, const char *answer)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    cr_assert(peer);
    peer->connection = -1;
    peer->ending = ending;
    peer->answer = answer;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert(peer->listener >= 0 &&
              bind(peer->listener, (const struct sockaddr *)&address, size) == 0 &&
              listen(peer->listener, 1) == 0 &&
              getsockname(peer->listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return peer;
}

void peer_hang_up(struct peer *peer)
{
    if (peer->connection >= 0)
        close(peer->connection);
    peer->connection = -1;
}

void peer_end(struct peer *peer)
{
    peer_hang_up(peer);
    close(peer->listener);
    free(peer);
}

void peer_accept(struct peer *peer)
{
    int connection = accept4(peer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0)
        return;
    peer_hang_up(peer);
    peer->left = NULL;
    peer->connection = connection;
    peer->connections++;
}

// As much as is taken; the rest at later looks.
static void answer(struct peer *peer, const char *text)
{
    ssize_t n = send(peer->connection, text, strlen(text), MSG_NOSIGNAL);
    peer->left = text + (n > 0 ? n : 0);
}

void peer_look(struct peer *peer)
{
    peer_accept(peer);
    if (peer->connection >= 0 && peer->left)
        answer(peer, peer->left);
    ssize_t n = peer->connection < 0 ? 0
                                     : recv(peer->connection, peer->heard + peer->length,
                                            sizeof peer->heard - 1 - peer->length, MSG_DONTWAIT);
    if (n <= 0)
        return;
    const char *new = peer->heard + peer->length;
    peer->length += (size_t)n;
    if (!strstr(new, peer->ending))
        return;
    if (peer->answer)
        answer(peer, peer->answer);
    else
        peer_hang_up(peer);
}

int peer_has_heard(const struct peer *peer, const char *text)
{
    int times = 0;
    for (const char *at = peer->heard; (at = strstr(at, text)); at++)
        times++;
    return times;
}

int peer_other_end(const struct peer *peer)
{
    enum { DESCRIPTORS_MAX = 256 };
    struct sockaddr_in wanted = {0};
    socklen_t size = sizeof wanted;
    cr_assert(getpeername(peer->connection, (struct sockaddr *)&wanted, &size) == 0);
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        struct sockaddr_in address = {0};
        size = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
            address.sin_family == AF_INET && address.sin_port == wanted.sin_port)
            return fd;
    }
    return -1;
}
