// The way to Meta, against a listener of the test's own.
#include "worker/send/graph.h"

#include "common/base/clock.h"
#include "common/limits.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000 };

#define PAYLOAD "{\"to\":\"15550001\"}"

struct meta {
    int listener;
    int connection;      // -1: nobody has come
    unsigned silence_ms; // how long the other end bears that nothing is acknowledged
    char url[64];
    char heard[4096];
    size_t length;
};

static struct meta *given_meta(void)
{
    struct meta *meta = calloc(1, sizeof *meta);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    cr_assert(meta);
    meta->connection = -1;
    meta->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert(meta->listener >= 0 &&
              bind(meta->listener, (const struct sockaddr *)&address, size) == 0 &&
              listen(meta->listener, 1) == 0 &&
              getsockname(meta->listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(meta->url, sizeof meta->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return meta;
}

static void meta_end(struct meta *meta)
{
    if (meta->connection >= 0)
        close(meta->connection);
    close(meta->listener);
    free(meta);
}

// The other end of the connection, which is a socket of this process too.
static int other_end(int connection)
{
    enum { DESCRIPTORS_MAX = 256 };
    struct sockaddr_in wanted = {0};
    socklen_t size = sizeof wanted;
    cr_assert(getpeername(connection, (struct sockaddr *)&wanted, &size) == 0);
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        struct sockaddr_in address = {0};
        size = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
            address.sin_family == AF_INET && address.sin_port == wanted.sin_port)
            return fd;
    }
    return -1;
}

static void meta_accept(struct meta *meta)
{
    socklen_t size = sizeof meta->silence_ms;
    meta->connection = accept4(meta->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (meta->connection >= 0)
        cr_assert(getsockopt(other_end(meta->connection), IPPROTO_TCP, TCP_USER_TIMEOUT,
                             &meta->silence_ms, &size) == 0);
}

// Hears what has come. Once it is a whole request, answers it as Meta does.
static void meta_look(struct meta *meta)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n"
                                 "{\"messages\":[{\"id\":\"wamid.HBgLMTU1NTU\"}]}";
    if (meta->connection < 0)
        meta_accept(meta);
    ssize_t n = meta->connection < 0 ? 0
                                     : recv(meta->connection, meta->heard + meta->length,
                                            sizeof meta->heard - 1 - meta->length, MSG_DONTWAIT);
    if (n <= 0)
        return;
    meta->length += (size_t)n;
    if (strstr(meta->heard, PAYLOAD))
        (void)send(meta->connection, answer, sizeof answer - 1, MSG_NOSIGNAL);
}

static struct dispatch_item *given_item_of_age(long long age_ms)
{
    struct tg_claim claim = {.phone_number_id = "1001"};
    const struct tg_job job = {0};
    tg_text_append_string(&claim.access_token, "token");
    tg_text_append_string(&claim.payload, PAYLOAD);
    return dispatch_item_create(&claim, &job, tg_boottime_ms() - age_ms);
}

static struct dispatch_item *post(struct meta *meta, struct dispatch_item *item)
{
    const struct tg_settings settings = {.graph_url = meta->url,
                                         .graph_version = "v23.0",
                                         .graph_timeout_ms = DEADLINE_MS,
                                         .send_concurrency = 1};
    struct graph *graph = graph_create(&settings);
    struct dispatch_item *finished = NULL;
    long long deadline_ms = tg_now_ms() + DEADLINE_MS;
    graph_post(graph, item);
    while (!(finished = graph_take_finished(graph)) && tg_now_ms() < deadline_ms) {
        graph_run(graph, 5);
        meta_look(meta);
    }
    cr_assert_eq(finished, item);
    meta_look(meta);
    graph_destroy(graph);
    return finished;
}

Test(graph, posts_a_message_whose_claim_is_fresh)
{
    struct meta *meta = given_meta();
    struct dispatch_item *item = post(meta, given_item_of_age(0));
    cr_assert_str_eq(item->outcome.key, "sent");
    cr_assert_str_eq(item->outcome.wamid, "wamid.HBgLMTU1NTU");
    cr_assert_not(item->hand_back);
    cr_assert(strstr(meta->heard, "Authorization: Bearer token\r\n"), "%s", meta->heard);
    dispatch_item_destroy(item);
    meta_end(meta);
}

// By then it may count as abandoned.
Test(graph, lets_no_byte_of_a_message_leave_whose_claim_is_too_old)
{
    struct meta *meta = given_meta();
    struct dispatch_item *item = post(meta, given_item_of_age(TG_SENDING_GRACE_MS + 1000));
    cr_assert(item->hand_back);
    cr_assert_not(strchr(meta->heard, '{'), "%s", meta->heard);
    dispatch_item_destroy(item);
    meta_end(meta);
}

// Else the kernel would go on for a quarter of an hour, and libcurl give it all new requests.
Test(graph, bears_a_connection_for_a_few_seconds_that_acknowledges_nothing)
{
    struct meta *meta = given_meta();
    dispatch_item_destroy(post(meta, given_item_of_age(0)));
    cr_assert_eq(meta->silence_ms, TG_META_SILENCE_MS);
    meta_end(meta);
}
