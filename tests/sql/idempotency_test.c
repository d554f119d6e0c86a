// Idempotency keys: whoever asks again gets the first answer, and nothing is sent or charged twice.

#include "tests/sql/givens.h"

#include <string.h>

TestSuite(idempotency, .init = database_create, .fini = database_drop);

Test(idempotency, the_same_key_and_body_gets_the_first_answer)
{
    const char *acme = given_org_with_channel("10.00");
    const char *id = new_id();
    assert_rows(accept_sends({.org = acme, .id = id, .key = "k"}), "accepted, queued, 9.80, 0.20");
    (void)claim(acme, id);
    (void)settle_sends({.org = acme, .message = id});
    (void)given_message(.org = acme);
    const struct send_spec again = {.org = acme, .key = "k"};
    assert_rows(rows("%s", accept_sends_sql(&again, 1)), "duplicate, queued, 9.80, 0.20");
    cr_assert_str_eq(balance_of(acme), "9.60");
    cr_assert_str_eq(number_of("messages"), "2");
    assert_healthy();
}

Test(idempotency, a_duplicate_names_the_first_message)
{
    const char *acme = given_org_with_channel("10.00");
    const char *id = given_message(.org = acme, .key = "k");
    assert_rows(
        rows("SELECT verdict, message_id FROM accept_sends(ARRAY[gen_random_uuid()], "
             "ARRAY['%s']::uuid[], '{NULL}', '{919876543210}', '{NULL}', '{text}', '{\"{}\"}', "
             "'{NULL}', '{high}', '{NULL}', '{NULL}', '{k}', ARRAY[sha256('{}')])",
             acme),
        text("duplicate, %s", id));
}

Test(idempotency, the_same_key_with_another_body_is_a_conflict)
{
    const char *acme = given_org_with_channel("10.00");
    (void)given_message(.org = acme, .key = "k", .body = "one");
    assert_rows(accept_sends({.org = acme, .key = "k", .body = "two"}),
                "idempotency_conflict, null, 9.80, 0.20");
    cr_assert_str_eq(number_of("messages"), "1");
    cr_assert_str_eq(balance_of(acme), "9.80");
}

Test(idempotency, each_org_has_its_own_keys)
{
    const char *acme = given_org_with_channel("10.00");
    const char *beta = given_org_with_channel("10.00");
    assert_rows(accept_sends({.org = acme, .key = "k"}, {.org = beta, .key = "k"}),
                "accepted, queued, 9.80, 0.20", "accepted, queued, 9.80, 0.20");
    assert_rows(accept_sends({.org = beta, .key = "k"}), "duplicate, queued, 9.80, 0.20");
}

Test(idempotency, a_refusal_is_not_kept)
{
    const char *acme = given_org_with_channel("0.10");
    assert_rows(accept_sends({.org = acme, .key = "k"}), "insufficient_balance, null, 0.10, 0.20");
    cr_assert_str_eq(number_of("idempotency_keys"), "0");
    run("SELECT add_wallet_credits('%s', 1, 'paid')", acme);
    assert_rows(accept_sends({.org = acme, .key = "k", .body = "another"}),
                "accepted, queued, 0.90, 0.20");
}

Test(idempotency, a_duplicate_is_told_whatever_has_become_of_the_org)
{
    const char *acme = given_org_with_channel("0.20");
    (void)given_message(.org = acme, .key = "k");
    run("UPDATE organizations SET status = 'suspended'");
    run("UPDATE channels SET status = 'paused'");
    assert_rows(accept_sends({.org = acme, .key = "k"}), "duplicate, queued, 0.00, 0.20");
}

Test(idempotency, a_duplicate_is_told_when_its_time_is_over)
{
    const char *acme = given_org_with_channel("10.00");
    const char *id = new_id();
    assert_rows(accept_sends({.org = acme, .id = id, .key = "k"}), "accepted, queued, 9.80, 0.20");
    assert_rows(accept_sends({.org = acme, .key = "k", .not_after_in_ms = -1}),
                "duplicate, queued, 9.80, 0.20");
    // The lane does not know whether it was accepted and asks once more.
    assert_rows(accept_sends({.org = acme, .id = id, .key = "k", .not_after_in_ms = -1}),
                "accepted, queued, 9.80, 0.20");
    assert_rows(accept_sends({.org = acme, .key = "l", .not_after_in_ms = -1}),
                "expired, null, 9.80, 0.20");
    cr_assert_str_eq(number_of("messages"), "1");
    assert_healthy();
}

