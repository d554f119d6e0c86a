// Every code that docs/errors.md has, provoked as a client would: each is answered, with the status
// that stands there.
#include "tests/system/org.h"
#include "tests/system/raw.h"

#include <stdlib.h>
#include <string.h>

TestSuite(codes, .timeout = 120);

enum { CODES_MAX = 100, STATUSES_MAX = 2 };

enum who { ALL, READER, BOUND, STRANGER, IN_COOKIE, WHO };

// A request: of whom, and what is asked. "$" stands for the id of a message that was sent.
struct provocation {
    const char *code;
    int status;
    enum who who;
    struct http_request request;
    const char *before; // SQL, as its owner writes it, and what undoes it
    const char *after;
};

#define SEND .path = "/api/send-message", .body
#define TEXT(rest) "{\"phone\": \"+919876543210\", \"message\": \"Hi\"" rest "}"
#define NOBODY "00000000-0000-4000-8000-000000000000"
#define LATE "{\"phone\": \"+919800000001\", \"message\": \"Hi\"}"
#define TEMPLATE                                                                                   \
    "{\"phone\": \"+919876543210\", \"payload\": {\"type\": \"template\", \"template\": "          \
    "{\"name\": "                                                                                  \
    "\"news\", \"language\": {\"code\": \"en\"}}}}"
#define TEMPLATES_ON                                                                               \
    "UPDATE organizations SET template_check = 'refuse'; UPDATE template_accounts SET looked_at "  \
    "= "                                                                                           \
    "now();"
#define TEMPLATE_IS(status, wants)                                                                 \
    "INSERT INTO templates (org_id, waba_id, id, name, language, status, status_as_of, "           \
    "category_as_of, quality_as_of, content_as_of, parameter_format, wants, seen_at) SELECT "      \
    "org_id, waba_id, '77', 'news', 'en', '" status                                                \
    "', now(), now(), now(), now(), 'POSITIONAL', " wants ", now() FROM template_accounts"
#define TEMPLATES_OFF "DELETE FROM templates; UPDATE organizations SET template_check = 'off'"

