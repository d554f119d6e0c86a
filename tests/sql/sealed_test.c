// Access tokens that stand sealed: sealing one is no change of it, and loses none that somebody
// writes meanwhile. (That they are sealed well is tests/unit/seal_test.c's.)
#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(sealed, .init = database_create, .fini = database_drop);

#define ORG "(SELECT org_id FROM channels)"
#define CHANNEL "(SELECT id FROM channels)"

static const char *acme;

static void given_acme(void)
{
    acme = given_org(.balance = "10.00");
    (void)given_channel(.org = acme, .access_token = "clear");
}

// Of the one channel that there is.
static const char *seal_sql(const char *before, const char *after)
{
    return text("SELECT seal_tokens(ARRAY[" ORG "], ARRAY[" CHANNEL "], "
                "ARRAY[sha256('%s'::bytea)], ARRAY['%s'])",
                before, after);
}

static const char *seal(const char *before, const char *after)
{
    return value("%s", seal_sql(before, after));
}

static const char *token(void)
{
    return value("SELECT access_token FROM channels");
}

Test(sealed, a_token_says_under_which_key_it_stands)
{
    given_acme();
    cr_assert_str_eq(value("SELECT token_key FROM channels"), "null");
    cr_assert_str_eq(value("SELECT count_open_tokens()"), "1");
    cr_assert_str_eq(seal("clear", "sealed:k1:AAAA"), "1");
    cr_assert_str_eq(token(), "sealed:k1:AAAA");
    cr_assert_str_eq(value("SELECT token_key FROM channels"), "k1");
    cr_assert_str_eq(value("SELECT count_open_tokens()"), "0");
    run("UPDATE channels SET access_token = 'clear again'");
    cr_assert_str_eq(value("SELECT token_key FROM channels"), "null");
    run("UPDATE channels SET access_token = 'sealed:'");
    cr_assert_str_eq(value("SELECT token_key FROM channels"), "");
}

Test(sealed, sealing_is_no_new_token)
{
    given_acme();
    const char *waiting = given_message(.org = acme);
    (void)given_settled_message(acme, "190");
    assert_no_rows(claim(acme, waiting)); // it is parked
    const char *before = rows("SELECT status, paused_for, token_changed_at FROM channels");
    cr_assert_str_eq(seal("clear", "sealed:k1:AAAA"), "1");
    cr_assert_str_eq(seal("sealed:k1:AAAA", "sealed:k2:BBBB"), "1");
    cr_assert_str_eq(rows("SELECT status, paused_for, token_changed_at FROM channels"), before);
    assert_rows(rows("SELECT outcome, resolved_at FROM alerts"), "190, null");
    cr_assert_str_eq(value("SELECT due_at FROM outbox"), "infinity");
    // What is written by a person is one, in the same session too.
    run("UPDATE channels SET access_token = 'new'");
    assert_rows(rows("SELECT status, paused_for FROM channels"), "active, null");
    cr_assert_str_eq(value("SELECT count(*) FROM alerts WHERE resolved_at IS NULL"), "0");
    assert_healthy();
}

Test(sealed, a_token_that_has_changed_meanwhile_stays)
{
    given_acme();
    cr_assert_str_eq(seal("another", "sealed:k1:AAAA"), "0");
    cr_assert_str_eq(token(), "clear");
    const char *beta = given_org_with_channel("10.00");
    cr_assert_str_eq(value("SELECT seal_tokens(ARRAY['%s']::uuid[], ARRAY[(SELECT id FROM channels "
                           "WHERE org_id = '%s')], ARRAY[sha256('clear'::bytea)], "
                           "ARRAY['sealed:k1:AAAA'])",
                           beta, acme),
                     "0");
    assert_rows(rows("SELECT access_token FROM channels ORDER BY 1"), "clear", "token");
}

// Nor is waited for who is changing it.
Test(sealed, a_token_that_is_being_changed_stays)
{
    given_acme();
    assert_rows(
        meanwhile("UPDATE channels SET access_token = 'new'", seal_sql("clear", "sealed:k1:AAAA")),
        "0");
    cr_assert_str_eq(token(), "new");
    assert_rows(meanwhile("UPDATE channels SET max_mps = 7", seal_sql("new", "sealed:k1:AAAA")),
                "0");
    cr_assert_str_eq(seal("new", "sealed:k1:AAAA"), "1");
}

