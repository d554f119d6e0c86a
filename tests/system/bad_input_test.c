// Bad input is refused with its own status and code and the field's name, before it costs or stores
// anything, and the connection can be used again.
#include "tests/system/org.h"

#include "common/base/text.h"

#include <string.h>

TestSuite(bad_input, .timeout = 120);

struct bad {
    const char *body;
    int status;
    const char *code;
    const char *field;
};

// With a good phone: {"phone": ..., <rest>}.
#define MESSAGE(rest) "{\"phone\": \"919876543210\", " rest "}"
#define MEDIA(rest) MESSAGE("\"media\": {" rest "}")
#define PHONE(phone) "{\"message\": \"Hi\", \"phone\": " phone "}"

static const struct bad bodies[] = {
    // Not JSON, or not an object.
    {"", 400, "invalid_json", "body"},
    {"{\"phone\": \"919876543210\", ", 400, "invalid_json", "body"},
    {MESSAGE("\"message\": \"Hi\"") "}", 400, "invalid_json", "body"},
    {MESSAGE("\"message\": \"Hi\"") MESSAGE("\"message\": \"Hi\""), 400, "invalid_json", "body"},
    {MESSAGE("\"message\": 'Hi'"), 400, "invalid_json", "body"},
    {MESSAGE("\"message\": \"\xff\xfe\""), 400, "invalid_json", "body"},
    {MESSAGE("\"message\": \"\xed\xa0\x80\""), 400, "invalid_json", "body"}, // a surrogate
    {"phone=919876543210&message=Hi", 400, "invalid_json", "body"},
    {"null", 400, "invalid_json", "body"},
    {"[]", 400, "invalid_json", "body"},
    {"\"Hi\"", 400, "invalid_json", "body"},
    // What JSON can say and PostgreSQL's text cannot hold.
    {MESSAGE("\"payload\": {\"type\": \"text\", \"text\": {\"body\": \"Hi\"}, "
             "\"biz_opaque_callback_data\": \"a\\u0000b\"}"),
     400, "invalid_message", "payload.biz_opaque_callback_data"},
    {"{\"payload\": {\"messaging_product\": \"whatsapp\", \"recipient\": \"IN.1\\u0000\", "
     "\"type\": \"text\", \"text\": {\"body\": \"Hi\"}}}",
     400, "invalid_message", "payload.recipient"},
    // Wrong types.
    {"{\"phone\": 919876543210, \"message\": \"Hi\"}", 400, "invalid_field", "phone"},
    {MESSAGE("\"message\": 7"), 400, "invalid_field", "message"},
    {MESSAGE("\"message\": {\"body\": \"Hi\"}"), 400, "invalid_field", "message"},
    {MESSAGE("\"media\": \"https://example.com/a.jpg\""), 400, "invalid_field", "media"},
    {MESSAGE("\"payload\": []"), 400, "invalid_field", "payload"},
    {MESSAGE("\"message\": \"Hi\", \"org_id\": 7"), 400, "invalid_field", "org_id"},
    {MESSAGE("\"message\": \"Hi\", \"org_id\": \"acme\""), 400, "invalid_field", "org_id"},
    {MESSAGE("\"message\": \"Hi\", \"channel_id\": 7"), 400, "invalid_field", "channel_id"},
    {MESSAGE("\"message\": \"Hi\", \"channel_id\": \"x\""), 400, "invalid_field", "channel_id"},
    {MESSAGE("\"message\": \"Hi\", \"priority\": 1"), 400, "invalid_field", "priority"},
    {MESSAGE("\"message\": \"Hi\", \"priority\": \"urgent\""), 400, "invalid_field", "priority"},
    {MESSAGE("\"message\": \"Hi\", \"not_after\": 7"), 400, "invalid_field", "not_after"},
    {MESSAGE("\"message\": \"Hi\", \"not_after\": \"soon\""), 400, "invalid_field", "not_after"},
    {MESSAGE("\"message\": \"Hi\", \"not_after\": \"2020-01-01T00:00:00Z\""), 400, "invalid_field",
     "not_after"},
    {MESSAGE("\"message\": \"Hi\", \"not_after\": \"1970-01-01T00:00:00Z\""), 400, "invalid_field",
     "not_after"},
    {MESSAGE("\"message\": \"Hi\", \"not_after\": \"9999-01-01T00:00:00Z\""), 400, "invalid_field",
     "not_after"},
    {MESSAGE("\"message\": \"Hi\", \"reply_to\": 7"), 400, "invalid_field", "reply_to"},
    {MESSAGE("\"message\": \"Hi\", \"reply_to\": \"\""), 400, "invalid_field", "reply_to"},
    // Missing, or too much.
    {"{\"message\": \"Hi\"}", 400, "missing_field", "phone"},
    {"{\"phone\": null, \"message\": \"Hi\"}", 400, "missing_field", "phone"},
    {MESSAGE("\"message\": null"), 400, "missing_field", "message"},
    {"{\"phone\": \"919876543210\"}", 400, "missing_field", "message"},
    {MESSAGE("\"message\": \"Hi\", \"media\": {\"type\": \"image\", \"id\": \"1\"}"), 400,
     "invalid_field", "media"},
    // Phones.
    {PHONE("\"\""), 400, "invalid_phone", "phone"},
    {PHONE("\"call me\""), 400, "invalid_phone", "phone"},
    {PHONE("\"123456\""), 400, "invalid_phone", "phone"},
    {PHONE("\"9198765432101234\""), 400, "invalid_phone", "phone"},
    {PHONE("\"09876543210\""), 400, "invalid_phone", "phone"},
    {PHONE("\"91987654321O\""), 400, "invalid_phone", "phone"},
    {PHONE("\"9198765\\u000043210\""), 400, "invalid_phone", "phone"},
    // Texts and media.
    {MESSAGE("\"message\": \"\""), 400, "invalid_message", "message"},
    {MEDIA("\"type\": \"image\", \"link\": \"https://example.com/a.jpg\", \"id\": \"1\""), 400,
     "invalid_message", "media"},
    {MEDIA("\"type\": \"image\""), 400, "invalid_message", "media"},
    {MEDIA("\"type\": \"image\", \"link\": \"ftp://example.com/a.jpg\""), 400, "invalid_message",
     "media.link"},
    {MEDIA("\"type\": \"image\", \"link\": 7"), 400, "invalid_message", "media.link"},
    {MEDIA("\"type\": \"audio\", \"id\": \"1\", \"caption\": \"c\""), 400, "invalid_message",
     "media.caption"},
    {MEDIA("\"type\": \"image\", \"id\": \"1\", \"filename\": \"f\""), 400, "invalid_message",
     "media.filename"},
    {MEDIA("\"id\": \"1\""), 400, "missing_field", "media.type"},
    {MEDIA("\"type\": 7, \"id\": \"1\""), 400, "invalid_field", "media.type"},
    {MEDIA("\"type\": \"text\", \"body\": \"Hi\""), 400, "invalid_message", "media.type"},
    {MEDIA("\"type\": \"hologram\", \"id\": \"1\""), 400, "invalid_message", "media.type"},
    // Payloads.
    {MESSAGE("\"payload\": {\"type\": \"template\", \"template\": {\"name\": \"x\"}}"), 400,
     "invalid_message", "payload.template.language"},
    {MESSAGE("\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": \"919876543219\", "
             "\"type\": \"text\", \"text\": {\"body\": \"Hi\"}}"),
     400, "invalid_field", "payload.to"},
    {MESSAGE("\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": \"abc\", "
             "\"recipient_type\": \"group\", \"type\": \"text\", \"text\": {\"body\": \"Hi\"}}"),
     400, "invalid_message", "payload.recipient_type"},
    {MESSAGE("\"payload\": {\"type\": \"text\", \"text\": {\"body\": \"Hi\"}, "
             "\"access_token\": \"EAA\"}"),
     400, "invalid_message", "payload.access_token"},
    // Unknown.
    {MESSAGE("\"message\": \"Hi\", \"sendAt\": \"2099-01-01T00:00:00Z\""), 400, "unknown_field",
     "sendAt"},
    // Whose it is.
    {MESSAGE("\"message\": \"Hi\", \"phone_number_id\": \"1\""), 404, "channel_not_found",
     "phone_number_id"},
    {MESSAGE("\"payload\": {\"status\": \"read\", \"message_id\": \"wamid.nobodys\"}"), 404,
     "message_not_found", "payload.message_id"},
    {MESSAGE("\"message\": \"Hi\", \"channel_id\": \"00000000-0000-4000-8000-000000000000\""), 404,
     "channel_not_found", "channel_id"},
    {MESSAGE("\"message\": \"Hi\", \"org_id\": \"00000000-0000-4000-8000-000000000000\""), 403,
     "org_mismatch", "org_id"},
};
enum { BODIES = sizeof bodies / sizeof *bodies };

