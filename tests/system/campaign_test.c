// Campaigns: one message to many, charged at once and sent piece by piece.
#include "common/base/text.h"
#include "common/limits.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(campaign, .timeout = 180);

#define TO_NAMES "\"payload\": {\"type\": \"text\", \"text\": {\"body\": \"Hi {{name}}\"}}"

static struct answer post(const struct org *org, const char *path, const char *body)
{
    return ask(org->gateway->http, .method = "POST", .path = path, .body = body, .key = org->key,
               .content_type = body ? NULL : "");
}

static const char *path_of(const struct answer *campaign, const char *what)
{
    return text_of("/api/campaigns/%s%s", answer_text(campaign, "/campaign_id"), what);
}

// So many recipients, whose phones begin with 91987 and end with their number.
static const char *recipients(int n)
{
    char *list = text_of("[");
    for (int i = 0; i < n; i++)
        list = text_of("%s%s{\"phone\": \"+91987%07d\", \"params\": {\"name\": \"N%d\"}}", list,
                       i > 0 ? "," : "", i, i);
    return text_of("%s]", list);
}

static struct answer make(const struct org *org, const char *body)
{
    struct answer answer = post(org, "/api/campaigns", body);
    cr_assert_eq(answer.status, 201, "%d %s", answer.status, answer.body);
    return answer;
}

static struct answer make_for(const struct org *org, int n, const char *more)
{
    return make(org, text_of("{%s, \"recipients\": %s%s}", TO_NAMES, recipients(n), more));
}

static struct answer must(const struct org *org, const struct answer *campaign, const char *verb)
{
    struct answer answer =
        post(org, path_of(campaign, verb), strcmp(verb, "/start") == 0 ? "{}" : NULL);
    cr_assert_eq(answer.status, 200, "%s: %s", verb, answer.body);
    return answer;
}

// A figure of its progress, or of the campaign.
static const char *figure(const struct org *org, const struct answer *campaign, const char *pointer)
{
    struct answer answer = get(org, path_of(campaign, ""));
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    return answer_text(&answer, pointer);
}

static bool is(const struct org *org, const struct answer *campaign, const char *pointer,
               const char *value)
{
    return strcmp(figure(org, campaign, pointer), value) == 0;
}

// What Meta got for the one message to this phone.
static const char *sent_to(struct gateway *gateway, const char *phone)
{
    return database_text(gateway->database,
                         "SELECT m.payload FROM messages m JOIN contacts c ON c.id = m.contact_id "
                         "WHERE c.phone = '%s'",
                         phone);
}

// A single message arrives while the campaign does what it does.
static void expect_single(const struct org *org, const char *phone)
{
    struct answer answer = send_text(org, phone);
    expect_ends(org->gateway, expect_accepted(&answer), "sent");
}

static const char *waiting_of(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT count(*) FROM outbox WHERE org_id = '%s' AND due_at < 'infinity' "
                         "OR state = 'sending'",
                         org->id);
}

