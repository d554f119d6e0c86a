#include "tests/system/org.h"

#include <string.h>

static const char *or_default(const char *value, const char *standard)
{
    return value ? value : standard;
}

struct org org_create(struct gateway *gateway, const struct org_options *options)
{
    static int made;
    struct database *database = gateway->database;
    made++;
    struct org org = {.gateway = gateway,
                      .phone_number_id = or_default(options->number, text_of("%d", 500000 + made))};
    org.id = database_text(database,
                           "INSERT INTO organizations (name, status) VALUES ('%s', '%s') "
                           "RETURNING id",
                           or_default(options->name, text_of("Org %d", made)),
                           or_default(options->status, "active"));
    org.channel_id =
        database_text(database,
                      "INSERT INTO channels (org_id, phone_number_id, waba_id, access_token, "
                      "service_fee_per_msg) VALUES ('%s', '%s', '%s', '%s', %s) RETURNING id",
                      org.id, org.phone_number_id, or_default(options->waba_id, "1001"),
                      or_default(options->token, "EAAtest"), or_default(options->fee, "0.20"));
    (void)database_text(database, "UPDATE wallets SET balance = %s WHERE org_id = '%s'",
                        or_default(options->balance, "100.00"), org.id);
    org.key = database_text(database, "SELECT create_api_key('%s', 'test')", org.id);
    return org;
}

static struct answer send_with(const struct org *org, const char *body, const char *prefer)
{
    return ask(org->gateway->http, .path = "/api/send-message", .body = body, .key = org->key,
               .headers = {prefer});
}

struct answer send_body(const struct org *org, const char *body)
{
    return send_with(org, body, NULL);
}

struct answer send_body_and_wait(const struct org *org, const char *body)
{
    return send_with(org, body, "Prefer: wait=30");
}

const char *text_body(const char *phone)
{
    return text_of("{\"phone\": \"%s\", \"message\": \"Your order is on its way.\"}", phone);
}

struct answer send_text(const struct org *org, const char *phone)
{
    return send_body(org, text_body(phone));
}

struct answer send_text_and_wait(const struct org *org, const char *phone)
{
    return send_body_and_wait(org, text_body(phone));
}

struct answer get(const struct org *org, const char *path)
{
    return ask(org->gateway->http, .path = path, .key = org->key);
}

const char *expect_accepted_as(const char *here, const struct answer *answer, const char *status)
{
    const char *id = answer_text(answer, "/message_id");
    const char *actual = answer_text(answer, "/status");
    bool as_expected = status ? strcmp(actual, status) == 0
                              : strcmp(actual, "queued") == 0 || strcmp(actual, "held") == 0;
    cr_assert(answer->status == 202 && *id && as_expected,
              "%s: not a 202 for a message that is %s: %d %s", here,
              status ? status : "queued or held", answer->status, answer->body);
    return id;
}

void make_due(struct gateway *gateway, const char *message_id)
{
    (void)database_text(gateway->database,
                        "UPDATE outbox SET due_at = now(), look_at = now() WHERE message_id = '%s'",
                        message_id);
}

void given_refusals(struct gateway *gateway, const char *change, const char *condition)
{
    (void)database_text(gateway->database,
                        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                        "$$ BEGIN RAISE 'refused'; END $$; "
                        "CREATE TRIGGER refuse BEFORE %s FOR EACH ROW WHEN (%s) "
                        "EXECUTE FUNCTION refuse()",
                        change, condition);
}

void given_last_attempts(struct gateway *gateway)
{
    (void)database_text(gateway->database,
                        "CREATE FUNCTION be_last() RETURNS trigger LANGUAGE plpgsql AS "
                        "$$ BEGIN NEW.attempt := 5; RETURN NEW; END $$; "
                        "CREATE TRIGGER be_last BEFORE INSERT ON outbox FOR EACH ROW "
                        "EXECUTE FUNCTION be_last()");
}

void expect_refused_at(const char *here, const struct answer *answer, int status, const char *code,
                       const char *field)
{
    bool as_expected = answer->status == status && *answer_text(answer, "/error") &&
                       strcmp(answer_text(answer, "/code"), code) == 0 &&
                       strcmp(answer_text(answer, "/detail/field"), field ? field : "") == 0;
    cr_assert(as_expected, "%s: not %d %s (field %s): %d %s", here, status, code,
              field ? field : "none", answer->status, answer->body);
}

void expect_equal_at(const char *here, const char *what, const char *actual, const char *expected)
{
    cr_assert(strcmp(actual, expected) == 0, "%s: %s is \"%s\", not \"%s\"", here, what, actual,
              expected);
}

const char *message_state(struct gateway *gateway, const char *message_id)
{
    return database_text(gateway->database,
                         "SELECT concat_ws(' ', coalesce(o.state, m.status), m.error_code, "
                         "CASE WHEN m.refunded THEN 'refunded' END) "
                         "FROM messages m LEFT JOIN outbox o ON o.message_id = m.id "
                         "WHERE m.id = '%s'",
                         message_id);
}

static bool is_open(const char *state)
{
    return strcmp(state, "scheduled") == 0 || strcmp(state, "held") == 0 ||
           strcmp(state, "queued") == 0 || strcmp(state, "sending") == 0;
}

void expect_ends_at(const char *here, struct gateway *gateway, const char *message_id,
                    const char *state)
{
    long long deadline_ms = testbed_now_ms() + PATIENCE_S * 1000LL;
    const char *now = message_state(gateway, message_id);
    while (is_open(now) && testbed_now_ms() < deadline_ms) {
        testbed_pause();
        now = message_state(gateway, message_id);
    }
    cr_assert(strcmp(now, state) == 0, "%s: message %s is \"%s\", not \"%s\"", here, message_id,
              now, state);
}

const char *org_balance(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT money_text(balance) FROM wallets WHERE org_id = '%s'", org->id);
}

const char *org_ledger(const struct org *org)
{
    return database_text(org->gateway->database,
                         "SELECT string_agg(kind || ' ' || money_text(amount), ', ' ORDER BY n) "
                         "FROM wallet_transactions WHERE org_id = '%s'",
                         org->id);
}

long org_messages(const struct org *org, const char *state)
{
    return database_number(org->gateway->database,
                           "SELECT count(*) FROM messages m "
                           "LEFT JOIN outbox o ON o.message_id = m.id "
                           "WHERE m.org_id = '%s' AND coalesce(o.state, m.status) = '%s'",
                           org->id, state);
}