static const struct provocation provocations[] = {
    {"address_not_allowed", 403, BOUND, {.path = "/api/wallet"}, NULL, NULL},
    {"already_exists",
     409,
     ALL,
     {.path = "/api/keys", .body = "{\"name\": \"reader\"}"},
     NULL,
     NULL},
    {"bad_signature", 401, STRANGER, {.path = "/webhook", .body = "{}"}, NULL, NULL},
    {"channel_not_found", 404, ALL, {SEND = TEXT(", \"channel_id\": \"" NOBODY "\"")}, NULL, NULL},
    {"channel_paused",
     409,
     ALL,
     {SEND = TEXT("")},
     "UPDATE channels SET status = 'paused'",
     "UPDATE channels SET status = 'active'"},
    {"conflict",
     409,
     ALL,
     {.method = "PATCH", .path = "/api/keys/" NOBODY, .body = "{}"},
     "UPDATE api_keys SET id = '" NOBODY "', revoked_at = now() WHERE name = 'ended'",
     NULL},
    {"contact_opted_out",
     409,
     ALL,
     {SEND = "{\"phone\": \"+919800000001\", \"message\": \"Hi\", \"priority\": \"bulk\"}"},
     NULL,
     NULL},
    {"duplicate_header",
     400,
     ALL,
     {.path = "/api/wallet", .headers = {"Authorization: Bearer another"}},
     NULL,
     NULL},
    {"handshake_refused",
     403,
     STRANGER,
     {.path = "/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=mine"},
     NULL,
     NULL},
    {"idempotency_conflict",
     409,
     ALL,
     {SEND = TEXT(""), .headers = {"Idempotency-Key: first"}},
     NULL,
     NULL},
    {"insufficient_balance",
     402,
     ALL,
     {SEND = TEXT("")},
     "UPDATE channels SET service_fee_per_msg = 1000",
     "UPDATE channels SET service_fee_per_msg = 0.20"},
    {"invalid_field", 400, ALL, {SEND = TEXT(", \"priority\": \"urgent\"")}, NULL, NULL},
    {"invalid_header",
     400,
     ALL,
     {SEND = TEXT(""), .headers = {"Idempotency-Key: \xc3\xa9"}},
     NULL,
     NULL},
    {"invalid_json", 400, ALL, {SEND = "{"}, NULL, NULL},
    {"invalid_message",
     400,
     ALL,
     {SEND = "{\"phone\": \"+919876543210\", \"message\": \"\"}"},
     NULL,
     NULL},
    {"invalid_phone", 400, ALL, {SEND = "{\"phone\": \"12\", \"message\": \"Hi\"}"}, NULL, NULL},
    {"key_required", 403, IN_COOKIE, {.method = "POST", .path = "/api/session"}, NULL, NULL},
    {"message_not_found",
     404,
     ALL,
     {SEND = "{\"payload\": {\"status\": \"read\", \"message_id\": \"wamid.nobodys\"}}"},
     NULL,
     NULL},
    {"method_not_allowed", 405, ALL, {.method = "PUT", .path = "/api/wallet"}, NULL, NULL},
    {"missing_field", 400, ALL, {SEND = "{\"phone\": \"+919876543210\"}"}, NULL, NULL},
    {"missing_right", 403, READER, {SEND = TEXT("")}, NULL, NULL},
    {"not_found", 404, ALL, {.path = "/api/messages/" NOBODY}, NULL, NULL},
    {"not_found", 404, ALL, {.path = "/api/nothing"}, NULL, NULL},
    {"org_mismatch", 403, ALL, {SEND = TEXT(", \"org_id\": \"" NOBODY "\"")}, NULL, NULL},
    {"org_suspended",
     403,
     ALL,
     {SEND = TEXT("")},
     "UPDATE organizations SET status = 'suspended'",
     "UPDATE organizations SET status = 'active'"},
    {"outside_window",
     409,
     ALL,
     {SEND = LATE},
     "UPDATE organizations SET outside_window = 'refuse'",
     "UPDATE organizations SET outside_window = 'off'"},
    {"send_failed",
     500,
     ALL,
     {SEND = "{\"phone\": \"+15550131026\", \"message\": \"Hi\"}", .headers = {"Prefer: wait=30"}},
     NULL,
     NULL},
    {"template_disabled",
     409,
     ALL,
     {SEND = TEMPLATE},
     TEMPLATES_ON TEMPLATE_IS("DISABLED", "NULL"),
     TEMPLATES_OFF},
    {"template_not_found", 409, ALL, {SEND = TEMPLATE}, TEMPLATES_ON, TEMPLATES_OFF},
    {"template_parameters",
     409,
     ALL,
     {SEND = TEMPLATE},
     TEMPLATES_ON TEMPLATE_IS("APPROVED", "'{body 1}'"),
     TEMPLATES_OFF},
    {"template_paused",
     409,
     ALL,
     {SEND = TEMPLATE},
     TEMPLATES_ON TEMPLATE_IS("PAUSED", "NULL"),
     TEMPLATES_OFF},
    {"template_rejected",
     409,
     ALL,
     {SEND = TEMPLATE},
     TEMPLATES_ON TEMPLATE_IS("REJECTED", "NULL"),
     TEMPLATES_OFF},
    {"too_late", 409, ALL, {.method = "DELETE", .path = "/api/messages/$"}, NULL, NULL},
    {"unauthorized", 401, STRANGER, {.path = "/api/wallet"}, NULL, NULL},
    {"no_recipients",
     400,
     ALL,
     {.path = "/api/campaigns",
      .body = "{\"payload\": {\"text\": {\"body\": \"x\"}}, \"recipients\": [{}]}"},
     NULL,
     NULL},
    {"unexpected_body",
     400,
     ALL,
     {.method = "GET", .path = "/api/wallet", .body = "{}"},
     NULL,
     NULL},
    {"unknown_field", 400, ALL, {SEND = TEXT(", \"sendAt\": \"\"")}, NULL, NULL},
    {"unknown_field", 400, ALL, {.path = "/api/messages?state=sent"}, NULL, NULL},
    {"unsupported_media_type",
     415,
     ALL,
     {SEND = TEXT(""), .content_type = "text/plain"},
     NULL,
     NULL},
    {"wrong_origin",
     403,
     IN_COOKIE,
     {SEND = TEXT(""), .headers = {NULL, "Origin: https://elsewhere.example"}},
     NULL,
     NULL},
    // The last one: from here on the database refuses messages.
    {"internal_error",
     500,
     ALL,
     {SEND = TEXT("")},
     "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END "
     "$$; CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()",
     "DROP TRIGGER refuse ON messages"},
};

