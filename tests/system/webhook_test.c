// Webhooks: Meta's handshake; and what is posted, which is answered 200 if and only if it was
// signed and stands in the stream of webhooks, byte for byte. No worker takes it off in these
// tests.
#include "tests/system/webhook.h"

#include "common/base/text.h"
#include "tests/corpus.h"
#include "tests/system/org.h"
#include "tests/system/raw.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(webhook, .timeout = 120);

enum {
    BODY_MAX = 3 * 1024 * 1024,
    BODIES_MAX = 96 * 1024 * 1024, // of one address
    WEBHOOKS_MAX = 1000 * 1000,    // of a partition
    RECONNECT_MS = 250,
    LEAVE_MS = 2000, // for the last answers, when the ingress stops
};

static struct gateway *given_ingress(void)
{
    return given_gateway(.without_worker = true);
}

// All but inbound, which would take the webhooks off.
static struct gateway *given_sending_gateway(void)
{
    return given_gateway(.worker_settings = {"TOLLGATE_WORKER_ROLES=send,janitor"});
}

static const char *stored_script(const char *each)
{
    return text_of("local all = {} "
                   "for _, key in ipairs(redis.call('KEYS', 'tollgate:{*}:webhooks')) do "
                   "for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do "
                   "table.insert(all, %s) end end "
                   "table.sort(all) return table.concat(all, '\\n')",
                   each);
}

// The SHA-1 of every body in the streams of webhooks, sorted, one a line.
static const char *stored(const struct gateway *gateway)
{
    return redis_command(gateway->redis, "EVAL", stored_script("redis.sha1hex(entry[2][2])"), "0");
}

static long stored_count(const struct gateway *gateway)
{
    return strtol(redis_command(gateway->redis, "EVAL",
                                "local n = 0 "
                                "for _, key in ipairs(redis.call('KEYS', 'tollgate:{*}:webhooks')) "
                                "do n = n + redis.call('XLEN', key) end return n",
                                "0"),
                  NULL, 10);
}

static const char *sha1(const char *body, size_t length)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    cr_assert(EVP_Digest(body, length, digest, NULL, EVP_sha1(), NULL) == 1);
    struct tg_text text = {0};
    for (size_t i = 0; i < sizeof digest; i++)
        tg_text_append_format(&text, "%02x", digest[i]);
    return text.data;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// What stored() says if exactly these are there. Sorts them.
static const char *lines_of(const char **digests, size_t n)
{
    qsort(digests, n, sizeof *digests, compare_texts);
    struct tg_text text = {0};
    for (size_t i = 0; i < n; i++)
        tg_text_append_format(&text, "%s%s", i > 0 ? "\n" : "", digests[i]);
    tg_text_append_string(&text, "\n");
    return text.data;
}

static void expect_stored_answer(const struct answer *answer)
{
    cr_assert(answer->status == 200, "%d %s", answer->status, answer->body);
}

// What was posted before is not stored again.
static const char *newest_body;

static const char *new_body(void)
{
    static int n;
    newest_body = text_of("{\"new\": %d}", ++n);
    return newest_body;
}

static struct answer post_new(struct gateway *gateway)
{
    return post_webhook(gateway, new_body(), 0);
}

// One more is taken, and then there are so many.
static struct answer expect_good(struct gateway *gateway, long count)
{
    struct answer answer = post_new(gateway);
    expect_stored_answer(&answer);
    cr_assert_eq(stored_count(gateway), count);
    return answer;
}

// The same, on the connection on which something was refused before.
static void expect_good_after_refusal(struct gateway *gateway, long count)
{
    struct answer answer = expect_good(gateway, count);
    cr_assert_not(answer.fresh);
}

static struct answer post_signed(struct gateway *gateway, const char *secret, const char *body)
{
    return ask(gateway->http, .path = "/webhook", .body = body,
               .headers = {signature_header(secret, body, strlen(body))});
}

Test(webhook, the_handshake_echoes_the_challenge_as_text)
{
    struct gateway *gateway = given_ingress();
    struct answer answer =
        ask(gateway->http, .path = "/webhook?hub.mode=subscribe&hub.challenge=115%2B8%3C201444"
                                   "&hub.verify_token=" GATEWAY_VERIFY_TOKEN);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer.body, "115+8<201444");
    expect_equal(answer_header(&answer, "Content-Type"), "text/plain; charset=utf-8");
    stop_gateway(gateway);
}

