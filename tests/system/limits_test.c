// What is exactly as large as it may be is taken, and what is larger is refused by its name: pages,
// heads, what operators write, partitions; and what is remembered of more than can be.
#include "tests/system/desk.h"
#include "tests/system/org.h"
#include "tests/system/raw.h"
#include "tests/system/webhook.h"

#include "common/base/uuid7.h"
#include "common/crypto/digest.h"
#include "common/limits.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

TestSuite(limits, .timeout = 120);

struct page {
    const char *path;
    const char *list; // of the answer
    size_t standard;
    size_t most;
    bool of_operators;
};

static struct answer ask_page(const struct org *org, const struct page *page, const char *query)
{
    const char *path = text_of("%s%s", page->path, query);
    return page->of_operators ? look(org->gateway, path) : get(org, path);
}

static void expect_rows(const struct org *org, const struct page *page, const char *query, size_t n)
{
    struct answer answer = ask_page(org, page, query);
    struct json_object *rows = NULL;
    cr_assert_eq(answer.status, 200, "%s%s: %s", page->path, query, answer.body);
    cr_assert_eq(json_pointer_get(answer.json, page->list, &rows), 0, "%s", answer.body);
    cr_assert_eq(json_object_array_length(rows), n, "%s%s", page->path, query);
}

static void given_long_lists(const struct org *org)
{
    (void)database_text(org->gateway->database,
                        "SELECT add_wallet_credits('%s', 1, 'again') FROM generate_series(1, 300); "
                        "INSERT INTO account_notices (org_id, field, value, digest) SELECT '%s', "
                        "'x', '{}', sha256(g::text::bytea) FROM generate_series(1, 300) g; "
                        "INSERT INTO organizations (name) SELECT 'Many ' || g FROM "
                        "generate_series(1, 300) g",
                        org->id, org->id);
}

Test(limits, pages_have_so_many_rows_and_no_more)
{
    static const struct page pages[] = {
        {"/api/wallet/transactions", "/transactions", TG_LIST_LIMIT_DEFAULT, TG_LIST_LIMIT_MAX,
         false},
        {"/api/account-notices", "/notices", TG_NOTICES_LIMIT_DEFAULT, TG_NOTICES_LIMIT_MAX, false},
        {"/admin/orgs", "/orgs", TG_LIST_LIMIT_DEFAULT, TG_LIST_LIMIT_MAX, true},
    };
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    given_long_lists(&org);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        const struct page *page = &pages[i];
        expect_rows(&org, page, "", page->standard);
        expect_rows(&org, page, text_of("?limit=%zu", page->most), page->most);
        const char *const above[] = {text_of("?limit=%zu", page->most + 1),
                                     text_of("?limit=%zu", 1000000 * page->most),
                                     "?limit=100000000000000000000"};
        for (size_t j = 0; j < sizeof above / sizeof *above; j++) {
            struct answer answer = ask_page(&org, page, above[j]);
            expect_refused(&answer, 400, "invalid_field", "limit");
        }
    }
    stop_gateway(gateway);
}

// Sends a request whose first line and headers have so many bytes; returns the answer.
static const char *ask_with_head(const char *url, const char *begin, size_t size)
{
    static const char end[] = "\r\n\r\n";
    int connection = raw_connect(url);
    size_t rest = size - strlen(begin) - strlen("X-Long: ") - strlen(end);
    // One that is far too long is refused before it has come.
    (void)raw_printf(connection, "%sX-Long: %0*d%s", begin, (int)rest, 1, end);
    return raw_read_answer(connection);
}

// What the library has not read by then may cost the answer.
static void expect_no_head(const char *url, const char *begin, size_t size)
{
    const char *answer = ask_with_head(url, begin, size);
    cr_assert(!*answer || strncmp(answer, "HTTP/1.1 431 ", 13) == 0, "%zu: \"%s\"", size, answer);
}

