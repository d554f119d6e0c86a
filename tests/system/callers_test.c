// Every endpoint of the tables, those of tomorrow too, for every caller who must not pass: the
// right refusal, nothing read, nothing changed.
#include "common/base/clock.h"
#include "tests/issuer.h"
#include "tests/system/desk.h"
#include "tests/system/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(callers, .timeout = 300);

static struct gateway *gateway;
static struct issuer issuer;
static struct org acme;
static struct org beta;
static const char *message_id; // of Acme's
static const char *session_id;
static const char *key_id;
static const char *campaign_id;
static const char *media_id;
static const char *rule_id;
static const char *endpoint_id;
static const char *event_id; // that the endpoint is told
static const char *template_id;
static const char *contact_id; // who has a conversation with Acme

// What of Acme's {id} stands for, by what the path says before it; a new one must be named here.
static const struct {
    const char *path;
    const char **id;
} things[] = {{"/api/messages/", &message_id},  {"/api/sessions/", &session_id},
              {"/api/keys/", &key_id},          {"/api/campaigns/", &campaign_id},
              {"/api/media/", &media_id},       {"/api/contacts/", &contact_id},
              {"/api/rules/", &rule_id},        {"/api/endpoints/", &endpoint_id},
              {"/api/templates/", &template_id}};
static const char *cookie; // of that session, which may do all

static const char good_rule[] = "{\"match_kind\": \"exact\", \"pattern\": \"hours\", "
                                "\"reply\": \"From nine\"}";
static const char good_endpoint[] =
    "{\"url\": \"https://hooks.example.com/tollgate\", \"types\": [\"*\"]}";
static const char good_campaign[] = "{\"payload\": {\"text\": {\"body\": \"Hi\"}}, "
                                    "\"recipients\": [{\"phone\": \"+919876543210\"}]}";

// A file that is kept for Acme.
static void given_file(const char *store)
{
    cr_assert_eq(mkdir(text_of("%s/%s", store, acme.id), 0700), 0);
    media_id = database_text(
        gateway->database,
        "INSERT INTO media (org_id, id, state, mime_type, size, next_at, file, kept_at) SELECT "
        "'%s', i, 'kept', 'text/plain', 6, now(), media_file('%s', i), now() FROM "
        "gen_random_uuid() i RETURNING id",
        acme.id, acme.id);
    FILE *file = fopen(text_of("%s/%s/%s", store, acme.id, media_id), "w");
    cr_assert(file && fputs("secret", file) >= 0 && fclose(file) == 0);
}

static void given_all(void)
{
    const char *store = text_of("%s/store", testbed_directory());
    cr_assert_eq(mkdir(store, 0700), 0);
    issuer = issuer_create();
    const char *jwks = file_with("jwks.json", issuer_jwks(&issuer));
    gateway = given_gateway(.desk = true, .without_worker = true,
                            .ingress_settings = {"TOLLGATE_RATE_OF_FAILURES=0",
                                                 "TOLLGATE_JWT_ISSUER=" ISSUER,
                                                 "TOLLGATE_JWT_SECRET=" ISSUER_SECRET,
                                                 text_of("TOLLGATE_JWKS_FILE=%s", jwks),
                                                 text_of("TOLLGATE_MEDIA_STORE=%s", store)});
    acme = given_org(gateway, .name = "Acme", .balance = "4711.00");
    beta = given_org(gateway, .name = "Beta");
    struct answer answer =
        send_body(&acme, "{\"phone\": \"919876543210\", \"message\": \"secret\", "
                         "\"send_at\": \"2027-01-01T00:00:00Z\"}");
    message_id = expect_accepted_as(HERE, &answer, "scheduled");
    cookie = database_text(gateway->database,
                           "SELECT token FROM open_session('%s', "
                           "'{send,read,manage,money,keys}', 'test')",
                           acme.id);
    session_id = database_text(gateway->database, "SELECT id FROM sessions");
    (void)database_text(gateway->database, "SELECT create_api_key('%s', 'spare')", acme.id);
    key_id = database_text(gateway->database, "SELECT id FROM api_keys WHERE name = 'spare'");
    answer = ask(gateway->http, .path = "/api/campaigns", .key = acme.key, .body = good_campaign);
    campaign_id = answer_text(&answer, "/campaign_id");
    const char *manager = database_text(
        gateway->database, "SELECT create_api_key('%s', 'manager', '{manage}')", acme.id);
    answer = ask(gateway->http, .path = "/api/rules", .key = manager, .body = good_rule);
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    rule_id = answer_text(&answer, "/id");
    answer = ask(gateway->http, .path = "/api/endpoints", .key = manager, .body = good_endpoint);
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    endpoint_id = answer_text(&answer, "/id");
    answer = ask(gateway->http, .method = "POST", .key = manager,
                 .path = text_of("/api/endpoints/%s/test", endpoint_id));
    cr_assert_eq(answer.status / 100, 2, "%s", answer.body);
    event_id = database_text(
        gateway->database,
        "INSERT INTO deliveries (org_id, endpoint_id, event_id, event_xact, next_at) SELECT "
        "org_id, '%s', id, xact, now() FROM events WHERE org_id = '%s' LIMIT 1 RETURNING "
        "event_name(event_id)",
        endpoint_id, acme.id);
    template_id = database_text(
        gateway->database,
        "INSERT INTO templates (org_id, waba_id, id, name, language, status, status_as_of, "
        "category_as_of, quality_as_of, content_as_of, parameter_format, seen_at) SELECT org_id, "
        "waba_id, '77', 'news', 'en', 'APPROVED', now(), now(), now(), now(), 'POSITIONAL', now() "
        "FROM template_accounts WHERE org_id = '%s' RETURNING id",
        acme.id);
    given_file(store);
    contact_id = database_text(gateway->database,
                               "INSERT INTO conversations (org_id, channel_id, contact_id, "
                               "newest_id, unread) SELECT org_id, channel_id, contact_id, id, true "
                               "FROM messages WHERE id = '%s' RETURNING contact_id",
                               message_id);
}

