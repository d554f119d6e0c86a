// Pages in a real browser: what they may do on an origin that a setting names, that all others do
// nothing, and people who sign in. Their scripts stand in tests/data/browser.
#include "tests/system/browser.h"

#include "common/base/clock.h"
#include "tests/issuer.h"
#include "tests/system/certificate.h"
#include "tests/system/org.h"
#include "tests/system/site.h"

#include <stdlib.h>
#include <string.h>

TestSuite(browser, .timeout = 120);

static struct gateway *gateway;
static struct browser *browser;
static int port; // of all our pages: each name makes it another origin

#define ALLOWED "http://127.0.0.1"
static const char *const others[] = {"http://localhost", "http://stranger.example"};
enum { OTHERS = sizeof others / sizeof *others };

// Browsers make mistakes on purpose here, all from one address.
#define SETTINGS(...)                                                                              \
    .ingress_settings = {text_of("TOLLGATE_CORS_ORIGINS=" ALLOWED ":%d", port = testbed_port()),   \
                         "TOLLGATE_RATE_OF_FAILURES=0", __VA_ARGS__}

static struct tab given_page(const char *name, const char *file, const char *url)
{
    return tab_open(browser, text_of("%s:%d/%s?gateway=%s", name, port, file, url));
}

// How many requests the gateway has answered so.
static long answered(const char *status)
{
    const char *name = text_of("tollgate_http_requests_total{status=\"%s\"}", status);
    return strtol(daemon_metric(&gateway->ingress, name), NULL, 10);
}

static void expect_untouched(const struct org *org)
{
    expect_equal(org_ledger(org), "adjustment 100.00");
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM messages"), "0");
}

// --- An origin that a setting names

static void expect_works(const struct tab *shop, const char *proof)
{
    struct json_object *answer = tab_run(
        shop, "send('%s', '+91 98765-43210', 'Your order is on its way.', 'order-1')", proof);
    expect_equal(json_text(answer, "/status"), "200");
    expect_equal(json_text(answer, "/body/status"), "sent");
    const char *id = json_text(answer, "/body/message_id");
    answer = tab_run(shop, "send('%s', '+91 98765-43210', 'Your order is on its way.', 'order-1')",
                     proof);
    expect_equal(json_text(answer, "/body/message_id"), id);
    expect_equal(json_text(answer, "/headers/idempotency-replayed"), "true");
    answer = tab_run(shop, "wallet('%s')", proof);
    expect_equal(json_text(answer, "/status"), "200");
    expect_equal(json_text(answer, "/body/balance"), "99.80");
    answer = tab_run(shop, "call('GET', '/api/sessions', '%s')", proof);
    expect_equal(json_text(answer, "/status"), "403");
    expect_equal(json_text(answer, "/body/code"), "missing_right");
    expect_equal(json_text(answer, "/body/detail/right"), "keys");
    answer = tab_run(shop, "call('DELETE', '/api/messages/%s', '%s')", id, proof);
    expect_equal(json_text(answer, "/body/code"), "too_late");
}

Test(browser, lets_a_page_of_an_allowed_origin_send_and_read)
{
    gateway = given_gateway(SETTINGS(NULL));
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    struct tab shop = given_page(ALLOWED, "shop.html", gateway->ingress.url);
    expect_works(&shop, org.key);
    // A person fills the form in.
    (void)tab_run(&shop,
                  "for (const [name, value] of Object.entries({proof: '%s', phone: "
                  "'+919876543210', message: 'Hello'}))"
                  "  document.querySelector(`[name=${name}]`).value = value;"
                  "document.querySelector('button').click()",
                  org.key);
    eventually(tab_shows(&shop, "document.getElementById('balance').value === '99.60'"));
    expect_equal(tab_text(&shop, "document.getElementById('last').value"), "sent");
    cr_assert_eq(simulator_posts(gateway->simulator), 2);
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}

Test(browser, lets_a_person_with_a_JWT_send_and_read)
{
    gateway = given_gateway(
        SETTINGS("TOLLGATE_JWT_SECRET=" ISSUER_SECRET, "TOLLGATE_JWT_ISSUER=" ISSUER));
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    struct tab shop = given_page(ALLOWED, "shop.html", gateway->ingress.url);
    const struct issuer issuer = {0}; // with the secret alone
    expect_works(&shop,
                 issuer_token(&issuer, "HS256", issuer_claims(org.id, tg_unix_ms() / 1000, "")));
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}