static void expect_head(const char *url, const char *begin, size_t size, int status)
{
    const char *answer = ask_with_head(url, begin, size);
    cr_assert_eq(strncmp(answer, text_of("HTTP/1.1 %d ", status), 13), 0, "%zu: \"%s\"", size,
                 answer);
}

// Some of the memory is for what is noted of each header, and for the answer's head.
Test(limits, a_head_has_so_many_bytes_and_no_more)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *url = gateway->ingress.url;
    const char *begin =
        text_of("GET /api/wallet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n", org.key);
    expect_head(url, begin, TG_CONNECTION_MEMORY_BYTES - 1024, 200);
    expect_head(url, begin, TG_CONNECTION_MEMORY_BYTES + 1, 431);
    expect_no_head(url, begin, 100UL * TG_CONNECTION_MEMORY_BYTES);
    const char *answer = ask_with_head(url, begin, TG_CONNECTION_MEMORY_BYTES + 1);
    cr_assert(strstr(answer, "\"code\":\"head_too_large\""), "%s", answer);
    cr_assert_eq(get(&org, "/api/wallet").status, 200);
    stop_gateway(gateway);
}

Test(limits, a_head_to_a_worker_has_so_many_bytes_and_no_more)
{
    struct gateway *gateway = given_gateway();
    const char *url = gateway->workers[0].admin_url;
    static const char begin[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
    expect_head(url, begin, TG_HEALTH_CONNECTION_MEMORY_BYTES - 1024, 200);
    expect_head(url, begin, TG_HEALTH_CONNECTION_MEMORY_BYTES + 1, 431);
    expect_no_head(url, begin, 100UL * TG_HEALTH_CONNECTION_MEMORY_BYTES);
    expect_equal(daemon_missing(&gateway->workers[0]), "");
    stop_gateway(gateway);
}

// A message of the org's whose answer has a MiB.
static const char *given_large_message(const struct org *org)
{
    struct answer answer = send_text(org, "919876543210");
    const char *id = expect_accepted(&answer);
    (void)database_text(org->gateway->database,
                        "UPDATE messages SET payload = json_build_object('x', repeat('x', 1048576))"
                        " WHERE id = '%s'",
                        id);
    return text_of("/api/messages/%s", id);
}

// What the kernel has of what the server at the other end of a connection has sent.
static unsigned long sent_and_not_taken(int connection)
{
    struct sockaddr_in ours;
    struct sockaddr_in theirs;
    socklen_t size = sizeof ours;
    cr_assert(getsockname(connection, (struct sockaddr *)&ours, &size) == 0 &&
              getpeername(connection, (struct sockaddr *)&theirs, &size) == 0);
    const char *ends =
        text_of("0100007F:%04X 0100007F:%04X 01 ", ntohs(theirs.sin_port), ntohs(ours.sin_port));
    const char *found = strstr(file_text("/proc/net/tcp", NULL), ends);
    return found ? strtoul(found + strlen(ends), NULL, 16) : 0;
}

// What is asked for is doubled (socket(7), SO_SNDBUF), and what is the last to fit may have a whole
// segment.
Test(limits, the_kernel_holds_so_much_of_an_answer_and_no_more)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    const char *path = given_large_message(&org);
    int connection = raw_connect(gateway->ingress.url);
    cr_assert(raw_printf(connection,
                         "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path,
                         org.key));
    unsigned long held = 0;
    unsigned long before;
    do {
        before = held;
        eventually((held = sent_and_not_taken(connection)) > 0);
    } while (held != before);
    cr_assert_leq(held, 3UL * TG_SEND_BUFFER_BYTES, "%lu", held);
    cr_assert_eq(strncmp(raw_read_answer(connection), "HTTP/1.1 200", 12), 0);
    stop_gateway(gateway);
}

static const char *long_text(size_t length)
{
    return text_of("%0*d", (int)length, 1);
}