static void end_all(void)
{
    issuer_free(&issuer);
    stop_gateway(gateway);
}

// All that is in the database, but when a caller was seen.
static const char *database_state(void)
{
    return database_text(
        gateway->database,
        "SELECT md5(string_agg(query_to_xml('SELECT to_jsonb(t) - ''last_used_at'' FROM ' || "
        "c.relname || ' t ORDER BY 1', true, false, '')::text, '' ORDER BY c.relname)) "
        "FROM pg_class c WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind = 'r'");
}

static const char *const *thing_of(const struct table_row *row)
{
    static const char *const none = "";
    for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
        if (strncmp(row->path, things[i].path, strlen(things[i].path)) == 0)
            return things[i].id;
    }
    cr_assert(!strstr(row->path, "{id}"), "What is {id} in %s?", row->path);
    return &none;
}

// The endpoint's path with what is Acme's in it.
static const char *path_of(const struct table_row *row)
{
    static const char *const first_version = "1";
    const struct {
        const char *name;
        const char *const *value;
    } values[] = {{"{id}", thing_of(row)},
                  {"{org}", &acme.id},
                  {"{phone_number_id}", &acme.phone_number_id},
                  {"{channel}", &acme.channel_id},
                  {"{number}", strncmp(row->path, "/api/rules/", strlen("/api/rules/")) == 0
                                   ? &first_version
                                   : &acme.channel_id},
                  {"{rule}", &rule_id},
                  {"{campaign}", &campaign_id},
                  {"{endpoint}", &endpoint_id},
                  {"{template}", &template_id},
                  {"{event}", &event_id},
                  {"{contact}", &contact_id}};
    static const char if_any[] = "[/{version}]";
    const char *path = row->path;
    if (strncmp(path, if_any, strlen(if_any)) == 0)
        path = text_of("/v23.0%s", path + strlen(if_any));
    for (const char *brace; (brace = strchr(path, '{'));) {
        size_t length = strcspn(brace, "}") + 1;
        const char *value = "1"; // a number or a name of something else
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            if (strncmp(values[i].name, brace, length) == 0 && values[i].name[length] == '\0')
                value = *values[i].value;
        }
        path = text_of("%.*s%s%s", (int)(brace - path), path, value, brace + length);
    }
    return path;
}