// Everything that a send could leave behind.
static const char *stored(struct gateway *gateway)
{
    return database_text(
        gateway->database,
        "SELECT concat_ws(' ', (SELECT count(*) FROM messages), (SELECT count(*) FROM outbox), "
        "(SELECT count(*) FROM contacts), (SELECT count(*) FROM wallet_transactions), "
        "(SELECT sum(balance) FROM wallets))");
}

// After a refusal: nothing has changed, and the next request comes over the same connection.
static void expect_no_trace(const struct org *org, const char *before, const char *what)
{
    struct answer wallet = get(org, "/api/wallet");
    cr_assert(wallet.status == 200 && !wallet.fresh, "%s: the connection was lost", what);
    const char *now = stored(org->gateway);
    cr_assert_str_eq(now, before, "%s: stored \"%s\", was \"%s\"", what, now, before);
}

static void expect_bad(const struct org *org, const struct bad *bad)
{
    const char *before = stored(org->gateway);
    const char *what = text_of("%.200s", bad->body);
    struct answer answer = send_body(org, bad->body);
    cr_assert(answer.status == bad->status && *answer_text(&answer, "/error") &&
                  strcmp(answer_text(&answer, "/code"), bad->code) == 0 &&
                  strcmp(answer_text(&answer, "/detail/field"), bad->field) == 0,
              "%s: %d %s", what, answer.status, answer.body);
    expect_no_trace(org, before, what);
}