// A rule with this member, in a body of so many bytes at least.
static struct answer write_rule(const struct org *org, const char *member, size_t length)
{
    const char *body =
        text_of("{\"match_kind\": \"exact\", \"pattern\": \"hi\", \"active\": false, "
                "\"reply\": \"Hello\", %s}",
                member);
    size_t blanks = strlen(body) < length ? length - strlen(body) : 0;
    const struct http_request request = {.path = text_of("/admin/orgs/%s/rules", org->id),
                                         .key = GATEWAY_ADMIN_TOKEN,
                                         .body = text_of("%s%*s", body, (int)blanks, "")};
    return http_try(desk_of(org->gateway), &request);
}

Test(limits, what_operators_write_is_taken_up_to_its_bounds)
{
    enum { DAY_S = 86400 };
    const struct {
        const char *field;
        const char *members[3]; // at the bound, above, far above
    } cases[] = {
        {"pattern",
         {text_of("\"pattern\": \"%s\"", long_text(TG_RULE_TEXT_MAX)),
          text_of("\"pattern\": \"%s\"", long_text(TG_RULE_TEXT_MAX + 1)),
          text_of("\"pattern\": \"%s\"", long_text(60UL * 1024))}},
        {"reply",
         {text_of("\"reply\": \"%s\"", long_text(TG_ADMIN_REPLY_MAX)),
          text_of("\"reply\": \"%s\"", long_text(TG_ADMIN_REPLY_MAX + 1)),
          text_of("\"reply\": \"%s\"", long_text(60UL * 1024))}},
        {"cooldown_s",
         {text_of("\"cooldown_s\": %d", 366 * DAY_S),
          text_of("\"cooldown_s\": %d", 366 * DAY_S + 1), "\"cooldown_s\": 100000000000000"}},
    };
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t j = 0; j < 3; j++) {
            struct answer answer = write_rule(&org, cases[i].members[j], 0);
            if (j > 0)
                expect_refused(&answer, 400, "invalid_field", cases[i].field);
            else
                cr_assert_eq(answer.status, 201, "%s: %d %s", cases[i].field, answer.status,
                             answer.body);
        }
    }
    struct answer answer = write_rule(&org, "\"priority\": 1", TG_ADMIN_BODY_MAX);
    cr_assert_eq(answer.status, 201, "%d %s", answer.status, answer.body);
    answer = write_rule(&org, "\"priority\": 1", TG_ADMIN_BODY_MAX + 1);
    expect_refused(&answer, 413, "body_too_large", "body");
    // So large that it is not read to its end: the answer comes, or the connection goes.
    answer = write_rule(&org, "\"priority\": 1", 100UL * TG_ADMIN_BODY_MAX);
    if (answer.status != 0)
        expect_refused(&answer, 413, "body_too_large", "body");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM automation_rules"), 4);
    stop_gateway(gateway);
}

Test(limits, as_many_partitions_as_there_may_be_are_worked_on)
{
    const char *partitions = text_of("TOLLGATE_PARTITIONS=%d", TG_PARTITIONS_MAX);
    struct gateway *gateway =
        given_gateway(.ingress_settings = {partitions}, .worker_settings = {partitions});
    struct org org = given_org(gateway);
    for (int i = 0; i < TG_PARTITIONS_MAX; i++) {
        const char *wamid = text_of("wamid.%d", i);
        const char *body = text_message_body(org.phone_number_id, "919876543210", wamid, "Hi");
        cr_assert_eq(post_webhook(gateway, body, 0).status, 200);
        struct answer answer = send_text(&org, text_of("9198765432%02d", i));
        (void)expect_accepted(&answer);
    }
    eventually(org_messages(&org, "received") == TG_PARTITIONS_MAX);
    eventually(org_messages(&org, "sent") + org_messages(&org, "delivered") +
                   org_messages(&org, "read") ==
               TG_PARTITIONS_MAX);
    stop_gateway(gateway);
}

