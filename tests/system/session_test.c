// People in the console: the links that let them in, and their sessions.
#include "tests/system/org.h"

#include <string.h>

TestSuite(session, .timeout = 120);

static struct gateway *gateway;
static const char *origin; // of pages of ours

static struct org given(void)
{
    gateway = given_gateway(.without_worker = true);
    origin = text_of("Origin: %s", gateway->ingress.url);
    return given_org(gateway);
}

// What the browser keeps of the answer, as it sends it back.
static const char *cookie_of(const struct answer *answer)
{
    const char *set = answer_header(answer, "Set-Cookie");
    cr_assert(strncmp(set, "__Host-tollgate=tgs_", 20) == 0, "%s", answer->headers);
    cr_assert(strstr(set, "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200"), "%s", set);
    return text_of("Cookie: %.*s", (int)strcspn(set, ";"), set);
}

static struct answer with_cookie(const char *method, const char *path, const char *cookie)
{
    return ask(gateway->http, .method = method, .path = path, .headers = {cookie, origin});
}

static const char *link_of(const struct org *org, const char *how)
{
    return text_of(
        "/console/links/%s",
        database_text(gateway->database, "SELECT create_console_link('%s'%s)", org->id, how));
}

Test(session, is_begun_by_the_button_of_a_link_once)
{
    struct org org = given();
    const char *path = link_of(&org, ", '{read,send}'");
    // Previews fetch it as often as they like.
    for (int i = 0; i < 3; i++) {
        struct answer page = ask(gateway->http, .path = path);
        cr_assert_eq(page.status, 200);
        cr_assert(strstr(page.body, "<form method=\"post\">"));
        cr_assert(strncmp(answer_header(&page, "Content-Type"), "text/html", 9) == 0);
        expect_equal(answer_header(&page, "Cache-Control"), "no-store");
        cr_assert(strstr(answer_header(&page, "Content-Security-Policy"), "default-src 'none'"));
        expect_equal(answer_header(&page, "Set-Cookie"), "");
    }
    // Somebody else's page presses no button.
    static const char *const elsewhere[] = {"Origin: https://evil.example", "X-No: origin"};
    for (int i = 0; i < 2; i++) {
        struct answer answer =
            ask(gateway->http, .method = "POST", .path = path, .headers = {elsewhere[i]});
        expect_refused(&answer, 403, "wrong_origin", "Origin");
    }
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM sessions"), "0");

    struct answer in = ask(gateway->http, .method = "POST", .path = path, .headers = {origin});
    cr_assert_eq(in.status, 200, "%s", in.body);
    const char *cookie = cookie_of(&in);
    struct answer again = ask(gateway->http, .method = "POST", .path = path, .headers = {origin});
    cr_assert_eq(again.status, 404);
    expect_equal(answer_header(&again, "Set-Cookie"), "");

    struct answer answer = with_cookie("GET", "/api/wallet", cookie);
    expect_equal(answer_text(&answer, "/balance"), "100.00");
    answer = ask(gateway->http, .path = "/api/send-message", .body = text_body("919876543210"),
                 .headers = {cookie, origin});
    (void)expect_accepted(&answer);
    answer = with_cookie("GET", "/api/sessions", cookie);
    cr_assert_eq(answer.status, 403);
    expect_equal(answer_text(&answer, "/detail/right"), "keys");
    // Neither stands in the database.
    expect_equal(database_text(gateway->database,
                               "SELECT count(*) FROM sessions s, console_links l WHERE "
                               "s::text || l::text ~ 'tg[sl]_'"),
                 "0");
    stop_gateway(gateway);
}

Test(session, is_not_begun_by_a_link_that_is_too_old)
{
    struct org org = given();
    const char *path = link_of(&org, "");
    (void)database_text(gateway->database, "UPDATE console_links SET expires_at = now()");
    struct answer answer = ask(gateway->http, .method = "POST", .path = path, .headers = {origin});
    cr_assert_eq(answer.status, 404);
    answer = ask(gateway->http, .method = "POST", .path = "/console/links/tgl_wrong",
                 .headers = {origin});
    cr_assert_eq(answer.status, 404);
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM sessions"), "0");
    stop_gateway(gateway);
}

// Whoever tries links is no more welcome than who tries keys.
Test(session, links_count_among_the_calls_of_their_address)
{
    gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_RATE_PER_ADDRESS=1"});
    origin = text_of("Origin: %s", gateway->ingress.url);
    eventually(ask(gateway->http, .path = "/console/links/tgl_wrong").status == 429);
    struct answer answer = ask(gateway->http, .method = "POST", .path = "/console/links/tgl_wrong",
                               .headers = {origin});
    cr_assert(answer.status == 429 || answer.status == 404, "%d", answer.status);
    stop_gateway(gateway);
}

static const char *session_by_key(const struct org *org)
{
    struct answer answer =
        ask(gateway->http, .method = "POST", .path = "/api/session", .key = org->key);
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    return cookie_of(&answer);
}