// The other way round: who writes one waits for what is being sealed, and then writes it.
Test(sealed, a_token_that_is_written_while_one_is_sealed_counts)
{
    given_acme();
    (void)meanwhile(seal_sql("clear", "sealed:k1:AAAA"),
                    "UPDATE channels SET access_token = 'new'");
    cr_assert_str_eq(token(), "new");
    cr_assert_str_eq(value("SELECT token_changed_at > created_at FROM channels"), "t");
}

static const char *list(const char *key, int limit, int skip)
{
    return rows("SELECT access_token FROM list_tokens_to_seal('%s', %d, %d)", key, limit, skip);
}

Test(sealed, what_lies_open_comes_first_and_what_has_the_newest_key_not_at_all)
{
    acme = given_org(.balance = "10.00");
    static const char *const tokens[] = {"sealed:k9:x", "sealed:k2:x", "open", "sealed:k1:x",
                                         "sealed:k3:x"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        (void)given_channel(.org = acme, .access_token = tokens[i]);
    run("UPDATE channels SET status = 'disabled' WHERE access_token = 'open'");
    assert_rows(list("k2", 10, 0), "open", "sealed:k1:x", "sealed:k3:x", "sealed:k9:x");
    assert_rows(list("k2", 2, 0), "open", "sealed:k1:x");
    assert_rows(list("k2", 2, 2), "sealed:k3:x", "sealed:k9:x");
    assert_no_rows(list("k2", 2, 4));
    assert_rows(list("k9", 10, 0), "open", "sealed:k1:x", "sealed:k2:x", "sealed:k3:x");
}

// However many there are that need nothing.
Test(sealed, looking_for_nothing_reads_nothing)
{
    acme = given_org(.balance = "10.00");
    run("INSERT INTO channels (org_id, phone_number_id, access_token) SELECT '%s', "
        "n::text, 'sealed:k1:x' FROM generate_series(1, 2000) n",
        acme);
    run("BEGIN");
    run("SELECT * FROM list_tokens_to_seal('k1', 100, 0)");
    run("SELECT count_open_tokens()");
    cr_assert_str_eq(value("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables "
                           "WHERE relname = 'channels'"),
                     "0");
    run("COMMIT");
}

static const char *sealing_state(const char *newest)
{
    return value("SELECT d ->> 'state' FROM token_keys_document(%s) d", newest);
}

// A round of the janitor's, from its beginning to its end.
static void end_round(const char *key, int no_key, int not_opened)
{
    run("SELECT end_sealing((SELECT begin_sealing()), %s, %d, %d)", key, no_key, not_opened);
}

Test(sealed, how_tokens_stand_is_told_by_key)
{
    acme = given_org(.balance = "10.00");
    cr_assert_str_eq(sealing_state("NULL"), "no_keys");
    static const char *const tokens[] = {"sealed:k1:x", "sealed:k2:x", "sealed:k2:y", "open"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        (void)given_channel(.org = acme, .access_token = tokens[i]);
    end_round("'k2'", 0, 0);
    cr_assert_str_eq(value("SELECT d -> 'keys' FROM token_keys_document(NULL) d"),
                     "[{\"key\" : \"k1\", \"tokens\" : 1}, {\"key\" : \"k2\", \"tokens\" : 2}]");
    assert_rows(rows("SELECT d ->> 'newest', d ->> 'janitor', d ->> 'open', d ->> 'state' FROM "
                     "admin_get_token_keys('{}') d"),
                "k2, k2, 1, sealing");
    cr_assert(!strstr(value("SELECT admin_get_token_keys('{\"newest\": \"k2\"}')"), "sealed:"));
}

Test(sealed, a_rotation_is_done_once_no_other_key_is_in_use)
{
    static const char rotate[] = "SELECT admin_rotate_keys('operator:anna', '{\"newest\": "
                                 "\"k2\"}') ->> 'state'";
    given_acme();
    (void)seal("clear", "sealed:k1:AAAA");
    end_round("'k1'", 0, 0);
    cr_assert_str_eq(sealing_state("NULL"), "sealed");
    // Whoever asks is answered by a round that has begun since.
    const char *begun = value("SELECT begin_sealing()");
    cr_assert_str_eq(value(rotate), "sealing");
    run("SELECT end_sealing(%s, 'k2', 0, 0)", begun);
    cr_assert_str_eq(sealing_state("'k2'"), "sealing");
    end_round("'k1'", 0, 0);
    cr_assert_str_eq(sealing_state("'k2'"), "other_key");
    end_round("NULL", 0, 0);
    cr_assert_str_eq(sealing_state("'k2'"), "no_keys");
    end_round("'k2'", 1, 0);
    cr_assert_str_eq(sealing_state("'k2'"), "left");
    end_round("'k2'", 0, 1);
    cr_assert_str_eq(sealing_state("'k2'"), "left");
    end_round("'k2'", 0, 0); // somebody was just writing one
    cr_assert_str_eq(sealing_state("'k2'"), "sealing");
    (void)seal("sealed:k1:AAAA", "sealed:k2:BBBB");
    cr_assert_str_eq(sealing_state("'k2'"), "sealed");
    cr_assert_str_eq(sealing_state("NULL"), "sealed");
    cr_assert_str_eq(sealing_state("'k3'"), "other_key");
    assert_rows(rows("SELECT actor, action, after FROM audit_log WHERE object = 'token_sealing'"),
                "operator:anna, update, {\"asked\": 1, \"asked_for\": \"k2\"}");
}

// The janitor says it each time.
Test(sealed, a_round_that_ends_as_the_last_one_writes_nothing)
{
    end_round("'k1'", 0, 0);
    const char *before = value("SELECT xmin FROM token_sealing");
    end_round("'k1'", 0, 0);
    cr_assert_str_eq(value("SELECT xmin FROM token_sealing"), before);
    end_round("NULL", 0, 0);
    end_round("NULL", 0, 0);
    cr_assert_str_eq(value("SELECT count(*) FROM token_sealing WHERE key IS NULL"), "1");
}

Test(sealed, a_claim_gives_a_token_as_it_stands)
{
    given_acme();
    (void)seal("clear", "sealed:k1:AAAA");
    assert_rows(
        claim(acme, given_message(.org = acme)),
        text("%s, sealed:k1:AAAA, text, {}", value("SELECT phone_number_id FROM channels")));
}

// Nothing is lost for want of a key: the message waits with the number, and leaves once that is set
// going again.
Test(sealed, without_its_key_a_number_is_paused_and_what_met_it_waits)
{
    given_acme();
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme, .message = message, .outcome = "token:no_key"}),
                "settled, scheduled, not refunded, known code, auth");
    assert_rows(rows("SELECT status, paused_for FROM channels"), "paused, token:no_key");
    assert_rows(rows("SELECT outcome, advice ~ 'under a key' FROM alerts"), "token:no_key, t");
    make_due();
    assert_no_rows(release_due(10));
    cr_assert_str_eq(value("SELECT due_at FROM outbox"), "infinity");
    cr_assert_str_eq(balance_of(acme), "9.80");
    run("UPDATE channels SET status = 'active'");
    assert_rows(release_due(10), message);
    assert_healthy();
}