// A key that stands where `first` does among those that are remembered, and is another.
static const char *in_the_same_place(const char *first)
{
    unsigned char digests[2][TG_SHA256_SIZE];
    uint32_t numbers[2];
    const char *key;
    int n = 0;
    tg_sha256(first, strlen(first), digests[0]);
    memcpy(&numbers[0], digests[0], sizeof numbers[0]);
    do {
        key = text_of("tg_%d", n++);
        tg_sha256(key, strlen(key), digests[1]);
        memcpy(&numbers[1], digests[1], sizeof numbers[1]);
    } while (numbers[0] % TG_KEY_CACHE_ENTRIES != numbers[1] % TG_KEY_CACHE_ENTRIES);
    return key;
}

static void give_key(const struct org *org, const char *key)
{
    (void)database_text(org->gateway->database,
                        "INSERT INTO api_keys (org_id, name, key_hash) VALUES ('%s', '%s', "
                        "sha256('%s'))",
                        org->id, key, key);
}

// What is remembered of one key gives way to another's, and is never taken for it.
Test(limits, keys_in_one_place_are_each_their_orgs)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org orgs[] = {given_org(gateway), given_org(gateway)};
    orgs[0].key = "tg_first";
    orgs[1].key = in_the_same_place(orgs[0].key);
    const char *unknown = text_of("%s-", orgs[0].key);
    for (int i = 0; i < 2; i++)
        give_key(&orgs[i], orgs[i].key);
    for (int i = 0; i < 10; i++) {
        struct answer answer = get(&orgs[i % 2], "/api/wallet");
        expect_equal(answer_text(&answer, "/org_id"), orgs[i % 2].id);
        answer = ask(gateway->http, .path = "/api/wallet", .key = unknown);
        expect_refused(&answer, 401, "unauthorized", "Authorization");
    }
    stop_gateway(gateway);
}

static struct tg_uuid uuid_of(const char *text)
{
    struct tg_uuid id;
    cr_assert(tg_uuid_parse(text, strlen(text), &id));
    return id;
}

// Another id that stands where `first` does among the orgs whose country is remembered.
static const char *id_in_the_same_place(const char *first)
{
    const char *id = first;
    for (int n = 0; id == first || tg_uuid_hash(uuid_of(id)) % TG_HOME_CACHE_ENTRIES !=
                                       tg_uuid_hash(uuid_of(first)) % TG_HOME_CACHE_ENTRIES;
         n++)
        id = text_of("00000000-0000-4000-8000-%012x", n);
    return id;
}

static void given_org_at_home(struct gateway *gateway, const char *id, const char *country)
{
    static int made;
    (void)database_text(gateway->database,
                        "INSERT INTO organizations (id, name, default_country) VALUES ('%s', '%s', "
                        "'%s'); INSERT INTO channels (org_id, phone_number_id, access_token, "
                        "service_fee_per_msg) VALUES ('%s', '77%d', 'EAA', 0)",
                        id, country, country, id, ++made);
}

Test(limits, orgs_in_one_place_are_each_at_home)
{
    const char *ids[] = {"00000000-0000-4000-8000-ffffffffffff", NULL};
    static const char *const to[] = {"+919876543210", "+19876543210"};
    struct gateway *gateway = given_gateway(.auth = "trusted", .without_worker = true);
    ids[1] = id_in_the_same_place(ids[0]);
    given_org_at_home(gateway, ids[0], "IN");
    given_org_at_home(gateway, ids[1], "US");
    for (int i = 0; i < 10; i++) {
        struct answer answer =
            ask(gateway->http, .path = "/api/send-message",
                .body = text_of("{\"org_id\": \"%s\", \"phone\": \"98765 43210\", \"message\": "
                                "\"Hi\"}",
                                ids[i % 2]));
        cr_assert_eq(answer.status, 202, "%s", answer.body);
        expect_equal(database_text(gateway->database,
                                   "SELECT payload ->> 'to' FROM messages WHERE id = '%s'",
                                   answer_text(&answer, "/message_id")),
                     to[i % 2]);
    }
    stop_gateway(gateway);
}