Test(session, is_begun_by_a_key_whose_rights_it_has)
{
    struct org org = given();
    const char *cookie = session_by_key(&org);
    struct answer answer = with_cookie("GET", "/api/session", cookie);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/org_id"), org.id);
    expect_equal(answer_text(&answer, "/rights/0"), "send");
    expect_equal(answer_text(&answer, "/rights/1"), "read");
    expect_equal(answer_text(&answer, "/made_by"), text_of("key:%.11s", org.key));
    // A session begins no other one, and a key has none.
    answer = with_cookie("POST", "/api/session", cookie);
    expect_refused(&answer, 403, "key_required", "Authorization");
    answer = get(&org, "/api/session");
    expect_refused(&answer, 404, "not_found", NULL);
    // It ends by itself.
    (void)database_text(gateway->database, "UPDATE sessions SET expires_at = now()");
    eventually(with_cookie("GET", "/api/session", cookie).status == 401);
    stop_gateway(gateway);
}

Test(session, gets_another_cookie_and_the_one_before_ends)
{
    struct org org = given();
    const char *first = session_by_key(&org);
    struct answer answer = with_cookie("POST", "/api/session/rotate", first);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    const char *second = cookie_of(&answer);
    cr_assert_str_neq(first, second);
    cr_assert_eq(with_cookie("GET", "/api/session", second).status, 200);
    // Requests that were on their way, for a minute.
    cr_assert_eq(with_cookie("GET", "/api/session", first).status, 200);
    (void)database_text(gateway->database, "UPDATE sessions SET former_until = now()");
    eventually(with_cookie("GET", "/api/session", first).status == 401);
    cr_assert_eq(with_cookie("GET", "/api/session", second).status, 200);
    stop_gateway(gateway);
}

Test(session, is_listed_and_ended)
{
    struct org org = given();
    struct org other = given_org(gateway);
    const char *manager = database_text(gateway->database,
                                        "SELECT create_api_key('%s', 'manager', '{keys}')", org.id);
    const char *one = session_by_key(&org);
    const char *two = session_by_key(&org);
    (void)session_by_key(&other);
    struct answer list = ask(gateway->http, .path = "/api/sessions", .key = manager);
    cr_assert_eq(list.status, 200, "%s", list.body);
    expect_equal(answer_text(&list, "/sessions/2/id"), "");
    const char *id = answer_text(&list, "/sessions/1/id"); // the older one
    cr_assert_eq(with_cookie("GET", "/api/session", one).status, 200);
    struct answer answer = ask(gateway->http, .method = "DELETE",
                               .path = text_of("/api/sessions/%s", id), .key = manager);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert(*answer_text(&answer, "/revoked_at"));
    eventually(with_cookie("GET", "/api/session", one).status == 401);
    // Its own end needs no right.
    answer = with_cookie("DELETE", "/api/session", two);
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    cr_assert(strstr(answer_header(&answer, "Set-Cookie"), "Max-Age=0"));
    eventually(with_cookie("GET", "/api/session", two).status == 401);
    expect_equal(database_text(gateway->database,
                               "SELECT string_agg(actor, ',' ORDER BY n) FROM audit_log "
                               "WHERE object = 'sessions' AND action = 'update' AND "
                               "after ? 'revoked_at'"),
                 text_of("key:%.11s,session:%s", manager, answer_text(&answer, "/id")));
    expect_equal(database_text(gateway->database, "SELECT end_sessions('%s')", org.id), "0");
    expect_equal(database_text(gateway->database, "SELECT end_sessions('%s')", other.id), "1");
    stop_gateway(gateway);
}

// A stolen key could leave one behind.
Test(session, ends_within_a_second_of_the_key_that_it_was_begun_with)
{
    struct org org = given();
    const char *cookie = session_by_key(&org);
    cr_assert_eq(with_cookie("GET", "/api/wallet", cookie).status, 200);
    (void)database_text(gateway->database,
                        "UPDATE api_keys SET addresses = '{203.0.113.0/24}' WHERE org_id = '%s'",
                        org.id);
    eventually(with_cookie("GET", "/api/wallet", cookie).status == 403);
    (void)database_text(gateway->database,
                        "UPDATE api_keys SET addresses = NULL, revoked_at = now() "
                        "WHERE org_id = '%s'",
                        org.id);
    eventually(with_cookie("GET", "/api/wallet", cookie).status == 401);
    stop_gateway(gateway);
}

Test(session, gets_another_cookie_once_a_second)
{
    struct org org = given();
    const char *first = session_by_key(&org);
    cr_assert_eq(with_cookie("POST", "/api/session/rotate", first).status, 200);
    struct answer answer = with_cookie("POST", "/api/session/rotate", first);
    expect_refused(&answer, 409, "conflict", NULL);
    stop_gateway(gateway);
}