Test(campaign, tells_its_cost_and_charges_it_when_it_starts)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "1.00");
    struct answer made =
        make(&org, "{\"name\": \"Diwali\", " TO_NAMES ", \"recipients\": ["
                   "{\"phone\": \"+919876543210\", \"params\": {\"name\": \"Asha \\\"A\\\"\"}},"
                   "{\"phone\": \"12\", \"params\": {\"name\": \"B\"}},"
                   "{\"phone\": \"+919876543212\"},"
                   "{\"phone\": \"+91 98765 43210\", \"params\": {\"name\": \"C\"}},"
                   "{\"phone\": \"+919876543213\", \"params\": {\"nam\": \"D\"}},"
                   "{\"phone\": \"+919876543214\", \"params\": {\"name\": 7}}]}");
    expect_equal(answer_text(&made, "/state"), "draft");
    expect_equal(answer_text(&made, "/recipients"), "2");
    expect_equal(answer_text(&made, "/cost"), "0.40");
    expect_equal(answer_text(&made, "/lines"), "6");
    expect_equal(answer_text(&made, "/refused"), "4");
    static const char *const codes[] = {"invalid_phone", "missing_field", "unknown_field",
                                        "duplicate_recipient"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        expect_equal(answer_text(&made, text_of("/errors/%zu/code", i)), codes[i]);
    expect_equal(answer_text(&made, "/errors/0/line"), "2");
    expect_equal(answer_text(&made, "/errors/3/line"), "4");
    expect_equal(org_ledger(&org), "adjustment 1.00");

    struct answer started = must(&org, &made, "/start");
    expect_equal(answer_text(&started, "/state"), "running");
    eventually(is(&org, &made, "/progress/sent", "2"));
    expect_equal(figure(&org, &made, "/state"), "done");
    expect_equal(org_ledger(&org), "adjustment 1.00, reservation -0.40, release 0.40, "
                                   "service_fee -0.20, service_fee -0.20");
    cr_assert(strstr(sent_to(gateway, "919876543210"), "Hi Asha \\\"A\\\""));
    expect_equal(simulator_to_at(gateway->simulator, "919876543214", 0), "+919876543214");
    stop_gateway(gateway);
}

Test(campaign, is_not_started_by_a_wallet_that_does_not_carry_it)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0.50");
    struct answer made = make_for(&org, 3, "");
    struct answer answer = post(&org, path_of(&made, "/start"), "{\"cost\": \"0.60\"}");
    cr_assert_eq(answer.status, 402, "%s", answer.body);
    expect_equal(answer_text(&answer, "/code"), "insufficient_balance");
    expect_equal(answer_text(&answer, "/detail/missing"), "0.10");
    expect_equal(answer_text(&answer, "/detail/cost"), "0.60");
    expect_equal(org_ledger(&org), "adjustment 0.50");
    answer = post(&org, path_of(&made, "/start"), "{\"cost\": \"0.50\"}");
    expect_refused(&answer, 409, "conflict", "cost");
    database_text(gateway->database, "UPDATE channels SET status = 'paused'");
    answer = post(&org, path_of(&made, "/start"), "{}");
    expect_refused(&answer, 409, "channel_paused", NULL);
    database_text(gateway->database, "UPDATE channels SET status = 'active'");
    database_text(gateway->database, "SELECT add_wallet_credits('%s', 0.10, 'paid')", org.id);
    must(&org, &made, "/start");
    eventually(is(&org, &made, "/progress/sent", "3"));
    expect_equal(org_balance(&org), "0.00");
    stop_gateway(gateway);
}

Test(campaign, comes_as_a_file_beside_what_it_is)
{
    static const char type[] = "multipart/form-data; boundary=b";
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "1.00");
    const char *body =
        "--b\r\nContent-Disposition: form-data; name=\"campaign\"\r\n\r\n"
        "{\"template\": {\"name\": \"t\", \"language\": {\"code\": \"en\"}, \"components\": "
        "[{\"type\": \"body\", \"parameters\": [{\"type\": \"text\", \"text\": "
        "\"{{ name }} of {{city}}\"}]}]}}"
        "\r\n--b\r\nContent-Disposition: form-data; name=\"recipients\"; "
        "filename=\"r.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        "phone,city,name\r\n+919876543210,\"Pune, MH\",Asha\r\n+919876543211,,Bo\r\n"
        "+919876543212,Goa,Cy\r\n\r\n--b--\r\n";
    struct answer made = ask(gateway->http, .path = "/api/campaigns", .body = body,
                             .content_type = type, .key = org.key);
    cr_assert_eq(made.status, 201, "%s", made.body);
    expect_equal(answer_text(&made, "/recipients"), "2");
    expect_equal(answer_text(&made, "/errors/0/line"), "3");
    expect_equal(answer_text(&made, "/errors/0/detail/field"), "city");
    must(&org, &made, "/start");
    eventually(is(&org, &made, "/progress/sent", "2"));
    cr_assert(strstr(sent_to(gateway, "919876543210"), "\"Asha of Pune, MH\""));
    stop_gateway(gateway);
}

