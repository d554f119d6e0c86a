// What the headers say decides before a byte of the body is read, and what may be understood in two
// ways is refused, with its connection.
#include "tests/system/org.h"
#include "tests/system/raw.h"
#include "tests/system/webhook.h"

#include "common/base/text.h"

#include <string.h>

TestSuite(head, .timeout = 120);

static const char *body;

static const char *ask_raw(const struct org *org, const char *request)
{
    int connection = raw_connect(org->gateway->ingress.url);
    cr_assert(raw_write(connection, request, strlen(request)));
    return raw_read_to_end(connection);
}

static const char *body_of_answer(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end ? end + 4 : "";
}

static void expect_status(const char *what, const char *answer, int status)
{
    cr_assert_eq(strncmp(answer, text_of("HTTP/1.1 %d ", status), 13), 0, "%s: %s", what, answer);
    cr_assert(body_of_answer(answer)[0] == '{', "%s: %s", what, answer);
    cr_assert(answer[strlen(answer) - 1] == '\n', "%s: %s", what, answer);
}

#define SEND "POST /api/send-message HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
#define WALLET "GET /api/wallet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"

// The last header of each announces a body that the client would send once asked. Nobody asks.
static const struct {
    const char *head;
    int status;
} unwanted[] = {
    {SEND "Content-Length: 100\r\n", 401},
    {SEND "Content-Length: 100\r\nAuthorization: Bearer wrong\r\n", 401},
    {SEND "Content-Length: 300000\r\nAuthorization: Bearer %s\r\n", 413},
    {"POST /api/send-message HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
     "Authorization: Bearer %s\r\n",
     415},
    {SEND "Content-Length: 9\r\nContent-Encoding: gzip\r\nAuthorization: Bearer %s\r\n", 415},
    {"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n", 401},
    {"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nX-Hub-Signature-256: sha256=1\r\n",
     401},
    {"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n", 404},
    {"PUT /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n", 405},
    {"DELETE /api/messages/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
     "Authorization: Bearer %s\r\n",
     400},
};

Test(head, is_answered_without_the_body_where_that_is_not_wanted)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (int round = 0; round < 2; round++) { // the key is looked up, and then it is known
        for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
            const char *head = strstr(unwanted[i].head, "%s") ? unwanted[i].head : NULL;
            const char *request =
                text_of("%sExpect: 100-continue\r\n\r\n",
                        head ? text_of("%.*s%s%s", (int)(strstr(head, "%s") - head), head, org.key,
                                       strstr(head, "%s") + 2)
                             : unwanted[i].head);
            expect_status(request, ask_raw(&org, request), unwanted[i].status);
        }
    }
    stop_gateway(gateway);
}

Test(head, that_is_good_has_its_body_asked_for)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    body = text_body("919876543210");
    for (int round = 0; round < 2; round++) {
        int connection = raw_connect(gateway->ingress.url);
        cr_assert(raw_printf(connection,
                             SEND "Content-Length: %zu\r\nAuthorization: Bearer %s\r\n"
                                  "Expect: 100-continue\r\n\r\n",
                             strlen(body), org.key));
        const char *answer = raw_read_answer(connection);
        cr_assert_str_eq(answer, "HTTP/1.1 100 Continue\r\n\r\n");
        cr_assert(raw_write(connection, body, strlen(body)));
        expect_status("good", raw_read_answer(connection), 202);
        cr_assert(!raw_is_closed(connection));
    }
    stop_gateway(gateway);
}

// A refusal whose body is short leaves the connection as it was.
Test(head, that_is_refused_with_a_short_body_keeps_its_connection)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    int connection = raw_connect(gateway->ingress.url);
    for (int round = 0; round < 3; round++) {
        cr_assert(raw_printf(connection, SEND "Content-Length: 2\r\n\r\n{}"));
        expect_status("no key", raw_read_answer(connection), 401);
        cr_assert(raw_printf(connection, WALLET "\r\n", org.key));
        expect_status("good", raw_read_answer(connection), 200);
    }
    stop_gateway(gateway);
}

struct odd {
    const char *request; // %s: the key
    size_t length;       // 0: up to the NUL
};

#define ODD(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
#define KEY "Authorization: Bearer %s\r\n"

// After each of them stands a request that nobody must take for one.
#define NEXT "DELETE /api/wallet HTTP/1.1\r\nHost: x\r\n\r\n"