Test(idempotency, within_one_batch_the_first_counts)
{
    const char *acme = given_org_with_channel("0.20");
    assert_rows(accept_sends({.org = acme, .key = "k"}, {.org = acme, .key = "k"},
                             {.org = acme, .key = "k", .body = "another"},
                             {.org = acme, .key = "l"}),
                "accepted, queued, 0.00, 0.20", "duplicate, queued, 0.00, 0.20",
                "idempotency_conflict, null, 0.00, 0.20", "insufficient_balance, null, 0.00, 0.20");
    cr_assert_str_eq(number_of("messages"), "1");
    assert_healthy();
}

Test(idempotency, within_one_batch_what_refuses_the_first_refuses_the_others)
{
    const char *acme = given_org_with_channel("0.10");
    assert_rows(accept_sends({.org = acme, .key = "k"}, {.org = acme, .key = "k"}),
                "insufficient_balance, null, 0.10, 0.20", "insufficient_balance, null, 0.10, 0.20");
    cr_assert_str_eq(number_of("idempotency_keys"), "0");
}

Test(idempotency, a_batch_that_is_repeated_as_a_whole_is_answered_as_the_first_time)
{
    const char *acme = given_org_with_channel("10.00");
    const struct send_spec batch[] = {
        {.org = acme, .id = new_id(), .phone = "15550000001", .key = "k"},
        {.org = acme, .id = new_id(), .phone = "15550000002", .key = "k"},
        {.org = acme, .id = new_id(), .phone = "15550000003", .key = "l"},
        {.org = acme, .id = new_id(), .phone = "15550000004", .key = "l", .body = "another"},
    };
    static const char *const answers[] = {"accepted, queued, 9.80", "duplicate, queued, 9.80",
                                          "accepted, queued, 9.60", "idempotency_conflict"};
    for (int times = 0; times < 2; times++) {
        assert_rows(
            rows("SELECT CASE WHEN status IS NULL THEN verdict ELSE concat_ws(', ', verdict, "
                 "status, balance) END FROM (%s) a",
                 accept_sends_sql(batch, 4)),
            answers[0], answers[1], answers[2], answers[3]);
        if (times == 0)
            (void)claim(acme, batch[0].id);
    }
    cr_assert_str_eq(number_of("messages"), "2");
    cr_assert_str_eq(balance_of(acme), "9.60");
    assert_healthy();
}

enum { THREADS = 10, TIMES = 5 };
static const char *org;
static int accepted[THREADS], duplicates[THREADS];

static void ask_again_and_again(struct session *session, int thread)
{
    for (int i = 0; i < TIMES; i++) {
        const struct send_spec send = {.org = org, .key = "k"};
        const char *verdict = session_rows_again(session, accept_sends_sql(&send, 1));
        accepted[thread] += strncmp(verdict, "accepted, ", 10) == 0;
        duplicates[thread] += strncmp(verdict, "duplicate, queued, 9.80, ", 25) == 0;
    }
}

Test(idempotency, of_fifty_at_the_same_moment_one_is_sent)
{
    org = given_org_with_channel("10.00");
    at_once(THREADS, ask_again_and_again);
    int all_accepted = 0;
    int all_duplicates = 0;
    for (int i = 0; i < THREADS; i++) {
        all_accepted += accepted[i];
        all_duplicates += duplicates[i];
    }
    cr_assert_eq(all_accepted, 1);
    cr_assert_eq(all_duplicates, THREADS * TIMES - 1);
    cr_assert_str_eq(number_of("messages"), "1");
    cr_assert_str_eq(balance_of(org), "9.80");
    assert_healthy();
}

Test(idempotency, the_first_answer_never_changes)
{
    const char *acme = given_org_with_channel("10.00");
    (void)given_message(.org = acme, .key = "k");
    assert_refused(RESTRICT_VIOLATION, "UPDATE idempotency_keys SET status = 'sent'");
}

Test(idempotency, old_keys_are_deleted_and_others_are_not)
{
    const char *acme = given_org_with_channel("10.00");
    (void)accept_sends({.org = acme, .key = "1"}, {.org = acme, .key = "2"},
                       {.org = acme, .key = "3"}, {.org = acme, .key = "4"});
    run("SET session_replication_role = replica");
    run("UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 minute' "
        "* (CASE key WHEN '4' THEN 0.9 ELSE 1 END) WHERE key <> '3'");
    run("SET session_replication_role = origin");
    cr_assert_str_eq(value("SELECT delete_idempotency_keys(86400, 1)"), "1");
    cr_assert_str_eq(value("SELECT delete_idempotency_keys(86400, 10)"), "1");
    cr_assert_str_eq(value("SELECT delete_idempotency_keys(86400, 10)"), "0");
    assert_rows(rows("SELECT key FROM idempotency_keys ORDER BY 1"), "3", "4");
    assert_rows(accept_sends({.org = acme, .key = "1"}), "accepted, queued, 9.00, 0.20");
    assert_healthy();
}
