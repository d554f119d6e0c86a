// Who is unknown, slow or greedy takes nothing from others, whatever it keeps open.
#include "tests/system/org.h"
#include "tests/system/raw.h"
#include "tests/system/webhook.h"

#include "common/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(enemies, .timeout = 120);

enum {
    WEBHOOK_MAX = 3 * 1024 * 1024,
    SEND_MAX = 256 * 1024,
    LARGE = 1024 * 1024,
    LARGE_SEND = 100 * 1000,
    HALF_BODIES = 86, // of the largest they are more than all bodies may have
    IDLE = 4200,      // more than there may be connections
    DRIPPING = 20,
    UNREAD = 60,    // of a MiB each: more than one org's answers may have
    WAITING = 2100, // more than may wait for Meta
    QUEUED = 2200,  // more than one org may have in a lane
    READING = 900,  // more than one org may have in the pool
    GUESSES = 1100, // more than one address may have looked up
};

static int connections[IDLE];
static struct http_request requests[QUEUED];
static struct answer answers[QUEUED];

static const char *spaces(size_t size)
{
    return text_of("%*s", (int)size, "");
}

// A text with so many bytes around it.
static const char *large_send(const char *phone, size_t size)
{
    return text_of("%s%s", text_body(phone), spaces(size));
}

static const char *large_webhook(const char *number, const char *wamid)
{
    return text_of("%s%s", text_message_body(number, "919876500000", wamid, "Hi"), spaces(LARGE));
}

// Nobody else notices anything: neither in sends, nor in webhooks, nor in reads.
static void expect_service(const struct org *org)
{
    struct gateway *gateway = org->gateway;
    static int number;
    struct answer answer = send_body(org, large_send("919876543210", LARGE_SEND));
    (void)expect_accepted(&answer);
    answer = post_webhook(gateway,
                          text_message_body(org->phone_number_id, "919876500000",
                                            text_of("wamid.%d", number++), "Hi"),
                          0);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    answer = get(org, "/api/wallet");
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
}

static void send_half_a_body(int *connection, const struct gateway *gateway, const char *head,
                             size_t size)
{
    *connection = raw_connect(gateway->ingress.url);
    cr_assert(raw_printf(*connection, "%sHost: x\r\nContent-Length: %zu\r\n\r\n", head, size));
    (void)raw_write(*connection, spaces(size - 1), size - 1);
}

Test(enemies, half_bodies_without_a_signature_take_no_room)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    expect_service(&org);
    for (int i = 0; i < HALF_BODIES; i++)
        send_half_a_body(&connections[i], gateway, "POST /webhook HTTP/1.1\r\n", WEBHOOK_MAX);
    expect_service(&org);
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_body_bytes"), "0");
    struct answer answer = post_webhook(gateway, large_webhook(org.phone_number_id, "wamid.x"), 0);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    stop_gateway(gateway); // with all of them still there
}

// What is wrong with a signature shows at the end only: sends have room of their own, usual
// webhooks too, and who does not come on makes room for larger ones.
Test(enemies, half_bodies_with_a_wrong_signature_make_room)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    expect_service(&org);
    const char *head = text_of("POST /webhook HTTP/1.1\r\n%s\r\n", signature_header("x", "", 0));
    for (int i = 0; i < HALF_BODIES; i++)
        send_half_a_body(&connections[i], gateway, head, WEBHOOK_MAX);
    expect_service(&org);
    const char *body = large_webhook(org.phone_number_id, "wamid.x");
    eventually(post_webhook(gateway, body, 0).status == 200);
    expect_service(&org);
    stop_gateway(gateway);
}

Test(enemies, half_bodies_of_one_org_are_its_own_trouble)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org greedy = given_org(gateway);
    expect_service(&org);
    expect_service(&greedy);
    const char *head = text_of("POST /api/send-message HTTP/1.1\r\nAuthorization: Bearer %s\r\n"
                               "Content-Type: application/json\r\n",
                               greedy.key);
    for (int i = 0; i < 1200; i++)
        send_half_a_body(&connections[i], gateway, head, SEND_MAX);
    expect_service(&org);
    stop_gateway(gateway);
}

