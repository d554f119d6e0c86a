// Of whatever has a number of places, so many are taken and no more, however many come at once; who
// finds none is told so at once, and others do not notice.
#include "tests/issuer.h"
#include "tests/system/desk.h"
#include "tests/system/org.h"
#include "tests/system/raw.h"
#include "tests/system/webhook.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(crowds, .timeout = 120);

enum { CROWD = 4000, MORE = 64 };

static const char *org_ids[CROWD];
static struct http_request requests[CROWD];
static struct answer answers[CROWD];
static int connections[CROWD];

// So many orgs with a number that costs nothing.
static void given_orgs(struct gateway *gateway, size_t n)
{
    const char *ids = database_text(
        gateway->database,
        "WITH o AS (INSERT INTO organizations (name) SELECT 'Many ' || g FROM "
        "generate_series(1, %zu) g RETURNING id), c AS (INSERT INTO channels (org_id, "
        "phone_number_id, access_token, service_fee_per_msg) SELECT id, '9' || "
        "lpad((row_number() OVER ())::text, 6, '0'), 'EAA', 0 FROM o RETURNING org_id) "
        "SELECT string_agg(org_id::text, '' ORDER BY org_id) FROM c",
        n);
    for (size_t i = 0; i < n; i++)
        org_ids[i] = text_of("%.36s", ids + 36 * i);
}

static const char *send_of(size_t i)
{
    return text_of("{\"org_id\": \"%s\", \"phone\": \"+9198765%05zu\", \"message\": \"Hi\"}",
                   org_ids[i], i);
}

struct hold {
    struct gateway *gateway;
    size_t until; // so many have ended
    bool let_go;
};

static void commit_once_refused(size_t ended, void *context)
{
    struct hold *hold = context;
    if (hold->let_go || ended < hold->until)
        return;
    hold->let_go = true;
    (void)database_text(hold->gateway->database, "COMMIT");
}

// How many of the answers are this refusal; all others have this status.
static size_t count_refused(size_t n, int refused, const char *code, int status)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (answers[i].status == status)
            continue;
        expect_refused(&answers[i], refused, code, NULL);
        cr_assert(*answer_header(&answers[i], "Retry-After"));
        count++;
    }
    return count;
}