// What no HTTP client would write. %s: many letters.
static const struct {
    const char *code;
    int status;
    const char *bytes;
} raw[] = {
    {"body_too_large", 413,
     "POST /api/send-message HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $\r\nContent-Type: "
     "application/json\r\nContent-Length: 300000\r\nExpect: 100-continue\r\n\r\n"},
    {"head_too_large", 414, "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"head_too_large", 431, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n"},
    {"invalid_request", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"},
    {"invalid_request", 505, "GET / HTTP/7.0\r\nHost: x\r\n\r\n"},
};

// What takes another gateway, or a fault in this one, or is told in Meta's words: where it is
// tested, by what stands there.
static const struct {
    const char *code;
    const char *file;
    const char *words;
} elsewhere[] = {
    {"database_not_ready", "start_test.c", "\"database_not_ready\""},
    {"duplicate_recipient", "campaign_test.c", "\"duplicate_recipient\""},
    {"insecure_listener", "admin_test.c", "\"insecure_listener\""},
    {"invalid_form", "door_test.c", "\"invalid_form\""},
    {"media_failed", "media_test.c", "409, \"media_failed\""},
    {"media_gone", "media_test.c", "410, \"media_gone\""},
    {"media_not_found", "media_sent_test.c", "404, \"media_not_found\""},
    {"media_quota", "media_sent_test.c", "409, \"media_quota\""},
    {"media_waiting", "media_test.c", "409, \"media_waiting\""},
    {"meta_unavailable", "relay_test.c", "503, \"2\""},
    {"outcome_unknown", "outage_test.c", "\"outcome_unknown\""},
    {"overloaded", "crowds_test.c", "\"overloaded\""},
    {"range_beyond", "media_test.c", "416, \"range_beyond\""},
    {"refused_by_meta", "templates_test.c", "\"refused_by_meta\""},
    {"token_not_opened", "sealed_test.c", "token_not_opened"},
    {"unavailable", "outage_test.c", "\"unavailable\""},
};

// A row of the page: `code` | 414 or 431 | ...
struct row {
    char code[64];
    int statuses[STATUSES_MAX];
    bool seen[STATUSES_MAX];
};

static struct row rows_of_page[CODES_MAX];
static size_t row_count;

// "414 or 431 |"
static void read_statuses(const char *at, struct row *row)
{
    char *end = NULL;
    for (int i = 0; i < STATUSES_MAX; i++) {
        row->statuses[i] = (int)strtol(at, &end, 10);
        cr_assert(row->statuses[i] >= 400 && row->statuses[i] <= 599, "%s", row->code);
        if (strncmp(end, " or ", 4) != 0)
            break;
        at = end + 4;
    }
    cr_assert(strncmp(end, " |", 2) == 0, "%s", row->code);
}

static void read_page(void)
{
    const char *at = file_text(TOLLGATE_SOURCE_DIR "/docs/errors.md", NULL);
    cr_assert(at);
    const char *end = strstr(at, "## What comes of a message");
    while ((at = strstr(at, "\n| `")) && at < end) {
        struct row *row = &rows_of_page[row_count++];
        cr_assert(row_count < CODES_MAX);
        at += strlen("\n| `");
        size_t length = strcspn(at, "`");
        cr_assert_lt(length, sizeof row->code);
        memcpy(row->code, at, length);
        read_statuses(at + length + strlen("` | "), row);
    }
    cr_assert_gt(row_count, 40);
}

static struct row *row_of(const char *code)
{
    for (size_t i = 0; i < row_count; i++) {
        if (strcmp(rows_of_page[i].code, code) == 0)
            return &rows_of_page[i];
    }
    cr_assert(false, "%s does not stand in docs/errors.md", code);
    return NULL;
}

static void note_seen(const char *code, int status)
{
    struct row *row = row_of(code);
    size_t i = row->statuses[0] == status ? 0 : 1;
    cr_assert_eq(row->statuses[i], status, "%s has not the status %d in docs/errors.md", code,
                 status);
    row->seen[i] = true;
}

static void expect_all_seen(void)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        const char *file = text_of("%s/tests/system/%s", TOLLGATE_SOURCE_DIR, elsewhere[i].file);
        const char *text = file_text(file, NULL);
        cr_assert(text && strstr(text, elsewhere[i].words), "%s is not in %s", elsewhere[i].code,
                  file);
        cr_assert(!row_of(elsewhere[i].code)->seen[0], "%s", elsewhere[i].code);
        row_of(elsewhere[i].code)->seen[0] = true;
    }
    for (size_t i = 0; i < row_count; i++) {
        for (int k = 0; k < STATUSES_MAX; k++)
            cr_expect(rows_of_page[i].seen[k] || !rows_of_page[i].statuses[k],
                      "nothing is answered with %d %s", rows_of_page[i].statuses[k],
                      rows_of_page[i].code);
    }
}

static void expect_code(const struct answer *answer, const char *code, int status)
{
    cr_assert(answer->status == status && strcmp(answer_text(answer, "/code"), code) == 0 &&
                  *answer_text(answer, "/error"),
              "not %d %s: %d %s", status, code, answer->status, answer->body);
    note_seen(code, status);
}

// Who may what, and what was there before: a contact who has opted out, and wrote two days ago.
struct world {
    struct org org;
    const char *sent;
    const char *keys[WHO];
    const char *cookie;
};

static const char *make_key(const struct org *org, const char *name, const char *rest)
{
    return database_text(org->gateway->database, "SELECT create_api_key('%s', '%s', %s)", org->id,
                         name, rest);
}