// A good body of the endpoint's for Acme; a new schema must be named here.
static const char *body_of_acme(const struct table_row *row)
{
    if (!row->has_body)
        return NULL;
    if (strcmp(row->request, "Send") == 0)
        return text_of("{\"org_id\": \"%s\", \"phone\": \"919876543210\", \"message\": \"Hi\"}",
                       acme.id);
    if (strcmp(row->request, "Sends") == 0)
        return text_of("{\"org_id\": \"%s\", \"messages\": [{\"phone\": \"919876543210\", "
                       "\"message\": \"Hi\"}]}",
                       acme.id);
    if (strcmp(row->request, "Reading") == 0)
        return "{}";
    if (strcmp(row->request, "NewContact") == 0)
        return "{\"phone\": \"+919876543299\"}";
    if (strcmp(row->request, "ContactChange") == 0 || strcmp(row->request, "Wish") == 0 ||
        strcmp(row->request, "SettingsChange") == 0 || strcmp(row->request, "KeyChange") == 0 ||
        strcmp(row->request, "NewConsoleLink") == 0 || strcmp(row->request, "RuleChange") == 0 ||
        strcmp(row->request, "EndpointChange") == 0 || strcmp(row->request, "SecretRotation") == 0)
        return "{}";
    if (strcmp(row->request, "CampaignStart") == 0)
        return "{}";
    if (strcmp(row->request, "NewRule") == 0)
        return good_rule;
    if (strcmp(row->request, "RuleMove") == 0)
        return "{\"place\": \"first\"}";
    if (strcmp(row->request, "RuleTry") == 0)
        return "{\"phone\": \"919876543210\", \"text\": \"hours\"}";
    if (strcmp(row->request, "NewEndpoint") == 0)
        return good_endpoint;
    if (strcmp(row->request, "Recovery") == 0)
        return "{\"since\": \"2026-11-01T00:00:00Z\"}";
    if (strcmp(row->request, "NewTemplate") == 0)
        return "{\"name\": \"offer\", \"language\": \"en\", \"category\": \"UTILITY\", "
               "\"components\": [{\"type\": \"BODY\", \"text\": \"Hi\"}]}";
    if (strcmp(row->request, "TemplateChange") == 0)
        return "{\"components\": [{\"type\": \"BODY\", \"text\": \"Hello\"}]}";
    if (strcmp(row->request, "NewCampaign") == 0)
        return good_campaign;
    if (strcmp(row->request, "NewFile") == 0)
        return "xyz";
    if (strcmp(row->request, "ContactFile") == 0)
        return "phone\n+919876543210\n";
    if (strcmp(row->request, "CloudSend") == 0)
        return "{\"messaging_product\": \"whatsapp\", \"to\": \"919876543210\", "
               "\"text\": {\"body\": \"Hi\"}}";
    if (strcmp(row->request, "NewKey") == 0)
        return "{\"name\": \"another\"}";
    cr_assert(false, "What is a good body of %s %s?", row->method, row->path);
    return NULL;
}

static struct answer call(struct http *http, const struct table_row *row, const char *key,
                          const char *header, bool names_org)
{
    const char *path = path_of(row);
    // Of a send the body does.
    bool is_send = row->has_body && strncmp(row->request, "Send", strlen("Send")) == 0;
    if (names_org && !is_send && *row->right)
        path = text_of("%s?org_id=%s", path, acme.id);
    const char *body = *row->right ? body_of_acme(row) : !row->has_body ? NULL : "{}";
    return ask(http, .method = row->method, .path = path, .key = key, .body = body,
               .headers = {header});
}

// What of Acme's could be told by mistake.
static void expect_told_nothing(const struct answer *answer, const char *who)
{
    cr_assert(!strstr(answer->body, "4711") && !strstr(answer->body, "secret") &&
                  !strstr(answer->body, "919876543210") && !strstr(answer->body, acme.channel_id),
              "%s was told %s", who, answer->body);
}

static void expect_refusal(const struct table_row *row, const struct answer *answer,
                           const char *who, int status, const char *code)
{
    cr_assert(answer->status == status && strcmp(answer_text(answer, "/code"), code) == 0,
              "%s: %s %s: %d %s", who, row->method, row->path, answer->status, answer->body);
    expect_told_nothing(answer, who);
}

static const char *key_with(const char *name, const char *how)
{
    return database_text(gateway->database, "SELECT create_api_key('%s', '%s', %s)", acme.id, name,
                         how);
}

enum { STRANGERS_MAX = BAD_TOKENS_MAX + 16 };

struct stranger {
    const char *name;
    const char *key; // NULL: none
    const char *header;
};