// That the gateway still works is the other half of each of these tests.
static void expect_good(const struct org *org)
{
    struct answer answer = send_text_and_wait(org, "919876543210");
    cr_assert(answer.status == 200, "%d %s", answer.status, answer.body);
}

Test(bad_input, in_the_body_is_named_and_leaves_no_trace)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    expect_good(&org);
    for (size_t i = 0; i < BODIES; i++)
        expect_bad(&org, &bodies[i]);
    expect_good(&org);
    stop_gateway(gateway);
}

static const char *repeated(const char *text, size_t times)
{
    struct tg_text repeated = {0};
    for (size_t i = 0; i < times; i++)
        tg_text_append_string(&repeated, text);
    return tg_text_string(&repeated);
}

Test(bad_input, json_that_is_too_deep_is_refused)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *deep = text_of("%s%s", repeated("[", 40), repeated("]", 40));
    const char *very_deep = repeated("{\"a\":", 50000);
    expect_bad(&org, &(struct bad){text_of(MESSAGE("\"message\": %s"), deep), 400, "invalid_json",
                                   "body"});
    expect_bad(&org, &(struct bad){text_of(MESSAGE("\"payload\": %s"), very_deep), 400,
                                   "invalid_json", "body"});
    expect_good(&org);
    stop_gateway(gateway);
}