Test(browser, tells_a_page_of_an_allowed_origin_why_it_is_refused)
{
    port = testbed_port();
    gateway =
        given_gateway(.without_worker = true,
                      .ingress_settings = {text_of("TOLLGATE_CORS_ORIGINS=" ALLOWED ":%d", port),
                                           "TOLLGATE_RATE_OF_FAILURES=1"});
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct tab shop = given_page(ALLOWED, "shop.html", gateway->ingress.url);
    struct json_object *answer = tab_run(&shop, "wallet('tg_wrong')");
    expect_equal(json_text(answer, "/status"), "401");
    expect_equal(json_text(answer, "/body/code"), "unauthorized");
    eventually((answer = tab_run(&shop, "wallet('tg_wrong')")) &&
               strcmp(json_text(answer, "/status"), "429") == 0);
    expect_equal(json_text(answer, "/headers/retry-after"), "1");
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}

// --- Other origins

struct attempt {
    const char *script;
    const char *learns;
    int arrive; // so many requests reach the gateway; others the browser has asked about in vain
};

#define FETCH_ERROR "TypeError"
#define OPAQUE "opaque"
#define UNREADABLE "unreadable"

// All that arrive are answered with this status, whatever they ask for.
static void try_all(const struct tab *page, const struct attempt *attempts, size_t n,
                    const char *status)
{
    long refused = answered(status);
    for (size_t i = 0; i < n; i++) {
        const char *learned = tab_text(page, "%s", attempts[i].script);
        cr_assert_str_eq(learned, attempts[i].learns, "%s: %s", attempts[i].script, learned);
        refused += attempts[i].arrive;
    }
    eventually(answered(status) >= refused);
    cr_assert_eq(answered(status), refused);
}

// What a stranger knows: of the org, and of its key what it is told.
static struct tab given_stranger(const char *name, const char *url, const struct org *org)
{
    struct tab page = given_page(name, "stranger.html", url);
    (void)tab_run(&page,
                  "void Object.assign(globalThis, {proof: '%s', wallet: '/api/wallet?org_id=%s', "
                  "send: '/api/send-message', "
                  "wish: {org_id: '%s', phone: '+919876543210', message: 'Hello'}})",
                  org->key, org->id, org->id);
    return page;
}

// With and without what proves who calls: either the browser asks first, and is told nothing, or
// the request comes without.
static const struct attempt attempts[] = {
    {"fetched(wallet)", FETCH_ERROR, 1},
    {"fetched(wallet, {headers: bearer(proof)})", FETCH_ERROR, 0},
    {"blind(wallet, {headers: bearer(proof)})", FETCH_ERROR, 1},
    {"fetched(send, post(JSON.stringify(wish), 'application/json'))", FETCH_ERROR, 0},
    {"fetched(send, post(JSON.stringify(wish), 'application/json', bearer(proof)))", FETCH_ERROR,
     0},
    {"fetched(send, post(JSON.stringify(wish), 'text/plain'))", FETCH_ERROR, 1},
    {"blind(send, post(JSON.stringify(wish), 'text/plain', bearer(proof)))", OPAQUE, 1},
    {"blind(send, post(JSON.stringify(wish), 'application/json'))", OPAQUE, 1},
    {"fetched(send, included(post(JSON.stringify(wish), 'application/json')))", FETCH_ERROR, 0},
    {"json_form(send, wish)", UNREADABLE, 1},
    {"form(send, undefined, 'phone', '+919876543210')", UNREADABLE, 1},
    {"beacon(send, JSON.stringify(wish), 'text/plain')", "true", 1},
    {"beacon(send, JSON.stringify(wish), 'application/json')", "true", 0},
    {"framed(wallet)", UNREADABLE, 1},
    {"embedded(wallet)", "0 0 0", 4},
};

Test(browser, tells_a_page_of_another_origin_nothing_and_lets_it_spend_nothing)
{
    gateway = given_gateway(SETTINGS(NULL));
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    for (int i = 0; i < OTHERS; i++) {
        struct tab page = given_stranger(others[i], gateway->ingress.url, &org);
        try_all(&page, attempts, sizeof attempts / sizeof *attempts, "401");
    }
    expect_untouched(&org);
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}