static size_t count_answered(size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        char byte;
        count += recv(connections[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }
    return count;
}

// Asks without waiting for the answer: as fast as can be, since PostgreSQL must not stand still for
// so long that somebody is told that.
static void ask_and_stay(const struct gateway *gateway, size_t i, const char *head,
                         const char *body)
{
    connections[i] = raw_connect(gateway->ingress.url);
    cr_assert(raw_printf(connections[i],
                         "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         head, strlen(body), body));
}

// Whoever reads or writes that table waits for us. (A send whose wallet is held would be set
// aside.)
static void stand_still(struct gateway *gateway, const char *table)
{
    (void)database_text(gateway->database, "BEGIN; LOCK TABLE %s", table);
}

// Of n requests so many wait and up to `in_hand` are somebody's, while PostgreSQL stands still; the
// rest is refused before anything goes on. (Who waits too long on a slow machine is told
// otherwise.)
static void expect_places(struct gateway *gateway, size_t n, size_t places, size_t in_hand,
                          const char *status)
{
    size_t refused = 0;
    eventually(count_answered(n) >= n - places - in_hand);
    (void)database_text(gateway->database, "COMMIT");
    for (size_t i = 0; i < n; i++) {
        const char *answer = raw_read_answer(connections[i]);
        close(connections[i]);
        if (strncmp(answer, status, strlen(status)) == 0 || strstr(answer, "\"unavailable\""))
            continue;
        cr_assert(strncmp(answer, "HTTP/1.1 503 ", 13) == 0 && strstr(answer, "\"overloaded\"") &&
                      strstr(answer, "\r\nRetry-After: "),
                  "%s", answer);
        refused++;
    }
    cr_assert(refused >= n - places - in_hand && refused <= n - places, "%zu", refused);
}

// Each org has but one request, so that none has its share: it is all of them that are too many.
Test(crowds, of_orgs_fill_a_lane_and_the_pool)
{
    enum {
        READS = TG_POOL_QUEUE_MAX + TG_POOL_THREADS + MORE,
        SENDS_IN_HAND = 3 * TG_BATCH_MAX, // where the first are given up before the last have come
        SENDS = TG_LANE_QUEUE_MAX + SENDS_IN_HAND + MORE,
    };
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway(.auth = "trusted", .without_worker = true,
                                            .ingress_settings = {"TOLLGATE_LANES=1"});
    given_orgs(gateway, SENDS);
    stand_still(gateway, "wallet_transactions");
    for (size_t i = 0; i < READS; i++)
        ask_and_stay(gateway, i, text_of("GET /api/wallet?org_id=%s", org_ids[i]), "");
    expect_places(gateway, READS, TG_POOL_QUEUE_MAX, TG_POOL_THREADS, "HTTP/1.1 200 ");
    stand_still(gateway, "messages");
    for (size_t i = 0; i < SENDS; i++)
        ask_and_stay(gateway, i, "POST /api/send-message", send_of(i));
    expect_places(gateway, SENDS, TG_LANE_QUEUE_MAX, SENDS_IN_HAND, "HTTP/1.1 202 ");
    // No batch was larger than the largest.
    const char *const batches = "tollgate_accept_batch_sends";
    expect_equal(
        daemon_metric(&gateway->ingress, text_of("%s_bucket{le=\"%d\"}", batches, TG_BATCH_MAX)),
        daemon_metric(&gateway->ingress, text_of("%s_count", batches)));
    stop_gateway(gateway);
}

static const char *waiting(const struct gateway *gateway)
{
    return daemon_metric(&gateway->ingress, "tollgate_waiting_requests");
}

// Who finds no place is answered as one who does not wait.
Test(crowds, that_wait_for_meta_have_so_many_places)
{
    enum { WAITING = TG_WAITERS_MAX + MORE };
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway(.auth = "trusted", .without_worker = true);
    given_orgs(gateway, WAITING);
    for (size_t i = 0; i < WAITING; i++) {
        const char *body = send_of(i);
        connections[i] = raw_connect(gateway->ingress.url);
        cr_assert(
            raw_printf(connections[i],
                       "POST /api/send-message HTTP/1.1\r\nHost: 127.0.0.1\r\nPrefer: wait=30\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(body), body));
    }
    eventually(count_answered(WAITING) == MORE);
    expect_equal(waiting(gateway), text_of("%d", TG_WAITERS_MAX));
    for (size_t i = 0; i < WAITING; i++) {
        char byte;
        if (recv(connections[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
            cr_assert_eq(strncmp(raw_read_answer(connections[i]), "HTTP/1.1 202", 12), 0);
        close(connections[i]);
    }
    eventually(strcmp(waiting(gateway), "0") == 0);
    stop_gateway(gateway);
}

static long metric(const struct gateway *gateway, const char *name)
{
    return strtol(daemon_metric(&gateway->ingress, name), NULL, 10);
}

static long redis_errors(const struct gateway *gateway)
{
    return metric(gateway, "tollgate_redis_errors_total");
}

static void continue_redis_once_refused(size_t ended, void *context)
{
    const struct hold *hold = context;
    if (ended >= hold->until)
        process_signal(hold->gateway->redis->process, SIGCONT);
}

// False: Redis was given up before all had come.
static bool try_many_webhooks(struct gateway *gateway)
{
    enum { WEBHOOKS = TG_WEBHOOK_QUEUE_MAX + TG_BATCH_MAX + MORE };
    static int made;
    struct hold hold = {gateway, MORE, false};
    long errors = redis_errors(gateway);
    for (size_t i = 0; i < WEBHOOKS; i++) {
        const char *body = text_of("{\"new\": %d}", made++);
        const char *header = signature_header(GATEWAY_APP_SECRET, body, strlen(body));
        requests[i] = (struct http_request){.path = "/webhook", .body = body, .headers = {header}};
    }
    process_signal(gateway->redis->process, SIGSTOP);
    http_ask_all(gateway->ingress.url, requests, WEBHOOKS, answers, continue_redis_once_refused,
                 &hold);
    process_signal(gateway->redis->process, SIGCONT);
    if (redis_errors(gateway) != errors)
        return false;
    size_t refused = count_refused(WEBHOOKS, 503, "overloaded", 200);
    cr_assert(refused >= MORE && refused <= WEBHOOKS - TG_WEBHOOK_QUEUE_MAX, "%zu", refused);
    return true;
}

// One is in the writer's hands, and the others behind it, when Redis hangs.
Test(crowds, of_webhooks_wait_for_redis_up_to_a_number)
{
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    eventually_within(60, try_many_webhooks(gateway));
    struct answer answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    stop_gateway(gateway);
}

// A request to store so many bytes, as it is written.
static struct tg_text webhook_of(size_t size)
{
    static int made;
    const char *body = text_of("%-*d", (int)size, made++);
    struct tg_text request = {0};
    tg_text_append_format(&request,
                          "POST /webhook HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %zu\r\n\r\n",
                          signature_header(GATEWAY_APP_SECRET, body, size), size);
    tg_text_append(&request, body, size);
    return request;
}

enum {
    LARGEST = TG_WEBHOOK_BODY_MAX,
    LARGE = TG_WEBHOOK_QUEUE_BYTES_MAX / LARGEST,
    REST = TG_WEBHOOK_QUEUE_BYTES_MAX - LARGE * LARGEST, // behind so many of the largest
};

// Until all but the one that is in the writer's hands are in its queue. False: Redis was given up.
static bool are_queued(const struct gateway *gateway, long errors)
{
    eventually(metric(gateway, "tollgate_webhook_queue_requests") == LARGE ||
               redis_errors(gateway) != errors);
    return redis_errors(gateway) == errors;
}

// False: Redis was given up before all had come.
static bool try_large_webhooks(struct gateway *gateway)
{
    struct tg_text written[LARGE + 1];
    for (int i = 0; i <= LARGE; i++)
        written[i] = webhook_of(i < LARGE ? LARGEST : REST);
    long errors = redis_errors(gateway);
    process_signal(gateway->redis->process, SIGSTOP);
    for (int i = 0; i <= LARGE; i++) {
        connections[i] = raw_connect(gateway->ingress.url);
        cr_assert(raw_write(connections[i], written[i].data, written[i].length));
        tg_text_finish(&written[i]);
    }
    bool in_time = are_queued(gateway, errors);
    struct answer above[] = {post_webhook(gateway, "1", 1), post_webhook(gateway, "2", 1)};
    in_time = in_time && redis_errors(gateway) == errors;
    process_signal(gateway->redis->process, SIGCONT);
    for (int i = 0; i <= LARGE; i++) {
        const char *answer = raw_read_answer(connections[i]);
        cr_assert(!in_time || strncmp(answer, "HTTP/1.1 200", 12) == 0, "%d: %s", i, answer);
        close(connections[i]);
    }
    for (int i = 0; in_time && i < 2; i++)
        expect_refused(&above[i], 503, "overloaded", NULL);
    return in_time;
}

// To the byte; and what goes to Redis together is as many of the largest as one pipeline takes.
Test(crowds, of_webhooks_wait_for_redis_up_to_so_many_bytes)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    eventually_within(60, try_large_webhooks(gateway));
    const char *const batches = "tollgate_webhook_batch_bodies";
    expect_equal(daemon_metric(&gateway->ingress, text_of("%s_bucket{le=\"4\"}", batches)),
                 daemon_metric(&gateway->ingress, text_of("%s_count", batches)));
    struct answer answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    stop_gateway(gateway);
}

// Knocks without waiting.
static int knock(const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port =
                                      htons((uint16_t)strtol(strrchr(url, ':') + 1, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert_geq(connection, 0);
    (void)connect(connection, (struct sockaddr *)&address, sizeof address);
    return connection;
}

static size_t count_connected(size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        struct pollfd poller = {.fd = connections[i], .events = POLLOUT};
        count += poll(&poller, 1, 0) > 0;
    }
    return count;
}

static bool stands_still(const struct process *process)
{
    const char *stat = file_text(text_of("/proc/%d/stat", (int)process->pid), NULL);
    return strstr(stat, ") T ") != NULL;
}

// The kernel has one more than it is told to, and leaves the others to knock again.
static void expect_backlog(const struct daemon *daemon, const char *url, size_t backlog)
{
    size_t most = strtoul(file_text("/proc/sys/net/core/somaxconn", NULL), NULL, 10);
    size_t expected = 1 + (backlog < most ? backlog : most);
    process_signal(daemon->process, SIGSTOP);
    eventually(stands_still(daemon->process));
    for (size_t i = 0; i < 2 * expected; i++)
        connections[i] = knock(url);
    cr_expect_eq(count_connected(2 * expected), expected, "%s: %zu", url,
                 count_connected(2 * expected));
    process_signal(daemon->process, SIGCONT);
    for (size_t i = 0; i < 2 * expected; i++)
        close(connections[i]);
    struct answer answer = http_ask(http_open(url), &(struct http_request){.path = "/healthz"});
    cr_assert(answer.status == 200 || answer.status == 404, "%d", answer.status);
}

Test(crowds, knock_up_to_a_number_while_a_daemon_stands_still)
{
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway();
    expect_backlog(&gateway->ingress, gateway->ingress.url, TG_LISTEN_BACKLOG);
    expect_backlog(&gateway->ingress, gateway->ingress.admin_url, TG_ADMIN_BACKLOG);
    expect_backlog(&gateway->workers[0], gateway->workers[0].admin_url, TG_HEALTH_BACKLOG);
    stop_gateway(gateway);
}

// On a connection that stays.
static int ask_on(int connection, const char *path)
{
    cr_assert(raw_printf(connection, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path));
    return (int)strtol(raw_read_answer(connection) + strlen("HTTP/1.1 "), NULL, 10);
}

static size_t count_closed(size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += raw_is_closed(connections[i]);
    return count;
}

static void open_connection(size_t i, const char *url)
{
    connections[i] = raw_connect(url);
    cr_assert_eq(ask_on(connections[i], "/healthz"), 200);
}

// Opens those anew that had to go; how many they were.
static size_t reopen(size_t n, const char *url)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!raw_is_closed(connections[i]))
            continue;
        close(connections[i]);
        open_connection(i, url);
        count++;
    }
    return count;
}

// One that is idle makes room for who comes: at first one of those that were there before.
static void expect_room_behind(const char *url, size_t most)
{
    for (size_t i = 0; i < most; i++)
        open_connection(i, url);
    eventually(reopen(most, url) == 0);
    open_connection(most, url);
    cr_assert_eq(count_closed(most + 1), 1);
    for (size_t i = 0; i < 2 * most; i++)
        close(raw_connect(url));
    open_connection(0, url);
    for (size_t i = 0; i <= most; i++)
        close(connections[i]);
}

Test(crowds, of_operators_connections_make_room)
{
    struct gateway *gateway = given_gateway();
    expect_room_behind(gateway->ingress.admin_url, TG_ADMIN_CONNECTIONS_MAX);
    stop_gateway(gateway);
}

static bool is_answered(const char *url)
{
    struct http *http = http_open(url);
    int status = http_try(http, &(struct http_request){.path = "/healthz"}).status;
    http_close(http);
    return status == 200;
}

// A worker's are left alone: who comes is turned away until one goes.
Test(crowds, of_probes_of_a_worker_are_so_many_and_no_more)
{
    enum { MOST = TG_HEALTH_CONNECTIONS_MAX };
    struct gateway *gateway = given_gateway();
    const char *url = gateway->workers[0].admin_url;
    for (int i = 0; i < MOST; i++)
        connections[i] = raw_connect(url);
    cr_assert_str_eq(raw_read_to_end(raw_connect(url)), "");
    cr_assert_eq(count_closed(MOST), 0, "%d are too many", MOST);
    cr_assert_not(is_answered(url));
    for (int i = 0; i < 4 * MOST; i++)
        cr_assert_str_eq(raw_read_to_end(raw_connect(url)), "");
    close(connections[0]);
    eventually(is_answered(url));
    stop_gateway(gateway);
}

static void ask_health_and_commit(size_t ended, void *context)
{
    struct hold *hold = context;
    if (!hold->let_go && ended >= hold->until)
        expect_equal(daemon_missing(&hold->gateway->ingress), "");
    commit_once_refused(ended, context);
}

// One alone has half of the places.
Test(crowds, of_operators_requests_have_so_many_places)
{
    enum { ASKING = 56, TAKEN = TG_ADMIN_QUEUE_MAX / 2 };
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct hold hold = {gateway, ASKING - TAKEN - TG_ADMIN_POOL_THREADS, false};
    for (int i = 0; i < ASKING; i++)
        requests[i] = (struct http_request){.path = "/admin/orgs", .key = GATEWAY_ADMIN_TOKEN};
    (void)database_text(gateway->database, "BEGIN; LOCK TABLE organizations");
    http_ask_all(gateway->ingress.admin_url, requests, ASKING, answers, ask_health_and_commit,
                 &hold);
    size_t refused = count_refused(ASKING, 429, "too_many_requests", 200);
    cr_assert(refused >= hold.until && refused <= ASKING - TAKEN, "%zu", refused);
    stop_gateway(gateway);
}

// A server that takes connections and says nothing; its socket.
static int given_silent_server(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    cr_assert(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
              bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(listener, 16) == 0);
    return listener;
}

struct silence {
    struct hold hold;
    int server;
    const char *key;
};

// Who is known does not notice.
static void end_silence_once_refused(size_t ended, void *context)
{
    struct silence *silence = context;
    if (silence->hold.let_go || ended < silence->hold.until)
        return;
    silence->hold.let_go = true;
    cr_assert_eq(
        ask(silence->hold.gateway->http, .path = "/api/wallet", .key = silence->key).status, 200);
    close(silence->server);
}

// Each from an address of its own, with a token of its own, while the issuer says nothing.
Test(crowds, with_tokens_of_unknown_keys_have_so_many_places)
{
    enum { ASKING = TG_JWT_ASKERS_MAX + 1 + MORE };
    raw_raise_file_limit();
    int port = testbed_port();
    struct issuer issuer = issuer_create();
    struct gateway *gateway =
        given_gateway(.without_worker = true,
                      .ingress_settings = {
                          text_of("TOLLGATE_JWKS_URL=https://127.0.0.1:%d/jwks.json", port),
                          "TOLLGATE_JWT_ISSUER=" ISSUER, "TOLLGATE_TRUSTED_PROXIES=127.0.0.1"});
    struct org org = given_org(gateway);
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    struct silence silence = {{gateway, MORE, false}, given_silent_server(port), org.key};
    for (int i = 0; i < ASKING; i++) {
        const char *claims = issuer_claims(org.id, tg_unix_ms() / 1000, text_of(",\"n\":%d", i));
        requests[i] = (struct http_request){
            .path = "/api/wallet",
            .key = issuer_token(&issuer, "ES256", claims),
            .headers = {text_of("X-Forwarded-For: 203.0.%d.%d", i / 200, 1 + i % 200)}};
    }
    http_ask_all(gateway->ingress.url, requests, ASKING, answers, end_silence_once_refused,
                 &silence);
    size_t overloaded = 0;
    for (int i = 0; i < ASKING; i++) {
        cr_assert_eq(answers[i].status, 503, "%d %s", answers[i].status, answers[i].body);
        overloaded += strcmp(answer_text(&answers[i], "/code"), "overloaded") == 0;
    }
    cr_assert(overloaded >= MORE && overloaded <= MORE + 1, "%zu", overloaded);
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    stop_gateway(gateway);
    issuer_free(&issuer);
}