Test(campaign, with_nobody_to_send_to_is_none)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer answer =
        post(&org, "/api/campaigns", "{" TO_NAMES ", \"recipients\": [{\"phone\": \"1\"}]}");
    expect_refused(&answer, 400, "no_recipients", "recipients");
    expect_equal(answer_text(&answer, "/detail/errors/0/code"), "invalid_phone");
    expect_equal(database_text(gateway->database, "SELECT count(*) FROM campaigns"), "0");
    stop_gateway(gateway);
}

Test(campaign, with_a_key_is_made_once)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    const char *body = text_of("{%s, \"recipients\": %s}", TO_NAMES, recipients(2));
    struct answer answers[2];
    for (int i = 0; i < 2; i++) {
        answers[i] = ask(gateway->http, .path = "/api/campaigns", .body = body, .key = org.key,
                         .headers = {"Idempotency-Key: one"});
        cr_assert_eq(answers[i].status, i == 0 ? 201 : 200, "%s", answers[i].body);
    }
    expect_equal(answer_text(&answers[1], "/campaign_id"),
                 answer_text(&answers[0], "/campaign_id"));
    struct answer other = ask(gateway->http, .path = "/api/campaigns", .key = org.key,
                              .body = text_of("{%s, \"recipients\": %s}", TO_NAMES, recipients(1)),
                              .headers = {"Idempotency-Key: one"});
    expect_refused(&other, 409, "idempotency_conflict", "Idempotency-Key");
    stop_gateway(gateway);
}

// Of a number that takes so few that all of it takes a while.
static struct org given_slow_org(struct gateway *gateway, const char *mps)
{
    struct org org = given_org(gateway, .balance = "100.00");
    database_text(gateway->database, "UPDATE channels SET max_mps = %s WHERE org_id = '%s'", mps,
                  org.id);
    return org;
}

Test(campaign, that_is_paused_sends_nothing_until_it_goes_on)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_slow_org(gateway, "8");
    struct org other = given_org(gateway);
    struct answer made = make_for(&org, 40, "");
    must(&org, &made, "/start");
    eventually(simulator_posts(gateway->simulator) >= 3);
    expect_single(&other, "+919876543210");

    struct answer paused = must(&org, &made, "/pause");
    expect_equal(answer_text(&paused, "/state"), "paused");
    eventually(strcmp(waiting_of(&org), "0") == 0);
    long posts = simulator_posts(gateway->simulator);
    // What it has set aside stands in nobody's way.
    for (int i = 0; i < 40; i++)
        if (simulator_posts_to(gateway->simulator, text_of("91987%07d", i)) == 0) {
            expect_single(&org, text_of("+91987%07d", i));
            break;
        }
    cr_assert_eq(simulator_posts(gateway->simulator), posts + 1);
    cr_assert_lt(posts, 41);

    must(&org, &made, "/resume");
    eventually(is(&org, &made, "/progress/sent", "40"));
    cr_assert_eq(simulator_posts(gateway->simulator), 42);
    expect_equal(org_balance(&org), "91.80");
    stop_gateway(gateway);
}

Test(campaign, that_is_cancelled_gives_back_what_has_not_left)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_slow_org(gateway, "8");
    struct answer made = make_for(&org, 60, "");
    must(&org, &made, "/start");
    eventually(simulator_posts(gateway->simulator) >= 3);
    struct answer cancelled = must(&org, &made, "/cancel");
    expect_equal(answer_text(&cancelled, "/state"), "cancelled");
    eventually(strcmp(waiting_of(&org), "0") == 0);
    long posts = simulator_posts(gateway->simulator);
    cr_assert_lt(posts, 60);
    expect_equal(org_balance(&org),
                 text_of("%ld.%02ld", (10000 - 20 * posts) / 100, (10000 - 20 * posts) % 100));
    struct answer late = post(&org, path_of(&made, "/start"), "{}");
    expect_refused(&late, 409, "conflict", NULL);
    must(&org, &made, "/cancel");
    stop_gateway(gateway);
}

