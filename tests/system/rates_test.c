// How often somebody may call.
#include "common/base/clock.h"
#include "tests/issuer.h"
#include "tests/system/org.h"

TestSuite(rates, .timeout = 120);

enum { TRIES = 200 };

static const char *const too_many[] = {
    "Too many calls a second with this API key", "Too many calls a second of this org",
    "Too many calls a second from this address",
    "Too many wrong or missing credentials a second from this address"};

static struct answer ask_wallet(struct gateway *gateway, const char *key)
{
    return ask(gateway->http, .path = "/api/wallet", .key = key);
}

// Calls until it is too often. Returns how often it was not.
static int calls_until_refused(struct gateway *gateway, const char *key, const char *message)
{
    int n = 0;
    struct answer answer;
    do {
        answer = ask_wallet(gateway, key);
    } while (answer.status != 429 && n++ < TRIES);
    expect_refused(&answer, 429, "too_many_requests", NULL);
    expect_equal(answer_text(&answer, "/error"), message);
    expect_equal(answer_header(&answer, "Retry-After"), "1");
    return n;
}

struct kind {
    const char *setting;
    const char *message;
    bool for_second_key; // is another key of the org's refused as well?
    bool for_other_org;
};

Test(rates, are_of_a_key_an_org_or_an_address)
{
    const struct kind kinds[] = {
        {"TOLLGATE_RATE_PER_KEY=2", too_many[0], false, false},
        {"TOLLGATE_RATE_PER_ORG=2", too_many[1], true, false},
        {"TOLLGATE_RATE_PER_ADDRESS=2", too_many[2], true, true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct gateway *gateway =
            given_gateway(.without_worker = true, .ingress_settings = {kinds[i].setting});
        struct org org = given_org(gateway);
        struct org other = given_org(gateway);
        const char *second =
            database_text(gateway->database, "SELECT create_api_key('%s', 'second')", org.id);
        cr_assert_geq(calls_until_refused(gateway, org.key, kinds[i].message), 2);
        // (In the second in which it is asked a place may have become free.)
        int for_second = ask_wallet(gateway, second).status;
        int for_other = ask_wallet(gateway, other.key).status;
        cr_assert(for_second == 200 || kinds[i].for_second_key, "%s", kinds[i].setting);
        cr_assert(for_other == 200 || kinds[i].for_other_org, "%s", kinds[i].setting);
        if (kinds[i].for_second_key)
            cr_assert_lt(calls_until_refused(gateway, second, kinds[i].message), TRIES);
        if (kinds[i].for_other_org)
            cr_assert_lt(calls_until_refused(gateway, other.key, kinds[i].message), TRIES);
        stop_gateway(gateway);
    }
}

// Is a good key that nobody has used yet held up, right after somebody has guessed too often?
static bool new_key_is_held_up(struct gateway *gateway, const struct org *org)
{
    const char *key = database_text(
        gateway->database, "SELECT create_api_key('%s', gen_random_uuid()::text)", org->id);
    (void)calls_until_refused(gateway, "tg_wrong", too_many[3]);
    return ask_wallet(gateway, key).status == 429;
}

// Whoever was right before is let in, whatever else comes from the address.
Test(rates, who_guesses_keys_is_held_up_alone)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_RATE_OF_FAILURES=1"});
    struct org org = given_org(gateway);
    cr_assert_eq(ask_wallet(gateway, org.key).status, 200);
    cr_assert_geq(calls_until_refused(gateway, "tg_wrong", too_many[3]), 2);
    (void)calls_until_refused(gateway, "tg_another", too_many[3]);
    (void)calls_until_refused(gateway, NULL, too_many[3]);
    eventually(new_key_is_held_up(gateway, &org));
    cr_assert_eq(ask_wallet(gateway, org.key).status, 200);
    eventually(ask_wallet(gateway, "tg_wrong").status ==
               401); // and a moment later it may try again
    stop_gateway(gateway);
}

static int press(struct gateway *gateway, const char *link)
{
    return ask(gateway->http, .method = "POST", .path = link,
               .headers = {text_of("Origin: %s", gateway->ingress.url)})
        .status;
}

