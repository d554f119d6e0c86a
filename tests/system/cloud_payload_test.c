// The bodies of tests/data/sends, good ones and bad ones, through `payload`.
#include "tests/corpus.h"
#include "tests/system/org.h"

#include <string.h>

TestSuite(cloud_payload, .timeout = 120);

enum { SENDS = 73, RECEIPTS = 2, BAD = 26 };

// {"payload": <the body>}, where every placeholder {{...}} is a phone number.
static const char *payload_of(const struct corpus_body *body)
{
    const char *rest = body->bytes;
    const char *filled = "";
    for (const char *start; (start = strstr(rest, "{{")); rest = strstr(start, "}}") + 2)
        filled = text_of("%s%.*s919876543210", filled, (int)(start - rest), rest);
    return text_of("{\"payload\": %s%s}", filled, rest);
}

static void expect_taken(const struct corpus_body *body, void *org)
{
    struct answer answer = send_body(org, payload_of(body));
    cr_assert_eq(answer.status, 202, "%s: %d %s", body->name, answer.status, answer.body);
}

static void expect_all_sent(struct gateway *gateway)
{
    eventually(database_number(gateway->database, "SELECT count(*) FROM outbox") == 0);
    expect_equal(
        database_text(
            gateway->database,
            "SELECT string_agg(type || ' ' || concat_ws(' ', error_code, "
            "error_message), ', ') FROM messages WHERE status NOT IN ('sent', 'received')"),
        "");
}

// The messages of whose receipt the bodies are.
static void given_received(const struct org *org)
{
    (void)database_text(
        org->gateway->database,
        "WITH who AS (INSERT INTO contacts (org_id, phone) VALUES ('%s', '919810012345') "
        "RETURNING *) INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, "
        "payload, status, wamid) SELECT gen_random_uuid(), org_id, '%s', id, 'inbound', 'text', "
        "'{}', 'received', wamid FROM who, unnest(ARRAY["
        "'wamid.HBgMOTE5ODEwMDEyMzQ1FQIAEhgUM0VCMDVEMkM3MUE5NEY2MDg4RTEA', "
        "'wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=']) wamid",
        org->id, org->channel_id);
}

Test(cloud_payload, every_kind_of_body_is_accepted_and_sent)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    given_received(&org);
    cr_assert_eq(corpus_each("sends", expect_taken, &org), SENDS);

    expect_all_sent(gateway);
    cr_assert_eq(org_messages(&org, "sent"), SENDS);
    // A receipt is no message: it costs nothing.
    cr_assert_eq(simulator_stat(gateway->simulator, "taken"), SENDS - RECEIPTS);
    cr_assert_eq(simulator_stat(gateway->simulator, "receipts"), RECEIPTS);
    expect_equal(org_balance(&org), "85.80");

    corpus_each_further("sends", expect_taken, &org);
    expect_all_sent(gateway);
    stop_gateway(gateway);
}

// On the connection on which the one before it was refused.
static void expect_payload_refused(const struct corpus_body *body, void *org)
{
    static bool connected;
    struct answer answer = send_body(org, payload_of(body));
    const char *field = answer_text(&answer, "/detail/field");
    cr_assert(answer.status == 400 && strncmp(field, "payload", strlen("payload")) == 0,
              "%s: %d %s", body->name, answer.status, answer.body);
    cr_assert(!answer.fresh || !connected, "%s: the connection was lost", body->name);
    connected = true;
}

Test(cloud_payload, what_meta_would_refuse_is_refused_before_it_costs_anything)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway);
    cr_assert_eq(corpus_each("sends/bad", expect_payload_refused, &org), BAD);
    corpus_each_further("sends/bad", expect_payload_refused, &org);

    expect_equal(org_balance(&org), "100.00");
    expect_equal(org_ledger(&org), "adjustment 100.00");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM messages"), 0);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    cr_assert(answer.status == 200 && !answer.fresh);
    cr_assert_eq(simulator_posts(gateway->simulator), 1);
    stop_gateway(gateway);
}