Test(webhook, a_handshake_that_is_wrong_in_any_part_is_refused)
{
    static const char *const queries[] = {
        "",
        "?hub.mode=subscribe&hub.challenge=4711",
        "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=",
        "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token",
        "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=Test-verify-token",
        "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=test-verify-toke",
        "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=test-verify-token2",
        "?hub.mode=subscribe&hub.challenge=4711&hub_verify_token=test-verify-token",
        "?hub.mode=unsubscribe&hub.challenge=4711&hub.verify_token=test-verify-token",
        "?hub.challenge=4711&hub.verify_token=test-verify-token",
        "?hub.mode=subscribe&hub.verify_token=test-verify-token",
    };
    struct gateway *gateway = given_ingress();
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct answer answer = ask(gateway->http, .path = text_of("/webhook%s", queries[i]));
        expect_refused(&answer, 403, "handshake_refused", "hub.verify_token");
        cr_assert_null(strstr(answer.body, "4711"));
    }
    stop_gateway(gateway);
}

Test(webhook, takes_get_and_post_only)
{
    static const char *const methods[] = {"PUT", "DELETE", "PATCH"};
    struct gateway *gateway = given_ingress();
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct answer answer = ask(gateway->http, .method = methods[i], .path = "/webhook");
        expect_refused(&answer, 405, "method_not_allowed", "method");
        expect_equal(answer_header(&answer, "Allow"), "GET, POST");
    }
    expect_good_after_refusal(gateway, 1);
    stop_gateway(gateway);
}

// Whatever it is: a person looks at what the worker cannot understand.
Test(webhook, a_signed_body_stands_in_the_stream_byte_for_byte)
{
    static const char *const files[] = {
        "text.json",          "text-unicode.json",     "batch-of-500.json",
        "bad/not-json.json",  "bad/empty.json",        "bad/utf16.json",
        "bad/truncated.json", "bad/invalid-utf8.json", "bad/huge-string-1mb.json"};
    enum { FILES = sizeof files / sizeof *files };
    const char *digests[FILES + 1];
    struct gateway *gateway = given_ingress();
    for (size_t i = 0; i < FILES; i++) {
        size_t length = 0;
        const char *body = corpus_read("webhooks", files[i], &length);
        digests[i] = sha1(body, length);
        struct answer answer = post_webhook_file(gateway, files[i]);
        expect_stored_answer(&answer);
    }
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    struct answer answer = post_webhook(gateway, bytes, sizeof bytes);
    expect_stored_answer(&answer);
    digests[FILES] = sha1(bytes, sizeof bytes);

    expect_equal(stored(gateway), lines_of(digests, FILES + 1));
    stop_gateway(gateway);
}

Test(webhook, needs_no_key_no_content_type_and_minds_no_other_header)
{
    static const struct http_request requests[] = {
        {.content_type = ""},
        {.content_type = "text/plain"},
        {.key = "tg_unknown"},
        {.headers = {NULL, "Idempotency-Key: 1", "X-Hub-Signature: sha1=00"}},
    };
    struct gateway *gateway = given_ingress();
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct http_request request = requests[i];
        request.path = "/webhook";
        request.body = new_body();
        request.headers[0] =
            signature_header(GATEWAY_APP_SECRET, request.body, strlen(request.body));
        struct answer answer = http_ask(gateway->http, &request);
        expect_stored_answer(&answer);
    }
    cr_assert_eq(stored_count(gateway), 4);
    stop_gateway(gateway);
}

Test(webhook, any_of_the_app_secrets_may_have_signed)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true,
                      .ingress_settings = {"TOLLGATE_APP_SECRETS=newest,second,oldest"});
    static const char *const good[] = {"newest", "second", "oldest"};
    static const char *const bad[] = {"newest,second,oldest", "second,oldest", "new", "other", ""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct answer answer = post_signed(gateway, good[i], "{\"n\": 1}");
        expect_stored_answer(&answer);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer answer = post_signed(gateway, bad[i], "{\"n\": 2}");
        expect_refused(&answer, 401, "bad_signature", "X-Hub-Signature-256");
        expect_equal(answer_header(&answer, "WWW-Authenticate"), "");
    }
    cr_assert_eq(stored_count(gateway), 3);
    stop_gateway(gateway);
}