// Who is nobody to an org's endpoint.
static size_t list_strangers(struct stranger strangers[static STRANGERS_MAX])
{
    struct bad_token tokens[BAD_TOKENS_MAX];
    size_t bad = issuer_bad_tokens(&issuer, acme.id, tg_unix_ms() / 1000, tokens);
    const char *expired = key_with("expired", "'{send,read,manage,money,keys}', "
                                              "clock_timestamp() + interval '100 milliseconds'");
    const char *revoked = key_with("revoked", "'{send,read,manage,money,keys}'");
    (void)database_text(gateway->database,
                        "SET client_min_messages = warning; SELECT revoke_api_key('%s', 'revoked')",
                        acme.id);
    eventually(strcmp(database_text(gateway->database,
                                    "SELECT clock_timestamp() > max(expires_at) FROM api_keys"),
                      "t") == 0);
    const struct stranger others[] = {
        {"no key", NULL, NULL},
        {"an empty key", "", NULL},
        {"a wrong key", "tg_wrong", NULL},
        {"a key in another scheme", NULL, "Authorization: Basic YWNtZTphY21l"},
        {"a key and no more", NULL, text_of("Authorization: %s", acme.key)},
        {"a key as a cookie", NULL, text_of("Cookie: __Host-tollgate=%s", acme.key)},
        {"a cookie of no session", NULL, "Cookie: __Host-tollgate=tgs_wrong"},
        {"a cookie's value as a key", "tgs_wrong", NULL},
        {"an expired key", expired, NULL},
        {"a revoked key", revoked, NULL},
        {"an operator's token", GATEWAY_ADMIN_TOKEN, NULL},
    };
    size_t n = 0;
    for (; n < sizeof others / sizeof *others; n++)
        strangers[n] = others[n];
    for (size_t i = 0; i < bad; i++)
        strangers[n++] = (struct stranger){tokens[i].name, tokens[i].token, NULL};
    return n;
}

typedef void row_check(const struct table_row *row, void *context);

static size_t each(enum table_of kind, row_check *check, void *context)
{
    enum { ROWS_MAX = 256 };
    struct table_row rows[ROWS_MAX];
    size_t n = list_table_rows(kind, rows, ROWS_MAX);
    for (size_t i = 0; i < n; i++)
        check(&rows[i], context);
    return n;
}

struct crowd {
    struct stranger of[STRANGERS_MAX];
    size_t n;
};

static void refuse_strangers(const struct table_row *row, void *context)
{
    const struct crowd *crowd = context;
    for (size_t i = 0; i < crowd->n; i++) {
        const struct stranger *stranger = &crowd->of[i];
        for (int twice = 0; twice < 2; twice++) { // the second is remembered
            struct answer answer = call(gateway->http, row, stranger->key, stranger->header, true);
            expect_refusal(row, &answer, stranger->name, 401, "unauthorized");
        }
    }
}

Test(callers, nobody_is_let_in_by_what_proves_nothing)
{
    given_all();
    struct crowd crowd;
    crowd.n = list_strangers(crowd.of);
    const char *before = database_state();
    cr_assert_geq(each(TABLES_OF_ORGS, refuse_strangers, &crowd), 6);
    expect_equal(database_state(), before);
    end_all();
}

static void refuse_without_right(const struct table_row *row, void *context)
{
    (void)context;
    const char *right = row->right;
    if (!*right)
        return; // it is about who asks alone
    const char *const keys[] = {
        database_text(gateway->database, "SELECT key FROM keys WHERE lacks = '%s'", right),
        issuer_token(&issuer, "ES256", issuer_claims(acme.id, tg_unix_ms() / 1000, ""))};
    for (size_t i = 0; i < 2; i++) {
        if (i == 1 && row->people_may)
            continue; // people have it
        for (int twice = 0; twice < 2; twice++) {
            struct answer answer = call(gateway->http, row, keys[i], NULL, true);
            expect_refusal(row, &answer, "a caller without the right", 403, "missing_right");
            expect_equal(answer_text(&answer, "/detail/right"), right);
        }
    }
}

Test(callers, nobody_does_what_they_have_no_right_to)
{
    given_all();
    (void)database_text(gateway->database,
                        "CREATE TEMP TABLE keys AS SELECT lacks, create_api_key('%s', 'no ' || "
                        "lacks, array_remove(r.all, lacks)) AS key FROM (SELECT "
                        "'{send,read,manage,money,keys}'::text[] AS all) r, unnest(r.all) lacks",
                        acme.id);
    const char *before = database_state();
    (void)each(TABLES_OF_ORGS, refuse_without_right, NULL);
    expect_equal(database_state(), before);
    end_all();
}