static const struct odd odds[] = {
    ODD(SEND KEY "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
    ODD(SEND KEY "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" NEXT),
    ODD(SEND KEY "Content-Length: 2\r\nContent-Length: 46\r\n\r\n{}" NEXT),
    ODD(SEND KEY "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" NEXT),
    ODD(SEND KEY "Content-Length : 44\r\n\r\n" NEXT),
    ODD(SEND KEY " Content-Length: 44\r\n\r\n" NEXT),
    ODD(SEND KEY "Content-Length\t: 44\r\n\r\n" NEXT),
    ODD(SEND KEY "Transfer-Encoding: identity\r\n\r\n" NEXT),
    ODD(SEND KEY "Transfer-Encoding: xchunked\r\n\r\n" NEXT),
    ODD(SEND KEY "Transfer-Encoding: gzip, chunked\r\n\r\n" NEXT),
    ODD(SEND KEY "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" NEXT),
    ODD("POST /api/send-message HTTP/1.0\r\nContent-Type: application/json\r\n" KEY
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
    ODD(WALLET "X-Line: a\n\r\n" NEXT),
    ODD(WALLET "X-Line: a\nX-More: b\r\n\r\n" NEXT),
    ODD("GET /api/wallet HTTP/1.1\nHost: x\r\n" KEY "\r\n" NEXT),
    ODD(WALLET "X-Line: a\r\n folded\r\n\r\n" NEXT),
    ODD(WALLET "X-Line: a\rb\r\n\r\n" NEXT),
    ODD(WALLET "X-Line: a\0b\r\n\r\n" NEXT),
    ODD(WALLET "X-Line: a\0b\r\nX-More: b\r\n\r\n" NEXT),
    ODD("GET /api/wallet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\0x\r\n\r\n" NEXT),
    ODD("GET /api/wallet\0/x HTTP/1.1\r\nHost: x\r\n" KEY "\r\n" NEXT),
    ODD("GET\0X /api/wallet HTTP/1.1\r\nHost: x\r\n" KEY "\r\n" NEXT),
    ODD("GET /api/wallet\rHost: x HTTP/1.1\r\nHost: x\r\n" KEY "\r\n" NEXT),
    ODD("GET\r /api/wallet HTTP/1.1\r\nHost: x\r\n" KEY "\r\n" NEXT),
    ODD(WALLET "X-Line\rContent-Length: 44\r\n\r\n" NEXT),
    ODD(WALLET "X-Line Content-Length: 44\r\n\r\n" NEXT),
    ODD("GET /api/wallet HTTP/1.1\r\n" KEY "Host: x\n:x\n" NEXT),
    ODD("GET  /api/wallet HTTP/1.1\r\nHost: x\r\n" KEY "\r\n" NEXT),
    ODD(WALLET ": nameless\r\n\r\n" NEXT),
    ODD("GET /api/wallet HTTP/1.1\r\n" KEY "\r\n" NEXT),
    ODD(WALLET "Host: y\r\n\r\n" NEXT),
};

// With the key where it belongs; the bytes may hold NULs.
static struct tg_text filled_in(const struct odd *odd, const char *key)
{
    struct tg_text text = {0};
    const char *place = memmem(odd->request, odd->length, "%s", 2);
    tg_text_append(&text, odd->request, (size_t)(place - odd->request));
    tg_text_append_string(&text, key);
    tg_text_append(&text, place + 2, odd->length - (size_t)(place + 2 - odd->request));
    return text;
}

Test(head, that_can_be_read_in_two_ways_is_refused)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    for (size_t i = 0; i < sizeof odds / sizeof *odds; i++) {
        struct tg_text bytes = filled_in(&odds[i], org.key);
        int connection = raw_connect(gateway->ingress.url);
        cr_assert(raw_write(connection, bytes.data, bytes.length));
        const char *answer = raw_read_to_end(connection);
        expect_status(odds[i].request, answer, 400);
        cr_assert(strstr(answer, "\"invalid_request\""), "%zu: %s", i, answer);
        cr_assert(!strstr(answer + 1, "HTTP/1.1 "), "%zu: %s", i, answer);
    }
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

static const struct {
    const char *head; // %s: many letters
    int status;
    const char *code;
} unreadable[] = {
    {SEND "Content-Length: x\r\n\r\n", 400, "invalid_request"},
    {SEND "Content-Length: -1\r\n\r\n", 400, "invalid_request"},
    {SEND "Content-Length: 99999999999999999999999\r\n\r\n", 413, "body_too_large"},
    {"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256="
     "00000000000000000000000000000000000000000000000000000000000000aa\r\n"
     "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
     400, "invalid_request"},
    {"GET /api/wallet HTTP/7.0\r\nHost: x\r\n\r\n", 505, "invalid_request"},
    {"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", 414, "head_too_large"},
    {"GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", 431, "head_too_large"},
};

// What the library refuses before we see it, too.
Test(head, that_cannot_be_read_is_refused_in_json)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *letters = text_of("%040000d", 0);
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        const char *place = strstr(unreadable[i].head, "%s");
        const char *request = place ? text_of("%.*s%s%s", (int)(place - unreadable[i].head),
                                              unreadable[i].head, letters, place + 2)
                                    : unreadable[i].head;
        const char *answer = ask_raw(&org, request);
        expect_status(unreadable[i].head, answer, unreadable[i].status);
        cr_assert(strstr(answer, text_of("\"code\":\"%s\"", unreadable[i].code)), "%s", answer);
        cr_assert(strstr(answer, "Content-Type: application/json\r\n"), "%s", answer);
        cr_assert(!strstr(answer + 1, "HTTP/1.1 "), "%s", answer);
    }
    stop_gateway(gateway);
}