Test(webhook, without_one_right_signature_nothing_is_stored)
{
    static const char body[] = "{\"text\": \"unheard-of\"}";
    struct gateway *gateway = given_ingress();
    const char *right = signature_header(GATEWAY_APP_SECRET, body, strlen(body));
    const char *digits = strchr(right, '=') + 1;
    static const char name[] = "X-Hub-Signature-256";
    const char *const headers[][2] = {
        {NULL},
        {text_of("%s;", name)}, // with an empty value
        {text_of("%s: sha256=", name)},
        {text_of("%s: %s", name, digits)},
        {text_of("%s: sha1=%s", name, digits)},
        {text_of("%s: SHA256=%s", name, digits)},
        {text_of("%s: sha256=%.63s", name, digits)},
        {text_of("%s: sha256=%s0", name, digits)},
        {text_of("%s: sha256=%.63sg", name, digits)},
        {text_of("%s: sha256=%064d", name, 0)},
        {text_of("X-Hub-Signature: sha256=%s", digits)},
        {signature_header("another-secret", body, strlen(body))},
        {signature_header(GATEWAY_APP_SECRET, body, strlen(body) - 1)},
        {right, right},
        {right, text_of("%s: sha256=%064d", name, 0)},
        {text_of("%s: sha256=%064d", name, 0), right},
    };
    enum { HEADERS = sizeof headers / sizeof *headers };
    for (size_t i = 0; i < HEADERS; i++) {
        struct answer answer = ask(gateway->http, .path = "/webhook", .body = body,
                                   .headers = {headers[i][0], headers[i][1]});
        cr_assert(answer.status == 401, "%zu: %d %s", i, answer.status, answer.body);
        expect_refused(&answer, 401, "bad_signature", "X-Hub-Signature-256");
    }
    cr_assert_eq(stored_count(gateway), 0);
    expect_equal(
        daemon_metric(&gateway->ingress, "tollgate_webhooks_total{result=\"bad_signature\"}"),
        text_of("%d", HEADERS));
    const char *log = process_log(gateway->ingress.process);
    cr_assert(strstr(log, "webhook_signature_refused"));
    cr_assert_null(strstr(log, "unheard-of"));
    expect_good_after_refusal(gateway, 1);
    stop_gateway(gateway);
}

Test(webhook, a_body_has_at_most_3_mib)
{
    const char *body = text_of("%*s", BODY_MAX + 1, "");
    const char *large = signature_header(GATEWAY_APP_SECRET, body, BODY_MAX + 1);
    struct gateway *gateway = given_ingress();
    struct answer answer = post_webhook(gateway, body, BODY_MAX);
    expect_stored_answer(&answer);
    answer = post_webhook(gateway, body, BODY_MAX + 1);
    expect_refused(&answer, 413, "body_too_large", "body");
    answer = ask(gateway->http, .path = "/webhook", .body = body, .body_length = BODY_MAX + 1,
                 .headers = {large, "Transfer-Encoding: chunked"});
    expect_refused(&answer, 413, "body_too_large", "body");
    const char *digest = sha1(body, BODY_MAX);
    expect_equal(stored(gateway), lines_of(&digest, 1));
    expect_good_after_refusal(gateway, 2);
    // So large that it is not read to its end: the answer comes, or the connection goes.
    body = text_of("%*s", 10 * BODY_MAX, "");
    const struct http_request huge = {
        .path = "/webhook",
        .body = body,
        .headers = {signature_header(GATEWAY_APP_SECRET, body, strlen(body))}};
    answer = http_try(gateway->http, &huge);
    if (answer.status != 0)
        expect_refused(&answer, 413, "body_too_large", "body");
    (void)expect_good(gateway, 3);
    stop_gateway(gateway);
}