// With all rights in their own org, by a key and by a token.
static void refuse_others(const struct table_row *row, void *context)
{
    const char *const *keys = context;
    for (size_t i = 0; i < 2 && *row->right; i++) {
        if (i == 1 && !row->people_may)
            continue; // refused for that already
        struct answer answer = call(gateway->http, row, keys[i], NULL, true);
        expect_refusal(row, &answer, "another org's caller", 403, "org_mismatch");
        answer = !row->has_body || strchr(row->path, '{')
                     ? call(gateway->http, row, keys[i], NULL, false)
                     : answer;
        expect_told_nothing(&answer, "another org's caller");
        if (strchr(row->path, '{'))
            expect_refusal(row, &answer, "another org's caller", 404, "not_found");
    }
}

Test(callers, nobody_reaches_another_org)
{
    given_all();
    const char *keys[] = {
        database_text(gateway->database,
                      "SELECT create_api_key('%s', 'all', '{send,read,manage,money,keys}')",
                      beta.id),
        issuer_token(&issuer, "RS256", issuer_claims(beta.id, tg_unix_ms() / 1000, ""))};
    const char *before = database_state();
    (void)each(TABLES_OF_ORGS, refuse_others, keys);
    expect_equal(database_state(), before);
    end_all();
}

// So that the others were not refused for something else.
struct let_in {
    const char *key;
    bool deletes; // these come last: nobody finds what they have deleted
};

static void let_in(const struct table_row *row, void *context)
{
    const struct let_in *who = context;
    if ((strcmp(row->method, "DELETE") == 0) != who->deletes)
        return;
    struct answer answer = call(gateway->http, row, who->key, NULL, true);
    cr_assert(answer.status / 100 == 2 || (!*row->right && answer.status == 404), "%s %s: %d %s",
              row->method, row->path, answer.status, answer.body);
}

Test(callers, who_may_is_let_in)
{
    given_all();
    struct let_in who = {text_of("%s", key_with("all", "'{send,read,manage,money,keys}'")), false};
    (void)each(TABLES_OF_ORGS, let_in, &who);
    who.deletes = true;
    (void)each(TABLES_OF_ORGS, let_in, &who);
    end_all();
}

static void expect_refusal_as_meta(const struct table_row *row, const struct answer *answer,
                                   const char *who, int status, const char *code)
{
    cr_assert(answer->status == status && strcmp(answer_text(answer, "/error/code"), code) == 0,
              "%s: %s %s: %d %s", who, row->method, row->path, answer->status, answer->body);
    expect_told_nothing(answer, who);
}

struct crowd_as_meta {
    struct crowd strangers;
    const char *without_right;
    const char *of_another_org;
    const char *of_acme;
};

// In the words of Meta's API; and then that who may is let in.
static void refuse_as_meta(const struct table_row *row, void *context)
{
    const struct crowd_as_meta *crowd = context;
    for (size_t i = 0; i < crowd->strangers.n; i++) {
        const struct stranger *stranger = &crowd->strangers.of[i];
        struct answer answer = call(gateway->http, row, stranger->key, stranger->header, false);
        expect_refusal_as_meta(row, &answer, stranger->name, 401, "190");
    }
    struct answer answer = call(gateway->http, row, crowd->without_right, NULL, false);
    expect_refusal_as_meta(row, &answer, "a caller without the right", 403, "10");
    const char *before = database_state();
    answer = call(gateway->http, row, crowd->of_another_org, NULL, false);
    expect_refusal_as_meta(row, &answer, "another org's caller", 400, "100");
    expect_equal(answer_text(&answer, "/error/error_subcode"), "33");
    expect_equal(database_state(), before);
    answer = call(gateway->http, row, crowd->of_acme, "Prefer: respond-async", false);
    cr_assert_eq(answer.status, 200, "%s %s: %s", row->method, row->path, answer.body);
}

Test(callers, nobody_does_as_to_meta_what_they_may_not)
{
    given_all();
    struct crowd_as_meta crowd = {
        .without_right = text_of("%s", key_with("keys alone", "'{keys}'")),
        .of_another_org = text_of("%s", database_text(gateway->database,
                                                      "SELECT create_api_key('%s', 'all', "
                                                      "'{send,read,manage,money,keys}')",
                                                      beta.id)),
        .of_acme = text_of("%s", key_with("all", "'{send,read,manage,money,keys}'"))};
    crowd.strangers.n = list_strangers(crowd.strangers.of);
    cr_assert_geq(each(TABLES_OF_ORGS_AS_META, refuse_as_meta, &crowd), 1);
    end_all();
}

