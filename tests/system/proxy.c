#include "tests/system/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LINKS_MAX = 512,
    PIECE_BYTES = 64 * 1024,
    // A sender that is so far ahead of its receiver waits.
    WAITING_PIECES_MAX = 16,
    TICK_MS = 20,
    BACKLOG = 256,
};

enum side { DAEMON, SERVER, SIDES };

struct piece {
    struct piece *next;
    long long due_ms;
    size_t length;
    size_t sent;
    char bytes[];
};

// One connection of a daemon and the one to the server that belongs to it. What came from one side
// waits in `waiting` of the other.
struct link {
    int fd[SIDES];
    struct piece *waiting[SIDES];
    int pieces[SIDES];
    bool ended[SIDES]; // that side sends nothing more
    bool answer_lost;  // the server's answer ends the link
    bool is_postgres_call;
    bool cut; // once what waits for the server has left
};

// `lock` guards everything but the links, which are the thread's own.
struct proxy {
    pthread_mutex_t lock;
    pthread_t thread;
    int port;
    int server_port;
    enum proxy_mode mode;
    int delay_ms;
    unsigned cuts; // counts the orders to cut all
    const char *text;
    bool in_the_middle;
    int times;
    int listener;
    unsigned cuts_done;
    struct link *links[LINKS_MAX];
    size_t link_count;
};

// What the thread goes by in one round.
struct orders {
    enum proxy_mode mode;
    int delay_ms;
    bool cut;
};

static int listen_on(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, BACKLOG) != 0)
        abort();
    return fd;
}

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0)
        abort();
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