Test(webhook, a_body_may_come_in_chunks)
{
    static const size_t lengths[] = {1, 1000, 200000, BODY_MAX};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    const char *digests[LENGTHS];
    const char *body = text_of("%*s", BODY_MAX, "");
    struct gateway *gateway = given_ingress();
    for (size_t i = 0; i < LENGTHS; i++) {
        struct answer answer =
            ask(gateway->http, .path = "/webhook", .body = body, .body_length = lengths[i],
                .headers = {signature_header(GATEWAY_APP_SECRET, body, lengths[i]),
                            "Transfer-Encoding: chunked"});
        expect_stored_answer(&answer);
        digests[i] = sha1(body, lengths[i]);
    }
    expect_equal(stored(gateway), lines_of(digests, LENGTHS));
    stop_gateway(gateway);
}

// A connection that has sent a request but for its last byte, as far as it is taken. That the
// signature is wrong shows only then.
static int send_in_part(const struct gateway *gateway, const char *body, size_t length)
{
    int connection = raw_connect(gateway->ingress.url);
    cr_assert(raw_printf(connection,
                         "POST /webhook HTTP/1.1\r\nHost: tollgate\r\n%s\r\n"
                         "Content-Length: %zu\r\n\r\n",
                         signature_header("another-secret", "", 0), length + 1));
    (void)raw_write(connection, body, length);
    return connection;
}

static long body_bytes(const struct gateway *gateway)
{
    return strtol(daemon_metric(&gateway->ingress, "tollgate_body_bytes"), NULL, 10);
}

// Announcing large bodies holds nothing; sending them holds what was sent, up to the bound, and for
// as long as they come on. Neither usual webhooks nor sends notice.
Test(webhook, the_bodies_of_all_requests_together_have_a_bound)
{
    enum { CONNECTIONS = 2 * BODIES_MAX / BODY_MAX, FREE = CONNECTIONS * 8 * 1024 };
    int connections[CONNECTIONS];
    const char *body = text_of("%*s", BODY_MAX, "");
    struct gateway *gateway = given_ingress();
    struct org org = given_org(gateway);
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i] = send_in_part(gateway, body, 0);
    (void)expect_good(gateway, 1);
    cr_assert_eq(body_bytes(gateway), 0);
    long most = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        close(connections[i]);
        connections[i] = send_in_part(gateway, body, BODY_MAX - 1);
        long now = body_bytes(gateway);
        most = now > most ? now : most;
    }
    cr_assert(most >= BODY_MAX - 1 && most <= BODIES_MAX + FREE, "%ld", most);
    (void)expect_good(gateway, 2);
    struct answer answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    cr_assert_not(answer.fresh);
    eventually(body_bytes(gateway) == 0);
    (void)expect_good(gateway, 3);
    stop_gateway(gateway);
}

Test(webhook, the_same_bytes_are_stored_once_and_answered_while_redis_is_there)
{
    struct gateway *gateway = given_ingress();
    struct answer answer = post_new(gateway);
    expect_stored_answer(&answer);
    const char *body = new_body();
    for (int i = 0; i < 20; i++) {
        answer = post_webhook(gateway, body, 0);
        expect_stored_answer(&answer);
    }
    cr_assert_eq(stored_count(gateway), 2);
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_webhooks_total{result=\"repeated\"}"),
                 "19");
    redis_kill(gateway->redis);
    answer = post_webhook(gateway, body, 0);
    expect_refused(&answer, 503, "unavailable", NULL);

    redis_start(gateway->redis);
    eventually(post_webhook(gateway, body, 0).status == 200);
    cr_assert_eq(stored_count(gateway), 3);
    stop_gateway(gateway);
}

Test(webhook, what_redis_has_not_taken_is_no_repeat)
{
    struct gateway *gateway = given_sending_gateway();
    const char *body = new_body();
    expect_equal(redis_command(gateway->redis, "CONFIG", "SET", "maxmemory", "1"), "OK\n");
    for (int i = 0; i < 3; i++) {
        struct answer answer = post_webhook(gateway, body, 0);
        expect_refused(&answer, 503, "unavailable", NULL);
    }
    expect_equal(redis_command(gateway->redis, "CONFIG", "SET", "maxmemory", "0"), "OK\n");
    eventually(post_webhook(gateway, body, 0).status == 200);
    cr_assert_eq(stored_count(gateway), 1);
    stop_gateway(gateway);
}

Test(webhook, partitions_take_turns)
{
    struct gateway *gateway = given_ingress();
    for (int i = 0; i < 8; i++) {
        struct answer answer = post_new(gateway);
        expect_stored_answer(&answer);
    }
    for (int i = 0; i < 4; i++)
        expect_equal(redis_command(gateway->redis, "XLEN", text_of("tollgate:{%02d}:webhooks", i)),
                     "2\n");
    stop_gateway(gateway);
}