Test(sealed, what_does_not_open_fails_is_refunded_and_pauses_its_number)
{
    given_acme();
    const char *message = given_claimed_message(.org = acme);
    assert_rows(settle_sends({.org = acme, .message = message, .outcome = "token:not_opened"}),
                "settled, failed, refunded, known code, auth");
    assert_rows(rows("SELECT status, paused_for FROM channels"), "paused, token:not_opened");
    assert_rows(rows("SELECT outcome, advice ~ 'write the token' FROM alerts"),
                "token:not_opened, t");
    cr_assert_str_eq(balance_of(acme), "10.00");
    assert_healthy();
}

Test(sealed, ingress_counts_what_lies_open_and_sees_none_of_it)
{
    given_acme();
    database_connect_as("tollgate_ingress");
    cr_assert_str_eq(value("SELECT tollgate.count_open_tokens()"), "1");
    assert_refused(INSUFFICIENT_PRIVILEGE,
                   "SELECT * FROM tollgate.list_tokens_to_seal('k1', 1, 0)");
    assert_refused(INSUFFICIENT_PRIVILEGE, "SELECT tollgate.seal_tokens('{}', '{}', '{}', '{}')");
    assert_refused(INSUFFICIENT_PRIVILEGE, "SELECT access_token FROM tollgate.channels");
}