// Once so many are there: how many had to go for others.
static void expect_cut_for_room(const struct gateway *gateway, long connected, int cut)
{
    const char *name = "tollgate_connections_cut_total{why=\"room\"}";
    eventually(strtol(daemon_metric(&gateway->ingress, "tollgate_http_connections"), NULL, 10) ==
               connected);
    eventually(strtol(daemon_metric(&gateway->ingress, name), NULL, 10) >= cut);
    expect_equal(daemon_metric(&gateway->ingress, name), text_of("%d", cut));
}

// Health too is served, by descriptors beyond those that select() knows.
Test(enemies, idle_connections_make_room)
{
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (int i = 0; i < IDLE; i++) {
        connections[i] = raw_connect(gateway->ingress.url);
        if (i == 1500)
            expect_equal(daemon_missing(&gateway->ingress), "");
        if (i == TG_CONNECTIONS_MAX - 1)
            expect_cut_for_room(gateway, TG_CONNECTIONS_MAX, 0);
        if (i == TG_CONNECTIONS_MAX)
            expect_cut_for_room(gateway, TG_CONNECTIONS_MAX, 1);
    }
    // A connection of its own, which comes last.
    struct answer answer = http_ask(http_open(gateway->ingress.url),
                                    &(struct http_request){.path = "/api/wallet", .key = org.key});
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    expect_equal(daemon_missing(&gateway->ingress), "");
    cr_assert(raw_is_closed(connections[0]), "the longest idle one is still there");
    cr_assert(!raw_is_closed(connections[IDLE - 1]), "the newest one has gone");
    cr_assert(daemon_has_logged(&gateway->ingress, "connections_full"));
    stop_gateway(gateway);
}

// The file limit may be lower than what we would like: fewer connections then, and room is made all
// the same.
Test(enemies, idle_connections_make_room_where_files_are_few)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {.rlim_cur = 900, .rlim_max = 900};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct daemon ingress = start_ingress(gateway);
    eventually(*daemon_missing(&ingress) == '\0');
    cr_assert(daemon_has_logged(&ingress, "file_limit_low"));
    for (int i = 0; i < 800; i++)
        connections[i] = raw_connect(ingress.url);
    struct answer answer = http_ask(http_open(ingress.url),
                                    &(struct http_request){.path = "/api/wallet", .key = org.key});
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    expect_equal(daemon_missing(&ingress), "");
    process_stop_cleanly(ingress.process);
    stop_gateway(gateway);
}

// One more byte on each connection; how many have been closed.
static int drip(const char *byte)
{
    int closed = 0;
    for (int i = 0; i < DRIPPING; i++) {
        (void)raw_write(connections[i], byte, 1);
        closed += raw_is_closed(connections[i]);
    }
    return closed;
}

// What has come of the headers so far, behind the key.
static void expect_dripping_ends(const char *line, const char *rest, const char *byte)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    expect_service(&org);
    for (int i = 0; i < DRIPPING; i++) {
        connections[i] = raw_connect(gateway->ingress.url);
        cr_assert(raw_printf(connections[i], "%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s%s",
                             line, org.key, rest));
    }
    eventually(drip(byte) == DRIPPING);
    expect_service(&org);
    stop_gateway(gateway);
}

Test(enemies, headers_have_a_deadline_as_a_whole)
{
    expect_dripping_ends("GET /api/wallet", "\r\nX-More: ", "x");
}

Test(enemies, headers_of_a_later_request_have_it_too)
{
    expect_dripping_ends("GET /api/wallet", "\r\n\r\n", "\n");
}

Test(enemies, a_body_has_a_deadline_as_a_whole)
{
    expect_dripping_ends("POST /api/send-message",
                         "\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
                         " ");
}