Test(webhook, a_full_partition_takes_no_more_until_there_is_room)
{
    static const char fill[] = "for i = 1, 100000 do "
                               "redis.call('XADD', KEYS[1], '*', 'body', '') end";
    static const char key[] = "tollgate:{00}:webhooks";
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_PARTITIONS=1"});
    (void)expect_good(gateway, 1);
    for (int i = 0; i < WEBHOOKS_MAX / 100000; i++)
        (void)redis_command(gateway->redis, "EVAL", fill, "1", key);

    struct answer answer = {0};
    eventually((answer = post_new(gateway)).status == 503);
    expect_refused(&answer, 503, "unavailable", NULL);
    const char *length = redis_command(gateway->redis, "XLEN", key);
    cr_assert(strstr(process_log(gateway->ingress.process), "webhook_stream_full"));

    (void)redis_command(gateway->redis, "XTRIM", key, "MAXLEN", "0");
    eventually(post_new(gateway).status == 200);
    expect_equal(redis_command(gateway->redis, "XLEN", key), "1\n");
    cr_assert_geq(strtol(length, NULL, 10), WEBHOOKS_MAX);
    stop_gateway(gateway);
}

// Of the largest kind, which a thousandth of as many would fill Redis with.
Test(webhook, a_partition_is_full_by_its_bytes_too)
{
    static const char fill[] = "local body = string.rep('x', 2800000) for i = 1, 100 do "
                               "redis.call('XADD', KEYS[1], '*', 'body', body) end";
    static const char key[] = "tollgate:{00}:webhooks";
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_PARTITIONS=1"});
    (void)expect_good(gateway, 1);
    (void)redis_command(gateway->redis, "CONFIG", "SET", "appendonly", "no");
    for (int i = 0; i < 4; i++)
        (void)redis_command(gateway->redis, "EVAL", fill, "1", key);

    struct answer answer = {0};
    eventually((answer = post_new(gateway)).status == 503);
    expect_refused(&answer, 503, "unavailable", NULL);
    cr_assert(strstr(process_log(gateway->ingress.process), "webhook_stream_full"));

    (void)redis_command(gateway->redis, "XTRIM", key, "MAXLEN", "0");
    eventually(post_new(gateway).status == 200);
    stop_gateway(gateway);
}

// Neither a webhook nor a send is lost on the way: what was not answered well is the client's to
// repeat.
static void expect_unavailable(struct gateway *gateway, const struct org *org)
{
    struct answer answer = post_new(gateway);
    expect_refused(&answer, 503, "unavailable", NULL);
    expect_equal(answer_header(&answer, "Retry-After"), "1");
    answer = send_text(org, "919876543210");
    (void)expect_accepted(&answer);
}

static void expect_both_flow(struct gateway *gateway, const struct org *org)
{
    eventually(post_new(gateway).status == 200);
    eventually(send_text_and_wait(org, "919876543210").status == 200);
}

Test(webhook, redis_stopped_refuses_webhooks_and_no_sends)
{
    struct gateway *gateway = given_sending_gateway();
    struct org org = given_org(gateway);
    expect_both_flow(gateway, &org);

    redis_kill(gateway->redis);
    expect_unavailable(gateway, &org);
    expect_unavailable(gateway, &org);
    redis_start(gateway->redis);

    expect_both_flow(gateway, &org);
    cr_assert_eq(stored_count(gateway), 2);
    stop_gateway(gateway);
}

Test(webhook, redis_out_of_memory_refuses_webhooks_and_no_sends)
{
    struct gateway *gateway = given_sending_gateway();
    struct org org = given_org(gateway);
    expect_both_flow(gateway, &org);

    expect_equal(redis_command(gateway->redis, "CONFIG", "SET", "maxmemory", "1"), "OK\n");
    expect_unavailable(gateway, &org);
    expect_equal(redis_command(gateway->redis, "CONFIG", "SET", "maxmemory", "0"), "OK\n");

    expect_both_flow(gateway, &org);
    cr_assert_eq(stored_count(gateway), 2);
    stop_gateway(gateway);
}