Test(bad_input, a_text_has_at_most_4096_characters)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    static const char *const letters[] = {"x", "\xe0\xa4\xb9", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < 3; i++) {
        const char *longest = repeated(letters[i], 4096);
        expect_bad(&org,
                   &(struct bad){text_of(MESSAGE("\"message\": \"%s%s\""), longest, letters[i]),
                                 400, "invalid_message", "message"});
        struct answer answer =
            send_body_and_wait(&org, text_of(MESSAGE("\"message\": \"%s\""), longest));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
    }
    stop_gateway(gateway);
}

Test(bad_input, a_body_over_256_kib_is_refused)
{
    enum { MAX = 256 * 1024 };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    expect_good(&org);
    const char *good = text_body("919876543210");
    const char *before = stored(gateway);

    const char *bodies_over[] = {text_of("%s%*s", good, (int)(MAX + 1 - strlen(good)), ""),
                                 text_of("%s%*s", good, 2 * 1024 * 1024, "")};
    for (size_t i = 0; i < 2; i++) {
        struct answer over = send_body(&org, bodies_over[i]);
        expect_refused(&over, 413, "body_too_large", "body");
        expect_no_trace(&org, before, "a large body");
        // Without a length that tells it beforehand.
        struct answer chunked =
            ask(gateway->http, .path = "/api/send-message", .body = bodies_over[i], .key = org.key,
                .headers = {"Transfer-Encoding: chunked"});
        expect_refused(&chunked, 413, "body_too_large", "body");
        expect_no_trace(&org, before, "a large body in chunks");
    }
    // So large that it is not read to its end: the answer comes, the connection goes.
    const struct http_request huge = {.path = "/api/send-message",
                                      .body = text_of("%s%*s", good, 16 * 1024 * 1024, ""),
                                      .key = org.key};
    struct answer answer = http_try(gateway->http, &huge);
    if (answer.status != 0)
        expect_refused(&answer, 413, "body_too_large", "body");
    expect_equal(stored(gateway), before);

    struct answer largest = send_body(&org, text_of("%s%*s", good, (int)(MAX - strlen(good)), ""));
    (void)expect_accepted(&largest);
    expect_good(&org);
    stop_gateway(gateway);
}

static const struct {
    struct http_request request; // without its key
    int status;
    const char *code;
    const char *field;
    const char *allow; // of 405
} misdirected[] = {
    {{.path = "/api/send-message", .method = "GET"}, 405, "method_not_allowed", "method", "POST"},
    {{.path = "/api/send-message", .method = "PUT", .body = "{}"},
     405,
     "method_not_allowed",
     "method",
     "POST"},
    {{.path = "/api/messages/00000000-0000-7000-8000-000000000000", .method = "PUT", .body = "{}"},
     405,
     "method_not_allowed",
     "method",
     "GET, DELETE"},
    {{.path = "/api/wallet", .body = "{}"}, 405, "method_not_allowed", "method", "GET"},
    {{.path = "/api/wallet/transactions", .method = "DELETE"},
     405,
     "method_not_allowed",
     "method",
     "GET"},
    {{.path = "/"}, 404, "not_found", "path", ""},
    {{.path = "/api/send-message/"}, 404, "not_found", "path", ""},
    {{.path = "/api/send-messages-x", .body = "{}"}, 404, "not_found", "path", ""},
    {{.path = "/metrics"}, 404, "not_found", "path", ""},
    {{.path = "/api/send-message", .body = "{}", .content_type = "text/plain"},
     415,
     "unsupported_media_type",
     "Content-Type",
     ""},
    {{.path = "/api/send-message", .body = "{}", .content_type = "application/jsonp"},
     415,
     "unsupported_media_type",
     "Content-Type",
     ""},
    {{.path = "/api/send-message", .body = "{}", .content_type = ""},
     415,
     "unsupported_media_type",
     "Content-Type",
     ""},
    {{.path = "/api/send-message", .body = "{}", .headers = {"Authorization: Bearer another"}},
     400,
     "duplicate_header",
     "Authorization",
     ""},
};
enum { MISDIRECTED = sizeof misdirected / sizeof *misdirected };