// Each of these waits for an answer that takes long, and is gone.
Test(enemies, who_waits_for_meta_leaves_places_to_other_orgs)
{
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway(.worker_settings = {"TOLLGATE_SEND_CONCURRENCY=16"});
    struct org org = given_org(gateway);
    struct org greedy = given_org(gateway, .balance = "10000");
    (void)database_text(gateway->database,
                        "UPDATE channels SET max_mps = 10000; UPDATE wallets SET balance = 10000");
    expect_service(&greedy);
    const char *body = text_body("15552000008");
    for (int i = 0; i < WAITING; i++) {
        connections[i] = raw_connect(gateway->ingress.url);
        cr_assert(raw_printf(connections[i],
                             "POST /api/send-message HTTP/1.1\r\nHost: x\r\nPrefer: wait=30\r\n"
                             "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             greedy.key, strlen(body), body));
    }
    eventually(database_number(gateway->database, "SELECT count(*) FROM messages") >= WAITING);
    for (int i = 0; i < WAITING; i++)
        close(connections[i]);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    stop_gateway(gateway);
}

// A message of the org's whose answer has a MiB.
static const char *given_large_message(const struct org *org)
{
    struct answer answer = send_text(org, "919876543210");
    const char *id = expect_accepted(&answer);
    (void)database_text(org->gateway->database,
                        "UPDATE messages SET payload = json_build_object('x', repeat('x', %d)) "
                        "WHERE id = '%s'",
                        LARGE, id);
    return text_of("/api/messages/%s", id);
}

// What the kernel holds of each is little, and what we hold of all is bounded.
Test(enemies, answers_that_are_not_read_are_their_orgs_trouble)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org greedy = given_org(gateway);
    const char *path = given_large_message(&org);
    const char *greedy_path = given_large_message(&greedy);
    struct answer answer = get(&greedy, greedy_path);
    cr_assert_eq(answer.status, 200);
    for (int i = 0; i < UNREAD; i++) {
        connections[i] = raw_connect(gateway->ingress.url);
        cr_assert(raw_printf(connections[i],
                             "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                             greedy_path, greedy.key));
    }
    eventually((answer = get(&greedy, greedy_path)).status == 429);
    expect_refused(&answer, 429, "too_many_requests", NULL);
    answer = get(&org, path);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    for (int i = 0; i < UNREAD; i++)
        close(connections[i]);
    eventually(get(&greedy, greedy_path).status == 200);
    stop_gateway(gateway);
}

static int wait_for_meta(const struct org *org, const char *phone)
{
    int connection = raw_connect(org->gateway->ingress.url);
    const char *body = text_body(phone);
    cr_assert(raw_printf(connection,
                         "POST /api/send-message HTTP/1.1\r\nHost: x\r\nPrefer: wait=30\r\n"
                         "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         org->key, strlen(body), body));
    return connection;
}

static long waiting(const struct gateway *gateway)
{
    return strtol(daemon_metric(&gateway->ingress, "tollgate_waiting_requests"), NULL, 10);
}

// Whoever came first, and is still there, goes on waiting: so it is not the time that was up.
Test(enemies, who_waits_and_is_gone_keeps_no_place)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    int first = wait_for_meta(&org, "919876543210");
    eventually(waiting(gateway) == 1);
    for (int i = 0; i < DRIPPING; i++)
        connections[i] = wait_for_meta(&org, text_of("9198765%05d", i));
    eventually(waiting(gateway) == DRIPPING + 1);
    for (int i = 0; i < DRIPPING; i++)
        close(connections[i]);
    eventually(waiting(gateway) == 1);
    cr_assert(!raw_is_closed(first));
    stop_gateway(gateway);
    cr_assert_eq(strncmp(raw_read_answer(first), "HTTP/1.1 202", 12), 0);
}

struct hold {
    struct gateway *gateway;
    size_t until; // so many have ended
    bool let_go;
    const char *key; // of who is known
};

static void let_go_once_refused(size_t ended, void *context)
{
    struct hold *hold = context;
    if (hold->let_go || ended < hold->until)
        return;
    hold->let_go = true;
    (void)database_text(hold->gateway->database, "COMMIT");
}

// All but the last are the greedy org's; PostgreSQL stands still until `refused` have been
// answered.
static void expect_share(struct gateway *gateway, const char *lock, size_t n, size_t refused,
                         int status)
{
    raw_raise_file_limit();
    struct hold hold = {gateway, refused, false, NULL};
    (void)database_text(gateway->database, "BEGIN; LOCK TABLE %s", lock);
    http_ask_all(gateway->ingress.url, requests, n, answers, let_go_once_refused, &hold);
    size_t too_many = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        // (Who has a place there waits; on a slow machine for longer than it may.)
        if (answers[i].status != 429)
            cr_assert(answers[i].status == status || answers[i].status == 503, "%zu: %d %s", i,
                      answers[i].status, answers[i].body);
        else
            expect_refused(&answers[i], 429, "too_many_requests", NULL);
        too_many += answers[i].status == 429;
    }
    cr_assert_geq(too_many, refused);
    cr_assert_eq(answers[n - 1].status, status, "%d %s", answers[n - 1].status,
                 answers[n - 1].body);
}

Test(enemies, an_org_has_its_share_of_a_lane)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_LANES=1"});
    struct org org = given_org(gateway, .balance = "10000");
    struct org greedy = given_org(gateway, .balance = "10000");
    for (int i = 0; i < QUEUED; i++)
        requests[i] = (struct http_request){.path = "/api/send-message",
                                            .key = i < QUEUED - 1 ? greedy.key : org.key,
                                            .body = text_body(text_of("9198765%05d", i))};
    expect_service(&org);
    expect_service(&greedy);
    expect_share(gateway, "wallet_transactions", QUEUED, QUEUED - 1 - 1536 - 256, 202);
    stop_gateway(gateway);
}

Test(enemies, an_org_has_its_share_of_reads)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org greedy = given_org(gateway);
    for (int i = 0; i < READING; i++)
        requests[i] = (struct http_request){.path = "/api/wallet",
                                            .key = i < READING - 1 ? greedy.key : org.key};
    expect_service(&org);
    expect_service(&greedy);
    expect_share(gateway, "wallet_transactions", READING, READING - 1 - 512 - 2, 200);
    stop_gateway(gateway);
}

static void ask_as_known(size_t ended, void *context)
{
    struct hold *hold = context;
    (void)ended;
    if (hold->let_go || ended < hold->until)
        return;
    hold->let_go = true;
    struct answer answer = ask(hold->gateway->http, .path = "/api/wallet", .key = hold->key);
    cr_assert_eq(answer.status, 200, "%d %s", answer.status, answer.body);
    (void)database_text(hold->gateway->database, "COMMIT");
}

// Look-ups of unknown keys stand still; who is known does not notice.
Test(enemies, who_guesses_keys_takes_nothing_from_who_has_one)
{
    raw_raise_file_limit();
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct hold hold = {gateway, GUESSES - 512 - 1, false, org.key};
    for (int i = 0; i < GUESSES; i++)
        requests[i] =
            (struct http_request){.path = "/api/wallet", .key = text_of("tg_guess_%d", i)};
    expect_service(&org);
    (void)database_text(gateway->database, "BEGIN; LOCK TABLE api_keys");
    http_ask_all(gateway->ingress.url, requests, GUESSES, answers, ask_as_known, &hold);
    int too_many = 0;
    for (int i = 0; i < GUESSES; i++) {
        if (answers[i].status == 429)
            expect_refused(&answers[i], 429, "too_many_requests", NULL);
        else
            expect_refused(&answers[i], 401, "unauthorized", "Authorization");
        too_many += answers[i].status == 429;
    }
    cr_assert_geq(too_many, GUESSES - 512 - 1);
    stop_gateway(gateway);
}