static struct world given_world(struct gateway *gateway)
{
    struct world world = {.org = given_org(gateway)};
    struct org *org = &world.org;
    world.keys[ALL] = make_key(org, "all", "'{send,read,manage,money,keys}'");
    world.keys[READER] = make_key(org, "reader", "'{read}'");
    world.keys[BOUND] = make_key(org, "bound", "'{read}', NULL, '{192.0.2.0/24}'");
    (void)make_key(org, "ended", "'{read}'");
    world.cookie =
        text_of("Cookie: __Host-tollgate=%s",
                database_text(gateway->database,
                              "SELECT token FROM open_session('%s', '{send,read}', 't')", org->id));
    struct answer answer =
        ask(gateway->http, SEND = TEXT(", \"reply_to\": null"), .key = world.keys[ALL],
            .headers = {"Idempotency-Key: first", "Prefer: wait=30"});
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    world.sent = text_of("%s", answer_text(&answer, "/message_id"));
    (void)database_text(
        gateway->database,
        "UPDATE channels SET created_at = now() - interval '3 days';"
        "INSERT INTO contacts (org_id, phone) VALUES ('%s', '919800000001');"
        "INSERT INTO conversations (org_id, channel_id, contact_id, last_inbound_at, opted_out_at) "
        "SELECT c.org_id, c.id, k.id, now() - interval '2 days', now() FROM channels c JOIN "
        "contacts k ON k.org_id = c.org_id AND k.phone = '919800000001'",
        org->id);
    return world;
}

static const char *with_id(const char *path, const char *id)
{
    const char *at = strchr(path, '$');
    return at ? text_of("%.*s%s%s", (int)(at - path), path, id, at + 1) : path;
}

static void provoke(const struct world *world, const struct provocation *provocation)
{
    struct database *database = world->org.gateway->database;
    struct http_request request = provocation->request;
    request.path = with_id(request.path, world->sent);
    request.key = world->keys[provocation->who];
    if (provocation->who == IN_COOKIE)
        request.headers[0] = world->cookie;
    if (provocation->who == IN_COOKIE && !request.headers[1])
        request.headers[1] = text_of("Origin: %s", world->org.gateway->ingress.url);
    if (provocation->before)
        (void)database_text(database, "%s", provocation->before);
    struct answer answer = http_ask(world->org.gateway->http, &request);
    expect_code(&answer, provocation->code, provocation->status);
    if (provocation->after)
        (void)database_text(database, "%s", provocation->after);
}

static void provoke_raw(const struct world *world)
{
    const char *letters = text_of("%040000d", 0);
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        const char *place = strstr(raw[i].bytes, "%s");
        const char *bytes = place ? text_of("%.*s%s%s", (int)(place - raw[i].bytes), raw[i].bytes,
                                            letters, place + 2)
                                  : with_id(raw[i].bytes, world->keys[ALL]);
        int connection = raw_connect(world->org.gateway->ingress.url);
        (void)raw_write(connection, bytes, strlen(bytes));
        const char *answer = raw_read_answer(connection);
        cr_assert(strncmp(answer, "HTTP/1.1 ", 9) == 0 &&
                      strtol(answer + 9, NULL, 10) == raw[i].status &&
                      strstr(answer, text_of("\"code\":\"%s\"", raw[i].code)),
                  "not %d %s: %s", raw[i].status, raw[i].code, answer);
        note_seen(raw[i].code, raw[i].status);
    }
}

// Without keys, and where nobody calls often.
static void provoke_trusted(void)
{
    struct gateway *gateway = given_gateway(.auth = "trusted", .without_worker = true,
                                            .ingress_settings = {"TOLLGATE_RATE_PER_KEY=2"});
    struct org org = given_org(gateway);
    struct answer answer = ask(gateway->http, .path = text_of("/api/wallet?org_id=%s", org.id),
                               .headers = {"X-Forwarded-For: 192.0.2.7"});
    expect_code(&answer, "not_trusted", 403);
    answer = ask(gateway->http, SEND = TEXT(", \"org_id\": \"" NOBODY "\""));
    expect_code(&answer, "org_not_found", 404);
    eventually((answer = get(&org, "/api/wallet")).status == 429);
    expect_code(&answer, "too_many_requests", 429);
    stop_gateway(gateway);
}

Test(codes, that_the_page_has_are_answered_with_its_statuses)
{
    read_page();
    struct gateway *gateway = given_gateway();
    struct world world = given_world(gateway);
    for (size_t i = 0; i < sizeof provocations / sizeof *provocations; i++)
        provoke(&world, &provocations[i]);
    provoke_raw(&world);
    // What was sent at first, and what Meta has refused for what it was.
    expect_equal(org_ledger(&world.org), "adjustment 100.00, service_fee -0.20, service_fee -0.20");
    stop_gateway(gateway);
    provoke_trusted();
    expect_all_seen();
}