// Who bound a name to our address, after the page had come from there, is of our own origin.
static void expect_rebinding_refused(const struct org *org)
{
    const char *own = strrchr(gateway->ingress.url, ':');
    struct tab page = tab_open(browser, text_of("http://stranger.example%s/index.html", own));
    (void)tab_run(&page, "%s",
                  file_text(TOLLGATE_SOURCE_DIR "/tests/data/browser/stranger.js", NULL));
    const char *read = tab_text(&page, "fetched('/api/wallet?org_id=%s')", org->id);
    cr_assert(strncmp(read, "403 ", 4) == 0 && strstr(read, "not_trusted"), "%s", read);
    const char *sent = tab_text(
        &page,
        "fetched('/api/send-message', post(JSON.stringify({org_id: '%s', phone: '+919876543210', "
        "message: 'Hello'}), 'application/json'))",
        org->id);
    cr_assert(strncmp(sent, "403 ", 4) == 0 && strstr(sent, "not_trusted"), "%s", sent);
}

Test(browser, spends_nothing_of_a_gateway_in_trusted_mode)
{
    gateway = given_gateway(.auth = "trusted", SETTINGS(NULL));
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    const char *own = strrchr(gateway->ingress.url, ':');
    const char *const names[] = {gateway->ingress.url, text_of("http://localhost%s", own)};
    for (int i = 0; i < OTHERS; i++) {
        for (int n = 0; n < 2; n++) {
            struct tab page = given_stranger(others[i], names[n], &org);
            try_all(&page, attempts, sizeof attempts / sizeof *attempts, "403");
        }
    }
    expect_rebinding_refused(&org);
    expect_untouched(&org);
    // Whom a setting names is believed.
    struct tab allowed = given_stranger(ALLOWED, gateway->ingress.url, &org);
    const char *sent =
        tab_text(&allowed, "fetched(send, post(JSON.stringify(wish), 'application/json'))");
    cr_assert(strncmp(sent, "202 ", 4) == 0, "%s", sent);
    expect_equal(org_balance(&org), "99.80");
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}

// --- People who sign in

static const char *link_of(const struct org *org)
{
    return database_text(gateway->database, "SELECT create_console_link('%s', '{send,read}')",
                         org->id);
}

static void expect_sessions(const char *count)
{
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM sessions"), count);
}

// Presses the button of a link's page.
static void sign_in(const char *url, const char *link)
{
    struct tab page = tab_open(browser, text_of("%s/console/links/%s", url, link));
    expect_equal(tab_text(&page, "document.querySelector('button').innerText"), "Sign in");
    expect_sessions("0");
    (void)tab_run(&page, "document.querySelector('button').click()");
    eventually(tab_shows(&page, "document.body.innerText.includes('You are signed in')"));
    expect_sessions("1");
    expect_equal(tab_text(&page, "document.cookie"), "");
}

// A page at the gateway's own address.
static struct tab own_page(const char *url)
{
    struct tab page = tab_open(browser, text_of("%s/api/wallet", url));
    (void)tab_run(&page, "%s",
                  file_text(TOLLGATE_SOURCE_DIR "/tests/data/browser/stranger.js", NULL));
    return page;
}

static void expect_signed_in(const char *url, const struct org *org)
{
    struct tab page = own_page(url);
    cr_assert(strstr(tab_text(&page, "document.body.innerText"), "\"balance\":\"100.00\""));
    expect_equal(tab_text(&page, "document.cookie"), "");
    const char *sent = tab_text(&page, "fetched('/api/send-message', post(JSON.stringify({phone: "
                                       "'+919876543210', message: 'Hello'}), 'application/json'))");
    cr_assert(strncmp(sent, "202 ", 4) == 0, "%s", sent);
    expect_equal(org_balance(org), "99.80");
    const char *rotated = tab_text(&page, "fetched('/api/session/rotate', {method: 'POST'})");
    cr_assert(strncmp(rotated, "200 ", 4) == 0, "%s", rotated);
    const char *ended = tab_text(&page, "fetched('/api/session', {method: 'DELETE'})");
    cr_assert(strncmp(ended, "200 ", 4) == 0, "%s", ended);
    const char *after = tab_text(&page, "fetched('/api/wallet')");
    cr_assert(strncmp(after, "401 ", 4) == 0, "%s", after);
}

