#include "tests/bench/peers/crowd/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 512, READ_BYTES = 64 * 1024, DEAF_BYTES = 2048 };

static int poller = -1;
static struct sockaddr_in gateway;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE); // NOLINT(concurrency-mt-unsafe): there is one thread
}

int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clients_start(uint16_t port)
{
    gateway = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0)
        die("epoll_create1");
}

void clients_stop(void)
{
    close(poller);
}

static void watch(struct client *client, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(poller, operation, client->socket, &event) != 0)
        die("epoll_ctl");
}

static uint32_t wanted(const struct client *client)
{
    uint32_t events = client->deaf ? EPOLLRDHUP : EPOLLIN;
    return !client->connected || client->unsent.length > 0 ? events | EPOLLOUT : events;
}

void client_close(struct client *client)
{
    if (client->socket >= 0)
        close(client->socket);
    client->socket = -1;
    client->connected = false;
    client->awaited = 0;
    client->body_left = 0;
    tg_text_finish(&client->unsent);
    tg_text_finish(&client->head);
}

static void end(struct client *client)
{
    client_close(client);
    if (client->events->ended)
        client->events->ended(client);
}

void client_connect(struct client *client, uint32_t address)
{
    const int on = 1;
    const int few = DEAF_BYTES;
    client->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->socket < 0)
        die("socket");
    (void)setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (client->deaf)
        (void)setsockopt(client->socket, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) + address)};
    if (address > 0) {
        (void)setsockopt(client->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(client->socket, (const struct sockaddr *)(const void *)&from, sizeof from) != 0)
            die("bind");
    }
    if (connect(client->socket, (const struct sockaddr *)(const void *)&gateway, sizeof gateway) !=
            0 &&
        errno != EINPROGRESS)
        end(client);
    else
        watch(client, EPOLL_CTL_ADD, wanted(client));
}

// Returns how many bytes have left, or -1: the connection is of no use any more.
static ssize_t write_some(struct client *client, const void *bytes, size_t length)
{
    ssize_t written = send(client->socket, bytes, length, MSG_NOSIGNAL);
    return written < 0 && errno == EAGAIN ? 0 : written;
}

void client_send(struct client *client, const void *bytes, size_t length, size_t answers)
{
    client->awaited += answers;
    bool waits = !client->connected || client->unsent.length > 0;
    ssize_t written = waits ? 0 : write_some(client, bytes, length);
    if (written < 0)
        written = (ssize_t)length; // its end is told by and by
    if ((size_t)written == length)
        return;
    tg_text_append(&client->unsent, (const char *)bytes + written, length - (size_t)written);
    if (!waits)
        watch(client, EPOLL_CTL_MOD, wanted(client));
}

static bool send_rest(struct client *client)
{
    struct tg_text *unsent = &client->unsent;
    ssize_t written = unsent->length > 0 ? write_some(client, unsent->data, unsent->length) : 0;
    if (written < 0)
        return false;
    unsent->length -= (size_t)written;
    if (written > 0 && unsent->length > 0)
        memmove(unsent->data, unsent->data + written, unsent->length);
    if (unsent->length == 0)
        tg_text_finish(unsent);
    watch(client, EPOLL_CTL_MOD, wanted(client));
    return true;
}

// "HTTP/1.1 200 ..." and its Content-Length, of a head that has come as a whole.
static int read_head(const char *head, size_t length, size_t *body)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *found = memmem(head, length, name, sizeof name - 1);
    *body = found ? strtoul(found + sizeof name - 1, NULL, 10) : 0;
    return length > 12 ? (int)strtol(head + 9, NULL, 10) : 0;
}

// Takes what has come of one answer; returns how many bytes that were. The client may have ended or
// begun anew when it returns.
static size_t take(struct client *client, const char *bytes, size_t length)
{
    static const char blank[] = "\r\n\r\n";
    if (client->body_left > 0) {
        size_t part = length < client->body_left ? length : client->body_left;
        client->body_left -= part;
        return part;
    }
    size_t before = client->head.length;
    const char *head = bytes;
    size_t have = length;
    if (before > 0) {
        tg_text_append(&client->head, bytes, length);
        head = client->head.data;
        have = client->head.length;
    }
    const char *found = memmem(head, have, blank, sizeof blank - 1);
    if (!found) {
        if (before == 0)
            tg_text_append(&client->head, bytes, length);
        return length;
    }
    size_t size = (size_t)(found - head) + sizeof blank - 1;
    int status = read_head(head, size, &client->body_left);
    tg_text_finish(&client->head);
    client->awaited -= client->awaited > 0;
    if (client->events->answered)
        client->events->answered(client, status);
    return size - before;
}

static void read_answers(struct client *client)
{
    static char bytes[READ_BYTES + 1];
    int of = client->socket;
    ssize_t length = recv(client->socket, bytes, READ_BYTES, 0);
    if (length == 0 || (length < 0 && errno != EAGAIN)) {
        end(client);
        return;
    }
    if (length < 0)
        return;
    bytes[length] = '\0';
    for (size_t at = 0; at < (size_t)length && client->socket == of;)
        at += take(client, bytes + at, (size_t)length - at);
}

static void look_at(struct client *client, uint32_t events)
{
    if (client->socket < 0)
        return;
    bool comes = !client->connected;
    if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
        end(client);
        return;
    }
    if (events & EPOLLOUT) {
        client->connected = true;
        if (!send_rest(client))
            return;
        if (comes && client->events->connected)
            client->events->connected(client);
    }
    if (events & EPOLLIN && client->socket >= 0)
        read_answers(client);
}

void clients_look(int ms)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(poller, events, EVENTS_MAX, ms);
    for (int i = 0; i < n; i++)
        look_at(events[i].data.ptr, events[i].events);
}