Test(webhook, a_read_only_redis_refuses_webhooks_and_no_sends)
{
    struct gateway *gateway = given_sending_gateway();
    struct org org = given_org(gateway);
    expect_both_flow(gateway, &org);
    // Of nobody's: it keeps its data and cannot be written to.
    const char *nowhere = text_of("%d", testbed_port());

    expect_equal(redis_command(gateway->redis, "REPLICAOF", "127.0.0.1", nowhere), "OK\n");
    expect_unavailable(gateway, &org);
    expect_equal(redis_command(gateway->redis, "REPLICAOF", "NO", "ONE"), "OK\n");

    expect_both_flow(gateway, &org);
    cr_assert_eq(stored_count(gateway), 2);
    stop_gateway(gateway);
}

// 192 MiB at once, more than half of what there is for all bodies. Returns how many were refused
// for that.
static int post_large_ones(struct gateway *gateway)
{
    enum { LARGE = 64 };
    struct http_request requests[LARGE];
    struct answer answers[LARGE];
    static const char *body;
    body = body ? body : text_of("%*s", BODY_MAX, "");
    const char *signature = signature_header(GATEWAY_APP_SECRET, body, BODY_MAX);
    for (int i = 0; i < LARGE; i++)
        requests[i] = (struct http_request){
            .path = "/webhook", .body = body, .body_length = BODY_MAX, .headers = {signature}};
    http_ask_all(gateway->ingress.url, requests, LARGE, answers, NULL, NULL);
    int overloaded = 0;
    for (int i = 0; i < LARGE; i++) {
        cr_assert_eq(answers[i].status, 503);
        overloaded += strcmp(answer_text(&answers[i], "/code"), "overloaded") == 0;
    }
    cr_assert_lt(overloaded, LARGE);
    return overloaded;
}

static long redis_errors(const struct gateway *gateway)
{
    return strtol(daemon_metric(&gateway->ingress, "tollgate_redis_errors_total"), NULL, 10);
}

// Its kernel still takes what is sent, so that it cannot be told whether what was refused comes
// after all.
Test(webhook, a_redis_that_hangs_refuses_webhooks_in_time_and_no_sends)
{
    struct gateway *gateway = given_ingress();
    struct org org = given_org(gateway);
    (void)expect_good(gateway, 1);
    // Nothing but webhooks will ask Redis for anything.
    eventually(*redis_command(gateway->redis, "PUBSUB", "CHANNELS") != '\n');

    process_signal(gateway->redis->process, SIGSTOP);
    long before = redis_errors(gateway);
    struct answer answer = post_new(gateway);
    expect_refused(&answer, 503, "unavailable", NULL);
    cr_assert_eq(redis_errors(gateway), before + 1); // one time-out, not two
    expect_unavailable(gateway, &org);
    // More than may wait, if it comes while the publisher waits itself.
    eventually_within(60, post_large_ones(gateway) > 0);
    answer = send_text(&org, "919876543210");
    (void)expect_accepted(&answer);
    process_signal(gateway->redis->process, SIGCONT);

    eventually(post_new(gateway).status == 200);
    stop_gateway(gateway);
}

// A connection may be made anew for the first one, and the next attempt must wait a little.
static void given_an_old_connection(struct gateway *gateway)
{
    struct answer first = post_new(gateway);
    expect_stored_answer(&first);
    long long began_ms = testbed_now_ms();
    while (testbed_now_ms() - began_ms <= RECONNECT_MS) {
        struct answer answer = post_new(gateway);
        expect_stored_answer(&answer);
    }
}

Test(webhook, a_connection_that_has_died_costs_no_webhook)
{
    struct gateway *gateway = given_ingress();
    given_an_old_connection(gateway);
    long before = stored_count(gateway);
    (void)redis_command(gateway->redis, "CLIENT", "KILL", "TYPE", "normal");
    (void)expect_good(gateway, before + 1);
    cr_assert(strstr(process_log(gateway->ingress.process), "redis_lost"));
    stop_gateway(gateway);
}

enum { MANY = 600 };

static struct http_request requests[MANY];
static struct answer answers[MANY];
static const char *digests[MANY];