// Presses until it is too often. Returns how often it was not.
static int presses_until_refused(struct gateway *gateway, const char *link)
{
    int n = 0;
    int status;
    while ((status = press(gateway, link)) != 429 && n++ < TRIES)
        cr_assert_eq(status, 404);
    cr_assert_eq(status, 429);
    return n;
}

static bool new_link_is_held_up(struct gateway *gateway, const struct org *org)
{
    const char *link =
        text_of("/console/links/%s",
                database_text(gateway->database, "SELECT create_console_link('%s')", org->id));
    (void)presses_until_refused(gateway, "/console/links/tgl_wrong");
    return press(gateway, link) == 429;
}

// A link that is wrong or was used counts as a wrong key does, and one with the other.
Test(rates, who_guesses_links_is_held_up_as_who_guesses_keys)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_RATE_OF_FAILURES=1"});
    struct org org = given_org(gateway);
    const char *link =
        text_of("/console/links/%s",
                database_text(gateway->database, "SELECT create_console_link('%s')", org.id));
    cr_assert_eq(ask_wallet(gateway, org.key).status, 200);
    cr_assert_eq(press(gateway, link), 200);
    cr_assert_geq(presses_until_refused(gateway, "/console/links/tgl_wrong"), 2);
    (void)presses_until_refused(gateway, link); // it was used
    (void)calls_until_refused(gateway, "tg_wrong", too_many[3]);
    eventually(new_link_is_held_up(gateway, &org));
    // Who only looks at the page tries nothing, and who was right before is let in.
    cr_assert_eq(ask(gateway->http, .path = "/console/links/tgl_wrong").status, 200);
    cr_assert_eq(ask_wallet(gateway, org.key).status, 200);
    eventually(press(gateway, "/console/links/tgl_wrong") == 404); // and a moment later
    stop_gateway(gateway);
}

Test(rates, meta_and_who_is_not_bounded_call_as_often_as_they_like)
{
    struct gateway *gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_RATE_PER_ADDRESS=1",
                                                                   "TOLLGATE_RATE_OF_FAILURES=1"});
    for (int n = 0; n < 10; n++) {
        struct answer answer =
            ask(gateway->http, .path = "/webhook?hub.mode=subscribe&hub.challenge=1&"
                                       "hub.verify_token=wrong");
        cr_assert_eq(answer.status, 403);
    }
    stop_gateway(gateway);
    gateway =
        given_gateway(.without_worker = true, .ingress_settings = {"TOLLGATE_RATE_OF_FAILURES=0"});
    for (int n = 0; n < TRIES; n++)
        cr_assert_eq(ask_wallet(gateway, "tg_wrong").status, 401);
    stop_gateway(gateway);
}

// Who has many tokens or cookies has no more calls for that.
Test(rates, of_a_person_and_of_a_session_are_not_of_each_token_and_cookie)
{
    struct issuer issuer = issuer_create();
    struct gateway *gateway =
        given_gateway(.without_worker = true,
                      .ingress_settings = {"TOLLGATE_RATE_PER_KEY=2",
                                           "TOLLGATE_JWT_SECRET=" ISSUER_SECRET,
                                           "TOLLGATE_JWT_ISSUER=" ISSUER});
    struct org org = given_org(gateway);
    const int64_t now_s = tg_unix_ms() / 1000;
    int n = 0;
    struct answer answer;
    do {
        const char *claims = issuer_claims(org.id, now_s, text_of(",\"jti\":\"%d\"", n));
        answer = ask_wallet(gateway, issuer_token(&issuer, "HS256", claims));
    } while (answer.status != 429 && n++ < TRIES);
    expect_equal(answer_text(&answer, "/error"), too_many[0]);
    answer = ask_wallet(
        gateway,
        issuer_token(&issuer, "HS256", issuer_claims(org.id, now_s, ",\"sub\":\"somebody else\"")));
    cr_assert_eq(answer.status, 200);
    issuer_free(&issuer);
    stop_gateway(gateway);
}