Test(campaign, starts_at_its_time_or_says_why_it_does_not)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .balance = "0.50");
    struct answer made = make_for(&org, 3, ", \"send_at\": \"2026-01-01T00:00:00Z\"");
    expect_equal(answer_text(&made, "/state"), "scheduled");
    eventually(is(&org, &made, "/not_started_for", "insufficient_balance"));
    expect_equal(figure(&org, &made, "/state"), "draft");
    expect_equal(database_text(
                     gateway->database,
                     "SELECT kind FROM alerts WHERE resolved_at IS NULL AND org_id = '%s'", org.id),
                 "campaign_not_started");
    expect_equal(org_ledger(&org), "adjustment 0.50");
    struct answer fits = make_for(&org, 2, ", \"send_at\": \"2026-01-01T00:00:00Z\"");
    eventually(is(&org, &fits, "/progress/sent", "2"));
    database_text(gateway->database, "SELECT add_wallet_credits('%s', 1, 'paid')", org.id);
    must(&org, &made, "/start");
    eventually(is(&org, &made, "/progress/sent", "3"));
    expect_equal(
        database_text(gateway->database, "SELECT count(*) FROM alerts WHERE resolved_at IS NULL"),
        "0");
    stop_gateway(gateway);
}

Test(campaign, that_is_over_drops_the_rest)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_slow_org(gateway, "4");
    struct answer made = make_for(&org, 60, ", \"max_mps\": 1");
    must(&org, &made, "/start");
    eventually(simulator_posts(gateway->simulator) >= 1);
    database_text(gateway->database, "UPDATE campaigns SET not_after = now()");
    eventually(is(&org, &made, "/state", "expired"));
    eventually(strcmp(waiting_of(&org), "0") == 0);
    long posts = simulator_posts(gateway->simulator);
    expect_equal(figure(&org, &made, "/dropped"), text_of("%ld", 60 - posts));
    expect_equal(org_balance(&org),
                 text_of("%ld.%02ld", (10000 - 20 * posts) / 100, (10000 - 20 * posts) % 100));
    stop_gateway(gateway);
}

Test(campaign, survives_its_worker)
{
    static const char *const points[] = {"pass_campaign", "pass_campaign:2", "after_piece",
                                         "after_piece:2"};
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_slow_org(gateway, "100");
    struct answer made = make_for(&org, 250, "");
    must(&org, &made, "/start");
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        const char *setting = text_of("TOLLGATE_STOP_POINT=%s", points[i]);
        struct daemon *worker =
            start_worker_with_settings(gateway, (const char *const[]){setting, NULL});
        eventually(!process_running(worker->process) || is(&org, &made, "/state", "done"));
        kill_worker(gateway, worker);
    }
    start_worker(gateway);
    eventually(is(&org, &made, "/progress/sent", "250"));
    for (int i = 0; i < 250; i++)
        cr_assert_eq(simulator_posts_to(gateway->simulator, text_of("91987%07d", i)), 1);
    expect_equal(org_balance(&org), "50.00");
    stop_gateway(gateway);
}