// With a RST instead of an orderly end, whatever is still to be read.
static void reset(int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static void end_link(struct proxy *proxy, size_t i)
{
    struct link *link = proxy->links[i];
    for (int side = 0; side < SIDES; side++) {
        if (link->fd[side] >= 0)
            close(link->fd[side]);
        while (link->waiting[side]) {
            struct piece *piece = link->waiting[side];
            link->waiting[side] = piece->next;
            free(piece);
        }
    }
    free(link);
    proxy->links[i] = proxy->links[--proxy->link_count];
}

static void accept_links(struct proxy *proxy)
{
    while (proxy->link_count < LINKS_MAX) {
        int fd = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return;
        int yes = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct link *link = calloc(1, sizeof *link);
        if (!link)
            abort();
        link->fd[DAEMON] = fd;
        link->fd[SERVER] = connect_to(proxy->server_port);
        proxy->links[proxy->link_count++] = link;
        if (link->fd[SERVER] < 0)
            end_link(proxy, proxy->link_count - 1);
    }
}

static bool holds(const struct piece *piece, const char *text)
{
    // libpq sends a statement's text once, to prepare it; what counts is its execution.
    bool prepares = piece->length > 1 && piece->bytes[0] == 'P' && piece->bytes[1] == '\0';
    return !prepares && memmem(piece->bytes, piece->length, text, strlen(text));
}

// Does the piece meet what was ordered for its like? Takes one of the times then.
static void meet(struct proxy *proxy, struct link *link, struct piece *piece)
{
    pthread_mutex_lock(&proxy->lock);
    bool met = proxy->times > 0 && !link->answer_lost && holds(piece, proxy->text);
    proxy->times -= met;
    bool in_the_middle = proxy->in_the_middle;
    pthread_mutex_unlock(&proxy->lock);
    if (!met)
        return;
    if (in_the_middle) {
        piece->length /= 2;
        link->cut = true;
    } else {
        link->answer_lost = true;
        link->is_postgres_call = piece->bytes[0] == 'B' || piece->bytes[0] == 'Q';
    }
}

// PostgreSQL is ready for the next query: this one is committed, or rolled back.
static bool is_whole_answer(const struct link *link, const struct piece *piece)
{
    static const char ready[] = {'Z', 0, 0, 0, 5};
    if (!link->is_postgres_call)
        return true;
    return piece->length > sizeof ready &&
           memcmp(piece->bytes + piece->length - sizeof ready - 1, ready, sizeof ready) == 0;
}

static void append(struct link *link, enum side to, struct piece *piece)
{
    struct piece **last = &link->waiting[to];
    while (*last)
        last = &(*last)->next;
    *last = piece;
    link->pieces[to]++;
}

// Reads once. false: the link is at its end.
static bool read_side(struct proxy *proxy, struct link *link, enum side from,
                      const struct orders *orders)
{
    struct piece *piece = malloc(sizeof *piece + PIECE_BYTES);
    if (!piece)
        abort();
    ssize_t n = recv(link->fd[from], piece->bytes, PIECE_BYTES, MSG_DONTWAIT);
    if (n <= 0) {
        bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
        free(piece);
        link->ended[from] |= !again;
        return again || n == 0;
    }
    *piece = (struct piece){.length = (size_t)n, .due_ms = testbed_now_ms() + orders->delay_ms};
    if (orders->mode == PROXY_RESET) {
        reset(link->fd[DAEMON]);
        free(piece);
        return false;
    }
    if (from == DAEMON)
        meet(proxy, link, piece);
    else if (orders->mode == PROXY_SWALLOW || link->answer_lost) {
        bool over = link->answer_lost && is_whole_answer(link, piece);
        free(piece);
        return !over;
    }
    append(link, from == DAEMON ? SERVER : DAEMON, piece);
    return true;
}

// Writes what is due. false: the link is at its end.
static bool write_side(struct link *link, enum side to)
{
    struct piece *piece;
    while ((piece = link->waiting[to]) && piece->due_ms <= testbed_now_ms()) {
        ssize_t n = send(link->fd[to], piece->bytes + piece->sent, piece->length - piece->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        piece->sent += (size_t)n;
        if (piece->sent < piece->length)
            return true;
        link->waiting[to] = piece->next;
        link->pieces[to]--;
        free(piece);
    }
    return true;
}

// What one side has said to its end reaches the other before the link ends.
static bool is_over(const struct link *link)
{
    return (link->cut && !link->waiting[SERVER]) ||
           (link->ended[DAEMON] && !link->waiting[SERVER]) ||
           (link->ended[SERVER] && !link->waiting[DAEMON]);
}

static bool move(struct proxy *proxy, struct link *link, const short *events,
                 const struct orders *orders)
{
    for (int side = 0; side < SIDES; side++) {
        if ((events[side] & (POLLIN | POLLERR | POLLHUP)) && !link->ended[side] &&
            !read_side(proxy, link, (enum side)side, orders))
            return false;
    }
    return write_side(link, DAEMON) && write_side(link, SERVER) && !is_over(link);
}

static short wanted(const struct link *link, enum side side, const struct orders *orders)
{
    enum side other = side == DAEMON ? SERVER : DAEMON;
    if (orders->mode == PROXY_HANG)
        return 0;
    bool reads = !link->ended[side] && link->pieces[other] < WAITING_PIECES_MAX && !link->cut;
    const struct piece *first = link->waiting[side];
    bool writes = first && first->due_ms <= testbed_now_ms();
    return (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

static void work_round(struct proxy *proxy, const struct orders *orders)
{
    static _Thread_local struct pollfd polled[1 + SIDES * LINKS_MAX];
    size_t links = proxy->link_count;
    int timeout_ms = orders->delay_ms > 0 ? 1 : TICK_MS;
    polled[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < links; i++) {
        for (int side = 0; side < SIDES; side++) {
            short events = wanted(proxy->links[i], (enum side)side, orders);
            polled[1 + SIDES * i + (size_t)side] =
                (struct pollfd){.fd = events ? proxy->links[i]->fd[side] : -1, .events = events};
        }
    }
    (void)poll(polled, 1 + SIDES * links, timeout_ms);
    // From the last to the first: an ended link's place is taken by the last one.
    for (size_t i = links; i-- > 0 && orders->mode != PROXY_HANG;) {
        const short events[SIDES] = {polled[1 + SIDES * i].revents, polled[2 + SIDES * i].revents};
        if (!move(proxy, proxy->links[i], events, orders))
            end_link(proxy, i);
    }
    if (proxy->listener >= 0)
        accept_links(proxy);
}

static struct orders take_orders(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    struct orders orders = {proxy->mode, proxy->delay_ms, proxy->cuts != proxy->cuts_done};
    proxy->cuts_done = proxy->cuts;
    pthread_mutex_unlock(&proxy->lock);
    return orders;
}

static void follow(struct proxy *proxy, const struct orders *orders)
{
    bool refuses = orders->mode == PROXY_REFUSE;
    if (refuses && proxy->listener >= 0) {
        close(proxy->listener);
        proxy->listener = -1;
    } else if (!refuses && proxy->listener < 0) {
        proxy->listener = listen_on(proxy->port);
    }
    while ((orders->cut || refuses) && proxy->link_count > 0)
        end_link(proxy, proxy->link_count - 1);
}

static void *run(void *argument)
{
    struct proxy *proxy = argument;
    for (;;) {
        struct orders orders = take_orders(proxy);
        follow(proxy, &orders);
        work_round(proxy, &orders);
    }
    return NULL;
}

struct proxy *proxy_create(int server_port)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    cr_assert(proxy);
    pthread_mutex_init(&proxy->lock, NULL);
    proxy->port = testbed_port();
    proxy->server_port = server_port;
    proxy->listener = listen_on(proxy->port);
    cr_assert(pthread_create(&proxy->thread, NULL, run, proxy) == 0);
    return proxy;
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_set(struct proxy *proxy, enum proxy_mode mode)
{
    pthread_mutex_lock(&proxy->lock);
    bool held_back = proxy->mode == PROXY_HANG || proxy->mode == PROXY_SWALLOW;
    proxy->cuts += held_back && mode != proxy->mode;
    proxy->mode = mode;
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_delay(struct proxy *proxy, int delay_ms)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->delay_ms = delay_ms;
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_cut(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->cuts++;
    pthread_mutex_unlock(&proxy->lock);
}

static void order(struct proxy *proxy, const char *text, int times, bool in_the_middle)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->text = text;
    proxy->times = times;
    proxy->in_the_middle = in_the_middle;
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_lose_answers(struct proxy *proxy, const char *text, int times)
{
    order(proxy, text, times, false);
}

void proxy_cut_in_the_middle(struct proxy *proxy, const char *text, int times)
{
    order(proxy, text, times, true);
}

int proxy_cuts_left(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    int left = proxy->times;
    pthread_mutex_unlock(&proxy->lock);
    return left;
}