static void given_requests(void)
{
    for (int i = 0; i < MANY; i++) {
        const char *body = text_of("{\"n\": %d}", i);
        requests[i] = (struct http_request){
            .path = "/webhook",
            .body = body,
            .headers = {signature_header(GATEWAY_APP_SECRET, body, strlen(body))}};
        digests[i] = sha1(body, strlen(body));
    }
}

Test(webhook, of_many_at_once_each_is_stored_once)
{
    struct gateway *gateway = given_ingress();
    given_requests();
    http_ask_all(gateway->ingress.url, requests, MANY, answers, NULL, NULL);
    for (int i = 0; i < MANY; i++)
        expect_stored_answer(&answers[i]);
    expect_equal(stored(gateway), lines_of(digests, MANY));
    const char *stored_metric = "tollgate_webhooks_total{result=\"stored\"}";
    expect_equal(daemon_metric(&gateway->ingress, stored_metric), text_of("%d", MANY));
    expect_equal(daemon_metric(&gateway->ingress, "tollgate_webhook_queue_requests"), "0");
    stop_gateway(gateway);
}

static long long continued_ms;

// While Redis hangs all wait for it, unless that takes so long that it was given up; Redis goes on
// once the ingress is stopping.
static void stop_while_all_wait(size_t ended, void *context)
{
    static bool asked, stopping;
    const struct gateway *gateway = context;
    size_t bytes = 0;
    for (int i = 0; i < MANY; i++)
        bytes += strlen(requests[i].body);
    if (!asked && (ended > 0 || body_bytes(gateway) == (long)bytes)) {
        process_signal(gateway->ingress.process, SIGTERM);
        asked = true;
    }
    if (asked && !stopping && strstr(process_log(gateway->ingress.process), "stop_requested")) {
        continued_ms = testbed_now_ms();
        process_signal(gateway->redis->process, SIGCONT);
        stopping = true;
    }
}

// How many transactions Redis has run.
static long transactions(const struct gateway *gateway)
{
    static const char name[] = "cmdstat_exec:calls=";
    const char *stats = redis_command(gateway->redis, "INFO", "commandstats");
    const char *found = strstr(stats, name);
    return found ? strtol(found + strlen(name), NULL, 10) : 0;
}

static size_t times_stored(const char *stored_digests, const char *digest)
{
    size_t times = 0;
    for (const char *at = strstr(stored_digests, digest); at; at = strstr(at + 1, digest))
        times++;
    return times;
}

// What was answered 200 is stored once. What was answered 503 may be stored as well: Redis may take
// it after it was given up. What was not answered is not stored, unless `late`: the time for the
// last answers was over. Returns how many were answered 200.
static size_t expect_answered_as_stored(const struct gateway *gateway, bool late)
{
    const char *all = stored(gateway);
    size_t good = 0;
    size_t found = 0;
    for (int i = 0; i < MANY; i++) {
        int status = answers[i].status;
        size_t times = times_stored(all, digests[i]);
        cr_assert(status == 200 || status == 503 || status == 0, "%d %s", status, answers[i].body);
        cr_assert(status != 200 || times == 1, "%d: stored %zu times", i, times);
        cr_assert(status != 0 || times == 0 || late, "%d: stored and not answered", i);
        good += status == 200;
        found += times;
    }
    cr_assert_eq(times_stored(all, sha1(newest_body, strlen(newest_body))), 1);
    cr_assert_eq((long)found + 1, stored_count(gateway), "something else is stored");
    return good;
}

// One thread alone writes the answers, so that some are still to be sent when all are given.
Test(webhook, what_waits_when_the_ingress_is_stopped_is_stored_together_and_answered)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_HTTP_THREADS=1"});
    (void)expect_good(gateway, 1);
    eventually(body_bytes(gateway) == 0);
    given_requests();
    process_signal(gateway->redis->process, SIGSTOP);
    http_ask_all(gateway->ingress.url, requests, MANY, answers, stop_while_all_wait, gateway);
    process_end_cleanly(gateway->ingress.process);
    bool late = testbed_now_ms() - continued_ms >= LEAVE_MS;

    size_t good = expect_answered_as_stored(gateway, late);
    cr_assert(good > 0);
    if (good == MANY) // else not all have waited together
        cr_assert_leq(transactions(gateway), 1 + MANY / 16);
    gateway->ingress = start_ingress(gateway);
    stop_gateway(gateway);
}