Test(browser, signs_a_person_in_by_the_button_of_a_link)
{
    gateway = given_gateway(SETTINGS(NULL));
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    const char *url = text_of("http://localhost%s", strrchr(gateway->ingress.url, ':'));
    sign_in(url, link_of(&org));
    expect_signed_in(url, &org);
    browser_stop(browser);
    stop_gateway(gateway);
}

Test(browser, signs_a_person_in_over_TLS)
{
    struct certificate ours = certificate_create("ours", "IP:127.0.0.1,DNS:console.example");
    http_trust(ours.authority);
    gateway = given_gateway(SETTINGS(text_of("TOLLGATE_TLS_CERT=%s", ours.path),
                                     text_of("TOLLGATE_TLS_KEY=%s", ours.key)));
    browser = browser_start(ours.path);
    struct org org = given_org(gateway);
    const char *url = text_of("https://console.example%s", strrchr(gateway->ingress.url, ':'));
    sign_in(url, link_of(&org));
    expect_signed_in(url, &org);
    browser_stop(browser);
    stop_gateway(gateway);
}

Test(browser, lets_no_other_page_press_the_button_of_a_link)
{
    gateway = given_gateway(SETTINGS(NULL));
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    const char *url = text_of("http://localhost%s", strrchr(gateway->ingress.url, ':'));
    const char *link = link_of(&org);
    static const char *const names[] = {ALLOWED, "http://localhost", "http://stranger.example"};
    for (int i = 0; i < 3; i++) {
        struct tab page = given_stranger(names[i], url, &org);
        const char *path = text_of("/console/links/%s", link);
        expect_equal(tab_text(&page, "framed('%s')", path), UNREADABLE);
        expect_equal(tab_text(&page, "embedded('%s')", path), "0 0 0");
        expect_equal(tab_text(&page, "form('%s')", path), UNREADABLE);
        expect_equal(tab_text(&page, "blind('%s', included({method: 'POST'}))", path), OPAQUE);
    }
    expect_sessions("0");
    sign_in(url, link);
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}

// The cookie goes with what pages of the same host send, whatever their port, and a browser shows
// them no answer; but what they have asked for must not be done.
static const struct attempt with_cookie[] = {
    {"fetched('/api/wallet', included())", FETCH_ERROR, 1},
    {"blind('/api/wallet', included())", FETCH_ERROR, 1},
    {"fetched(send, included(post(JSON.stringify(wish), 'application/json')))", FETCH_ERROR, 0},
    {"blind(send, included(post(JSON.stringify(wish), 'text/plain')))", OPAQUE, 1},
    {"json_form(send, wish)", UNREADABLE, 1},
    {"beacon(send, JSON.stringify(wish), 'text/plain')", "true", 1},
    {"fetched('/api/session', included({method: 'DELETE'}))", FETCH_ERROR, 0},
    {"fetched('/api/session/rotate', included({method: 'POST'}))", FETCH_ERROR, 1},
    {"blind('/api/session/rotate', included({method: 'POST'}))", OPAQUE, 1},
    {"form('/api/session/rotate')", UNREADABLE, 1},
    {"beacon('/api/session/rotate', '', '')", "true", 1},
    {"framed('/api/wallet')", UNREADABLE, 1},
    {"embedded('/api/wallet')", "0 0 0", 4},
};

Test(browser, lets_no_other_page_use_a_session)
{
    gateway = given_gateway(SETTINGS(NULL));
    struct site *site = site_open(port);
    browser = browser_start(NULL);
    struct org org = given_org(gateway);
    const char *url = text_of("http://localhost%s", strrchr(gateway->ingress.url, ':'));
    sign_in(url, link_of(&org));
    const char *state = "SELECT concat(token_hash, former_hash, revoked_at) FROM sessions";
    const char *before = database_text(gateway->database, "%s", state);
    static const char *const names[] = {ALLOWED, "http://localhost", "http://stranger.example"};
    for (int i = 0; i < 3; i++) {
        struct tab page = given_stranger(names[i], url, &org);
        // From another site the cookie does not come at all.
        try_all(&page, with_cookie, sizeof with_cookie / sizeof *with_cookie,
                strcmp(names[i], "http://localhost") == 0 ? "403" : "401");
    }
    expect_equal(database_text(gateway->database, "%s", state), before);
    expect_untouched(&org);
    expect_signed_in(url, &org);
    browser_stop(browser);
    stop_gateway(gateway);
    site_close(site);
}