Test(campaign, tells_its_messages_and_whom_it_refused)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct answer made =
        make(&org, "{" TO_NAMES ", \"recipients\": ["
                   "{\"phone\": \"+15550131026\", \"params\": {\"name\": \"A\"}},"
                   "{\"phone\": \"+919870000001\", \"params\": {\"name\": \"B\"}},"
                   "{\"phone\": \"+919870000002\", \"params\": {\"name\": \"C\"}}]}");
    struct org manager = org;
    manager.key =
        database_text(gateway->database, "SELECT create_api_key('%s', 'all', '{manage}')", org.id);
    struct answer contact = post(&manager, "/api/contacts", "{\"phone\": \"+919870000002\"}");
    cr_assert_eq(contact.status, 201, "%s", contact.body);
    struct answer wish =
        post(&manager, text_of("/api/contacts/%s/opt-out", answer_text(&contact, "/id")), "{}");
    cr_assert_eq(wish.status, 200, "%s", wish.body);
    must(&org, &made, "/start");
    eventually(is(&org, &made, "/progress/sent", "1") && is(&org, &made, "/progress/failed", "1"));
    expect_equal(figure(&org, &made, "/progress/refused"), "1");
    expect_equal(figure(&org, &made, "/progress/errors/0/code"), "131026");
    expect_equal(figure(&org, &made, "/progress/errors/1/code"), "contact_opted_out");
    struct answer refused = get(&org, path_of(&made, "/refused"));
    expect_equal(answer_text(&refused, "/recipients/0/line"), "3");
    expect_equal(answer_text(&refused, "/recipients/0/code"), "contact_opted_out");

    expect_single(&org, "+919870000009");
    const char *id = answer_text(&made, "/campaign_id");
    struct answer listed = get(&org, text_of("/api/messages?campaign_id=%s&limit=1", id));
    cr_assert_eq(listed.status, 200, "%s", listed.body);
    const char *next = answer_text(&listed, "/next_before");
    listed = get(&org, text_of("/api/messages?campaign_id=%s&limit=1&before=%s", id, next));
    expect_equal(answer_text(&listed, "/next_before"), "");
    listed = get(&org, text_of("/api/messages?campaign_id=%s&status=failed", id));
    expect_equal(answer_text(&listed, "/messages/0/error_code"), "131026");
    expect_equal(answer_text(&listed, "/messages/1/error_code"), "");
    struct answer message =
        get(&org, text_of("/api/messages/%s", answer_text(&listed, "/messages/0/message_id")));
    expect_equal(answer_text(&message, "/campaign_id"), id);
    struct answer list = get(&org, "/api/campaigns?state=done");
    expect_equal(answer_text(&list, "/campaigns/0/campaign_id"), id);
    stop_gateway(gateway);
}

Test(campaign, is_its_orgs_alone)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    struct org stranger = given_org(gateway);
    struct answer made = make_for(&org, 1, "");
    static const char *const verbs[] = {"/start", "/pause", "/resume", "/cancel"};
    struct answer answer = get(&stranger, path_of(&made, ""));
    expect_refused(&answer, 404, "not_found", "id");
    answer = get(&stranger, path_of(&made, "/refused"));
    expect_refused(&answer, 404, "not_found", "id");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        answer = post(&stranger, path_of(&made, verbs[i]), i == 0 ? "{}" : NULL);
        expect_refused(&answer, 404, "not_found", "id");
    }
    answer = get(&stranger, "/api/campaigns");
    expect_equal(answer_text(&answer, "/campaigns/0/state"), "");
    stop_gateway(gateway);
}

Test(campaign, has_its_bounds)
{
    static const char type[] = "multipart/form-data; boundary=b";
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway);
    struct tg_text body = {0};
    tg_text_append_string(
        &body, "--b\r\nContent-Disposition: form-data; name=\"campaign\"\r\n\r\n{" TO_NAMES
               "}\r\n--b\r\nContent-Disposition: form-data; name=\"recipients\"\r\n\r\n"
               "phone,name\n");
    for (int i = 0; i <= TG_CAMPAIGN_RECIPIENTS_MAX; i++)
        tg_text_append_string(&body, "1,x\n");
    tg_text_append_string(&body, "\r\n--b--");
    struct answer answer = ask(gateway->http, .path = "/api/campaigns",
                               .body = tg_text_string(&body), .content_type = type, .key = org.key);
    expect_refused(&answer, 413, "body_too_large", "recipients");
    while (body.length <= TG_CAMPAIGN_BYTES_MAX)
        tg_text_append_string(&body,
                              "                                                                ");
    answer = ask(gateway->http, .path = "/api/campaigns", .body = tg_text_string(&body),
                 .content_type = type, .key = org.key);
    expect_refused(&answer, 413, "body_too_large", "body");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM campaign_recipients"), 0);
    tg_text_finish(&body);
    stop_gateway(gateway);
}