Test(bad_input, in_the_request_line_and_headers_is_refused)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    expect_good(&org);
    const char *before = stored(gateway);
    for (size_t i = 0; i < MISDIRECTED; i++) {
        struct http_request request = misdirected[i].request;
        request.key = org.key;
        struct answer answer = http_ask(gateway->http, &request);
        cr_assert(answer.status == misdirected[i].status, "%zu %s: %d %s", i, request.path,
                  answer.status, answer.body);
        expect_refused(&answer, misdirected[i].status, misdirected[i].code, misdirected[i].field);
        if (misdirected[i].status == 405)
            expect_equal(answer_header(&answer, "Allow"), misdirected[i].allow);
        expect_no_trace(&org, before, request.path);
    }
    struct answer with_charset =
        ask(gateway->http, .path = "/api/send-message", .body = text_body("919876543210"),
            .key = org.key, .content_type = "Application/JSON; charset=utf-8");
    (void)expect_accepted(&with_charset);
    expect_good(&org);
    stop_gateway(gateway);
}

Test(bad_input, an_unknown_or_suspended_org_sends_nothing)
{
    struct gateway *gateway = given_gateway(.auth = "trusted");
    struct org org = given_org(gateway);
    struct org suspended = given_org(gateway, .status = "suspended");
    struct org other = given_org(gateway);
    const struct {
        const char *org_id;
        const char *channel_id;
        struct bad bad;
    } cases[] = {
        {"00000000-0000-4000-8000-000000000000", NULL, {"", 404, "org_not_found", "org_id"}},
        {suspended.id, NULL, {"", 403, "org_suspended", "org_id"}},
        {org.id, other.channel_id, {"", 404, "channel_not_found", "channel_id"}},
        {NULL, NULL, {"", 400, "missing_field", "org_id"}},
    };
    const char *before = stored(gateway);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *org_id = cases[i].org_id ? text_of("\"org_id\": \"%s\",", cases[i].org_id) : "";
        const char *channel_id =
            cases[i].channel_id ? text_of("\"channel_id\": \"%s\",", cases[i].channel_id) : "";
        struct answer answer =
            ask(gateway->http, .path = "/api/send-message",
                .body = text_of("{%s %s \"phone\": \"919876543210\", \"message\": \"Hi\"}", org_id,
                                channel_id));
        expect_refused(&answer, cases[i].bad.status, cases[i].bad.code, cases[i].bad.field);
        expect_no_trace(&org, before, org_id);
    }
    // A suspended org's key opens nothing either.
    struct answer keyed = send_text(&suspended, "919876543210");
    expect_refused(&keyed, 403, "org_suspended", "org_id");
    expect_good(&org);
    stop_gateway(gateway);
}

Test(bad_input, a_paused_or_disabled_channel_sends_nothing)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *before = stored(gateway);
    static const struct {
        const char *status;
        struct bad bad;
    } cases[] = {{"paused", {"", 409, "channel_paused", "channel_id"}},
                 {"disabled", {"", 404, "channel_not_found", "channel_id"}}};
    for (size_t i = 0; i < 2; i++) {
        (void)database_text(gateway->database, "UPDATE channels SET status = '%s'",
                            cases[i].status);
        struct answer answer = send_text(&org, "919876543210");
        expect_refused(&answer, cases[i].bad.status, cases[i].bad.code, cases[i].bad.field);
        expect_no_trace(&org, before, cases[i].status);
    }
    (void)database_text(gateway->database, "UPDATE channels SET status = 'active'");
    expect_good(&org);
    stop_gateway(gateway);
}