// What a browser sends by itself proves nothing for another page, and changes nothing without one.
static void refuse_from_elsewhere(const struct table_row *row, void *context)
{
    (void)context;
    static const char *const headers[] = {"Origin: https://evil.example", "Origin: null",
                                          "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
                                          "X-No: origin"};
    bool reads = strcmp(row->method, "GET") == 0;
    const char *sent = text_of("Cookie: a=b; __Host-tollgate=%s", cookie);
    for (size_t i = 0; i < sizeof headers / sizeof *headers - reads; i++) {
        struct answer answer = ask(gateway->http, .method = row->method, .path = path_of(row),
                                   .body = body_of_acme(row), .headers = {sent, headers[i]});
        expect_refusal(row, &answer, headers[i], 403, "wrong_origin");
    }
}

Test(callers, nobody_uses_a_session_from_another_page)
{
    given_all();
    const char *before = database_state();
    (void)each(TABLES_OF_ORGS, refuse_from_elsewhere, NULL);
    expect_equal(database_state(), before);
    end_all();
}

static void refuse_forged(const struct table_row *row, void *context)
{
    (void)context;
    static const char *const headers[] = {
        NULL, "X-Hub-Signature-256: sha256=", "X-Hub-Signature-256: sha1=00",
        "X-Hub-Signature-256: sha256="
        "0000000000000000000000000000000000000000000000000000000000000000"};
    bool handshake = strcmp(row->method, "GET") == 0;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct answer answer = call(gateway->http, row, acme.key, headers[i], false);
        expect_refusal(row, &answer, "who is not Meta", handshake ? 403 : 401,
                       handshake ? "handshake_refused" : "bad_signature");
    }
}

Test(callers, nobody_is_meta_without_its_signature)
{
    given_all();
    const char *before = database_state();
    cr_assert_eq(each(TABLES_OF_META, refuse_forged, NULL), 2);
    expect_equal(database_state(), before);
    end_all();
}

static const char *given_operator(const char *name, const char *role)
{
    struct answer answer = tell(gateway, "POST", "/admin/operators",
                                text_of("{\"name\": \"%s\", \"role\": \"%s\"}", name, role));
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    return answer_text(&answer, "/token");
}

struct office {
    struct http *desk;
    struct crowd crowd;
    const char *lower[2]; // a viewer and an operator
};

static void refuse_at_desk(const struct table_row *row, void *context)
{
    const struct office *office = context;
    for (size_t i = 0; i < office->crowd.n; i++) {
        const struct stranger *stranger = &office->crowd.of[i];
        struct answer answer = call(office->desk, row, stranger->key, stranger->header, false);
        expect_refusal(row, &answer, stranger->name, 401, "unauthorized");
    }
    for (size_t i = 0; i < 2; i++) {
        if (row->role <= (int)i + 1)
            continue;
        struct answer answer = call(office->desk, row, office->lower[i], NULL, false);
        expect_refusal(row, &answer, "a role that is too low", 403, "missing_right");
    }
    // It is nothing of an org's, and not on the orgs' listener.
    struct answer answer = call(gateway->http, row, GATEWAY_ADMIN_TOKEN, NULL, false);
    expect_refusal(row, &answer, "an operator at the wrong door", 404, "not_found");
}

Test(callers, nobody_does_an_operator_s_work)
{
    given_all();
    struct office office = {.desk = desk_of(gateway)};
    office.lower[0] = given_operator("vera", "viewer");
    office.lower[1] = given_operator("otto", "operator");
    const char *gone = given_operator("gone", "owner");
    struct answer answer = tell(gateway, "DELETE", "/admin/operators/gone", NULL);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    struct stranger all[STRANGERS_MAX];
    size_t n = list_strangers(all);
    for (size_t i = 0; i < n; i++) {
        if (!all[i].key || strcmp(all[i].key, GATEWAY_ADMIN_TOKEN) != 0)
            office.crowd.of[office.crowd.n++] = all[i];
    }
    office.crowd.of[office.crowd.n++] = (struct stranger){"an org's key", acme.key, NULL};
    office.crowd.of[office.crowd.n++] = (struct stranger){"a revoked operator", gone, NULL};
    office.crowd.of[office.crowd.n++] = (struct stranger){
        "a person of the org",
        issuer_token(&issuer, "HS256", issuer_claims(acme.id, tg_unix_ms() / 1000, "")), NULL};
    const char *before = database_state();
    (void)each(TABLES_OF_OPERATORS, refuse_at_desk, &office);
    expect_equal(database_state(), before);
    end_all();
}