static const struct {
    const char *target;
    int status;
} targets[] = {
    {"/api/wallet", 200},
    {"http://x/api/wallet", 200},
    {"HTTPS://api.example.com:443/api/wallet", 200},
    {"http://x", 404},
    {"/api/wallet%00x", 404},
    {"/api/wallet%00", 404},
    {"/api%2Fwallet", 404},
    {"/api%2fwallet", 404},
    {"/api/wallet?org_id=%00", 404},
    {"/api/w%61llet", 200},
    {"*", 404},
};

Test(head, names_its_path_plainly)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    int connection = raw_connect(gateway->ingress.url);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        cr_assert(raw_printf(connection,
                             "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                             targets[i].target, org.key));
        expect_status(targets[i].target, raw_read_answer(connection), targets[i].status);
    }
    stop_gateway(gateway);
}

// Blanks around what a header says are not of it. And headers may be many, and long.
Test(head, is_taken_with_blanks_and_in_any_size)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    int connection = raw_connect(gateway->ingress.url);
    static const char *const blanks[][2] = {
        {"Bearer ", "  "}, {"Bearer   ", ""}, {"bearer ", "\t"}, {"  Bearer ", ""}};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        cr_assert(raw_printf(connection,
                             "GET /api/wallet HTTP/1.1\r\nHost:x\r\nAuthorization: %s%s%s\r\n\r\n",
                             blanks[i][0], org.key, blanks[i][1]));
        expect_status(blanks[i][0], raw_read_answer(connection), 200);
    }
    for (int size = 100; size < 9000; size += 1111) {
        cr_assert(raw_printf(connection, WALLET, org.key));
        for (int i = 0; i < 20; i++)
            cr_assert(raw_printf(connection, "X-Header-%d: %0*d\r\n", i, size / 20, 1));
        cr_assert(raw_printf(connection, "Cookie: a=b; c=d\r\nX-Long: %0*d\r\nX-Empty:\r\n\r\n",
                             size / 2, 1));
        expect_status("long", raw_read_answer(connection), 200);
    }
    const char *webhook = status_body(org.phone_number_id, "wamid.x", "read", "");
    cr_assert(raw_printf(
        connection, "POST /webhook HTTP/1.1\r\nHost: x\r\n%s  \r\nContent-Length: %zu\r\n\r\n%s",
        signature_header(GATEWAY_APP_SECRET, webhook, strlen(webhook)), strlen(webhook), webhook));
    cr_assert_eq(strncmp(raw_read_answer(connection), "HTTP/1.1 200", 12), 0);
    stop_gateway(gateway);
}

// Compressed it may be signed, but nobody could read it.
Test(head, that_says_the_body_is_compressed_is_refused)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *webhook = status_body(org.phone_number_id, "wamid.x", "read", "");
    struct answer answer =
        ask(gateway->http, .path = "/webhook", .body = webhook,
            .headers = {signature_header(GATEWAY_APP_SECRET, webhook, strlen(webhook)),
                        "Content-Encoding: gzip"});
    expect_refused(&answer, 415, "unsupported_media_type", "Content-Encoding");
    expect_equal(answer_header(&answer, "Accept-Encoding"), "identity");
    answer = ask(gateway->http, .path = "/api/send-message", .key = org.key,
                 .body = text_body("919876543210"), .headers = {"Content-Encoding: deflate"});
    expect_refused(&answer, 415, "unsupported_media_type", "Content-Encoding");
    answer = ask(gateway->http, .path = "/api/send-message", .key = org.key,
                 .body = text_body("919876543210"), .headers = {"Content-Encoding: identity"});
    (void)expect_accepted(&answer);
    cr_assert_eq(webhooks_left(gateway), 0);
    stop_gateway(gateway);
}
