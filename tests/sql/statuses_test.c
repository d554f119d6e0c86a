// What Meta's statuses leave behind: the same in whatever order they come, before and after the
// answer to the send; the money moves once, and only for a message of the number that the status
// came from.

#include "tests/sql/inbound.h"

#include <stdio.h>
#include <string.h>

TestSuite(statuses, .init = database_create, .fini = database_drop, .timeout = 120);

struct status_spec {
    const char *org;     // whose number it comes from
    const char *message; // null: no biz_opaque_callback_data
    const char *wamid;   // wamid.MESSAGE
    const char *status;  // "sent"
    const char *code;    // of failed
    const char *pricing;
    long at; // 1763800000
};

static const char *quoted(const char *text_or_null)
{
    return text_or_null ? text("'%s'", text_or_null) : "NULL";
}

// Applies one status; returns rows of verdict, refunded, reversed and unknown_code.
#define apply(...) apply_status((struct status_spec){__VA_ARGS__})
static const char *apply_status(struct status_spec spec)
{
    return rows("SELECT verdict, refunded, reversed, unknown_code FROM apply_statuses("
                "ARRAY['%s'], ARRAY['%s'], ARRAY[%s]::uuid[], ARRAY['%s'], ARRAY[%ld]::bigint[], "
                "ARRAY[%s]::text[], ARRAY[%s]::text[], ARRAY['what Meta says'])",
                number_of_org(spec.org), spec.wamid ? spec.wamid : text("wamid.%s", spec.message),
                quoted(spec.message), spec.status ? spec.status : "sent",
                spec.at ? spec.at : 1763800000, quoted(spec.pricing), quoted(spec.code));
}

// What happens to a message, in some order: its statuses and the answer to its send.
enum { SENT, DELIVERED, READ, FAILED, ANSWER, HAPPENINGS };
static const char *const names[HAPPENINGS] = {"sent", "delivered", "read", "failed", "answer"};

static void happen(const char *org, const char *message, int happening, const char *code)
{
    if (happening == ANSWER)
        (void)settle_sends({.org = org, .message = message});
    else
        (void)apply(.org = org, .message = message, .status = names[happening],
                    .code = happening == FAILED ? code : NULL);
}

static const char *kinds_of(const char *message)
{
    return value(
        "SELECT coalesce(string_agg(kind || ' ' || money_text(amount), ', ' ORDER BY n), '') "
        "FROM wallet_transactions WHERE message_id = '%s'",
        message);
}

// What must be left of these happenings, in whatever order they came.
static const char *expected_status(unsigned set)
{
    return set & 1 << READ        ? "read"
           : set & 1 << DELIVERED ? "delivered"
           : set & 1 << FAILED    ? "failed"
                                  : "sent";
}

static const char *expected_ledger(unsigned set, bool refundable)
{
    bool refunded = refundable && set & 1 << FAILED;
    return !refunded ? "service_fee -0.20"
           : set & (1 << READ | 1 << DELIVERED)
               ? "service_fee -0.20, refund 0.20, refund_reversal -0.20"
               : "service_fee -0.20, refund 0.20";
}

static int tried;

static void expect_same(const char *org, const int *order, size_t n, bool twice, const char *code)
{
    bool refundable = strcmp(code, "131000") == 0;
    const char *message = given_claimed_message(.org = org);
    unsigned set = 0;
    char described[80] = "";
    for (size_t i = 0; i < n; i++) {
        set |= 1U << order[i];
        snprintf(described + strlen(described), sizeof described - strlen(described), " %s",
                 names[order[i]]);
        for (int times = 0; times < (twice ? 2 : 1); times++)
            happen(org, message, order[i], code);
    }
    cr_assert_str_eq(status_of(message), expected_status(set), "%s:%s", code, described);
    cr_assert_str_eq(kinds_of(message), expected_ledger(set, refundable), "%s:%s", code, described);
    cr_assert_str_eq(state_of(message), "gone", "%s:%s", code, described);
    cr_assert_str_eq(value("SELECT concat_ws(' ', sent_at IS NOT NULL, delivered_at IS NOT NULL, "
                           "read_at IS NOT NULL, failed_at IS NOT NULL, error_code, wamid = "
                           "'wamid.' || id, attempts) FROM messages WHERE id = '%s'",
                           message),
                     text("%s %s %s %s%s t 1", set & (1 << SENT | 1 << ANSWER) ? "t" : "f",
                          set & 1 << DELIVERED ? "t" : "f", set & 1 << READ ? "t" : "f",
                          set & 1 << FAILED ? "t " : "f", set & 1 << FAILED ? code : ""),
                     "%s:%s", code, described);
    tried++;
}

// Every order of the members that are left, behind those that are chosen.
// NOLINTNEXTLINE(misc-no-recursion): as deep as there are happenings
static void permute(const char *org, int *order, size_t chosen, unsigned left, bool twice,
                    const char *code)
{
    if (left == 0)
        expect_same(org, order, chosen, twice, code);
    for (int i = 0; i < HAPPENINGS; i++) {
        if (!(left & 1U << i))
            continue;
        order[chosen] = i;
        permute(org, order, chosen + 1, left & ~(1U << i), twice, code);
    }
}

static void expect_every_order(bool twice, const char *code)
{
    const char *org = given_org_with_channel("1000.00");
    int order[HAPPENINGS];
    for (unsigned set = 1; set < 1U << ANSWER; set++)
        permute(org, order, 0, set | 1U << ANSWER, twice, code);
    cr_assert_gt(tried, 200);
    assert_healthy();
}

Test(statuses, every_order_leaves_the_same_of_a_refundable_failure)
{
    expect_every_order(false, "131000");
}

Test(statuses, every_order_leaves_the_same_of_a_failure_that_is_not_refundable)
{
    expect_every_order(false, "131026");
}

Test(statuses, every_order_leaves_the_same_with_all_doubled)
{
    expect_every_order(true, "131000");
}

Test(statuses, a_batch_counts_like_one_after_the_other)
{
    const char *org = given_org_with_channel("10.00");
    const char *message = given_settled_message(org, "sent");
    const char *number = number_of_org(org);
    run("UPDATE messages SET created_at = to_timestamp(1763799000)");
    assert_rows(
        rows("SELECT verdict, message_id = '%s', refunded, reversed FROM apply_statuses("
             "ARRAY['%s', '%s', '%s', '%s', '1'], array_fill('wamid.%s'::text, ARRAY[5]), "
             "ARRAY['%s', '%s', '%s', NULL, NULL]::uuid[], "
             "ARRAY['read', 'failed', 'sent', 'delivered', 'sent'], "
             "ARRAY[1763800003, 1763800001, 1763800000, 1763800002, 1]::bigint[], "
             "ARRAY[NULL, NULL, '{\"billable\": true}', '{\"billable\": false}', NULL], "
             "ARRAY[NULL, '131000', NULL, NULL, NULL], ARRAY[NULL, 'why', NULL, NULL, NULL])",
             message, number, number, number, number, message, message, message, message),
        "applied, t, t, t", "applied, t, f, f", "applied, t, f, f", "applied, t, f, f",
        "unknown_number, null, f, f");
    assert_rows(
        rows("SELECT status, error_code, error_message, pricing, refunded, "
             "extract(epoch FROM sent_at)::bigint, extract(epoch FROM delivered_at)::bigint, "
             "extract(epoch FROM read_at)::bigint, extract(epoch FROM failed_at)::bigint "
             "FROM messages WHERE id = '%s'",
             message),
        "read, 131000, why, {\"billable\": true}, f, 1763800000, 1763800002, 1763800003, "
        "1763800001");
    cr_assert_str_eq(kinds_of(message), "service_fee -0.20, refund 0.20, refund_reversal -0.20");
    cr_assert_str_eq(balance_of(org), "9.80");
    assert_healthy();
}

Test(statuses, an_unconfirmed_message_is_resolved_by_any_of_them)
{
    static const struct {
        const char *status;
        const char *left;
    } cases[] = {{"sent", "sent, null"},
                 {"delivered", "delivered, null"},
                 {"read", "read, null"},
                 {"failed", "failed, 131000"}};
    const char *org = given_org_with_channel("10.00");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *message = given_settled_message(org, "network:after_write");
        cr_assert_str_eq(status_of(message), "unconfirmed");
        (void)apply(.org = org, .message = message, .status = cases[i].status, .code = "131000");
        assert_rows(rows("SELECT status, error_code FROM messages WHERE id = '%s'", message),
                    cases[i].left);
    }
    assert_healthy();
}

Test(statuses, a_status_proves_that_a_message_must_not_be_posted_again)
{
    const char *org = given_org_with_channel("10.00");
    const char *message = given_message(.org = org, .send_in_ms = 60000);
    assert_rows(apply(.org = org, .message = message, .status = "delivered"), "applied, f, f, f");
    cr_assert_str_eq(state_of(message), "gone");
    cr_assert_str_eq(claim(org, message), "");
}

Test(statuses, are_found_by_wamid_where_our_id_is_missing)
{
    const char *org = given_org_with_channel("10.00");
    const char *message = given_settled_message(org, "sent");
    assert_rows(apply(.org = org, .wamid = text("wamid.%s", message), .status = "read"),
                "applied, f, f, f");
    cr_assert_str_eq(status_of(message), "read");
}

Test(statuses, of_another_org_s_message_move_nothing)
{
    const char *acme = given_org_with_channel("10.00");
    const char *beta = given_org_with_channel("10.00");
    const char *message = given_settled_message(acme, "sent");
    assert_rows(apply(.org = beta, .message = message, .status = "failed", .code = "131000"),
                "foreign_message, f, f, f");
    assert_rows(apply(.org = beta, .wamid = text("wamid.%s", message), .status = "failed"),
                "unknown_message, f, f, f");
    cr_assert_str_eq(status_of(message), "sent");
    cr_assert_str_eq(balance_of(acme), "9.80");
    cr_assert_str_eq(balance_of(beta), "10.00");
}

// An org that has its own token may post to Meta itself, and call that by our id.
Test(statuses, of_another_wamid_than_the_message_has_move_nothing)
{
    const char *org = given_org_with_channel("10.00");
    const char *message = given_settled_message(org, "sent");
    assert_rows(apply(.org = org, .message = message, .wamid = "wamid.another", .status = "failed",
                      .code = "131000"),
                "foreign_message, f, f, f");
    cr_assert_str_eq(status_of(message), "sent");
    cr_assert_str_eq(balance_of(org), "9.80");
}

Test(statuses, of_another_number_of_the_same_org_move_nothing)
{
    const char *org = given_org(.balance = "10.00");
    const char *first = given_channel(.org = org, .phone_number_id = "4711");
    given_channel(.org = org, .phone_number_id = "4712");
    const char *message = given_message(.org = org, .channel = first);
    assert_rows(rows("SELECT verdict FROM apply_statuses('{4712}', '{w}', '{%s}', '{delivered}', "
                     "'{1}', '{NULL}', '{NULL}', '{NULL}')",
                     message),
                "foreign_message");
    cr_assert_str_eq(state_of(message), "queued");
}

Test(statuses, of_an_inbound_message_move_nothing)
{
    const char *org = given_org_with_channel("10.00");
    const char *number = number_of_org(org);
    run("SELECT * FROM receive_messages(ARRAY[gen_random_uuid()], '{%s}', '{wamid.in}', "
        "'{919876543210}', '{NULL}', '{NULL}', '{NULL}', '{text}', '{hi}', '{NULL}', '{NULL}', "
        "'{NULL}', '{NULL}', '{\"{}\"}', '{1}')",
        number);
    assert_rows(apply(.org = org, .wamid = "wamid.in", .status = "delivered"),
                "unknown_message, f, f, f");
}

Test(statuses, the_fee_is_waived_where_the_balance_does_not_carry_it_again)
{
    const char *org = given_org_with_channel("0.20");
    const char *message = given_settled_message(org, "sent");
    assert_rows(apply(.org = org, .message = message, .status = "failed", .code = "131000"),
                "applied, t, f, f");
    cr_assert_str_eq(balance_of(org), "0.20");
    (void)given_settled_message(org, "sent"); // spends it
    assert_rows(apply(.org = org, .message = message, .status = "delivered"), "applied, f, f, f");
    assert_rows(apply(.org = org, .message = message, .status = "read"), "applied, f, f, f");
    assert_rows(
        rows("SELECT status, refunded, refund_waived FROM messages WHERE id = '%s'", message),
        "read, t, t");
    cr_assert_str_eq(balance_of(org), "0.00");
    assert_healthy();
}

Test(statuses, a_failure_without_a_rule_is_told_and_not_refunded)
{
    const char *org = given_org_with_channel("10.00");
    const char *unknown = given_settled_message(org, "sent");
    const char *silent = given_settled_message(org, "sent");
    assert_rows(apply(.org = org, .message = unknown, .status = "failed", .code = "999999"),
                "applied, f, f, t");
    assert_rows(apply(.org = org, .message = silent, .status = "failed"), "applied, f, f, t");
    assert_rows(rows("SELECT status, error_code FROM messages WHERE id IN ('%s', '%s') ORDER BY 2",
                     unknown, silent),
                "failed, 999999", "failed, unspecified");
    cr_assert_str_eq(balance_of(org), "9.60");
    assert_healthy();
}

Test(statuses, who_stopped_marketing_is_opted_out_of_bulk)
{
    const char *org = given_org_with_channel("10.00");
    const char *later = given_claimed_message(.org = org, .phone = "919800000002");
    (void)settle_sends({.org = org, .message = later});
    (void)apply(.org = org, .message = later, .status = "failed", .code = "131050");
    assert_rows(accept_sends({.org = org, .priority = "bulk", .phone = "919800000002"},
                             {.org = org, .phone = "919800000002"}),
                "contact_opted_out, null, 9.80, 0.20", "accepted, queued, 9.60, 0.20");
    const char *other = given_claimed_message(.org = org, .phone = "919800000001");
    (void)settle_sends({.org = org, .message = other, .outcome = "131050"});
    assert_rows(accept_sends({.org = org, .priority = "bulk", .phone = "919800000001"}),
                "contact_opted_out, null, 9.40, 0.20");
}

// Meta's clock has whole seconds, ours has more.
Test(statuses, tell_of_nothing_before_the_message_was_there)
{
    const char *org = given_org_with_channel("10.00");
    const char *ids[2] = {given_claimed_message(.org = org), given_settled_message(org, "sent")};
    run("UPDATE messages SET created_at = to_timestamp(1763800000.75)");
    for (size_t i = 0; i < 2; i++) {
        for (int status = SENT; status <= FAILED; status++)
            (void)apply(.org = org, .message = ids[i], .status = names[status],
                        .at = 1763800000 + (status == READ));
        assert_rows(rows("SELECT sent_at = created_at, delivered_at = created_at, "
                         "extract(epoch FROM read_at), failed_at = created_at FROM messages WHERE "
                         "id = '%s'",
                         ids[i]),
                    "t, t, 1763800001.000000, t");
    }
}

Test(statuses, a_failure_is_judged_by_its_subcode_and_its_words_too)
{
    const char *org = given_org_with_channel("10.00");
    const char *plain = given_settled_message(org, "sent");
    const char *gone = given_settled_message(org, "sent");
    const char *number = number_of_org(org);
    assert_rows(
        rows("SELECT refunded, unknown_code FROM apply_statuses('{%s,%s}', '{wamid.%s,wamid.%s}', "
             "'{%s,%s}', '{failed,failed}', '{1763800000,1763800000}', '{NULL,NULL}', '{100,100}', "
             "'{no,no}', '{0,33}')",
             number, number, plain, gone, plain, gone),
        "f, f", "t, f");
    assert_rows(rows("SELECT error_subcode FROM messages ORDER BY error_subcode"), "33", "null");
    (void)apply(.org = org, .message = gone, .status = "delivered");
    assert_rows(rows("SELECT error_subcode FROM messages WHERE id = '%s'", gone), "33");
    assert_healthy();
}

static void apply_at_once(struct session *session, int thread)
{
    static const char *const statuses[] = {"failed", "delivered", "read", "failed"};
    const char *answer = session_rows_again(
        session,
        text(
            "SELECT count(*) FROM (SELECT (array_agg(m.id ORDER BY %s)) AS ids FROM messages m) x, "
            "LATERAL apply_statuses((SELECT array_agg(c.phone_number_id) FROM channels c, "
            "generate_series(1, cardinality(ids))), ARRAY(SELECT 'wamid.' || i FROM unnest(ids) "
            "i), ids, "
            "array_fill('%s'::text, ARRAY[cardinality(ids)]), "
            "array_fill(1763800000::bigint, ARRAY[cardinality(ids)]), "
            "array_fill(NULL::text, ARRAY[cardinality(ids)]), "
            "array_fill('131000'::text, ARRAY[cardinality(ids)]), "
            "array_fill(NULL::text, ARRAY[cardinality(ids)]))",
            thread % 2 ? "m.id" : "m.id DESC", statuses[thread % 4]));
    cr_assert_str_eq(answer, "20\n");
}

// Whatever the order in each batch. A refund that is seen late may make a deadlock of it: that one
// is applied again.
Test(statuses, at_the_same_moment_leave_the_same)
{
    const char *org = given_org_with_channel("100.00");
    for (int i = 0; i < 20; i++)
        (void)given_settled_message(org, "sent");
    at_once(8, apply_at_once);
    assert_rows(rows("SELECT status, count(*) FROM messages GROUP BY 1"), "read, 20");
    assert_rows(rows("SELECT kind, count(*) FROM wallet_transactions GROUP BY 1 ORDER BY 1"),
                "recharge, 1", "refund, 20", "refund_reversal, 20", "service_fee, 20");
    cr_assert_str_eq(balance_of(org), "96.00");
    assert_healthy();
}

// A person's transaction.
Test(statuses, a_held_wallet_keeps_its_own_org_waiting_only)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    const char *held = given_settled_message(acme, "sent");
    const char *failed = given_settled_message(beta, "sent");
    struct session *person = session_open();
    (void)session_rows(person, "BEGIN");
    (void)session_rows(person, "SELECT 1 FROM wallets WHERE org_id = '%s' FOR UPDATE", acme);
    run("SET lock_timeout = '2s'");
    const char *both =
        text("SELECT verdict, refunded FROM apply_statuses(ARRAY['%s', '%s', '%s'], "
             "ARRAY['wamid.%s', 'wamid.%s', 'wamid.%s'], ARRAY['%s', '%s', '%s']::uuid[], "
             "ARRAY['failed', 'failed', 'delivered'], ARRAY[1, 1, 1]::bigint[], "
             "ARRAY[NULL, NULL, NULL]::text[], ARRAY['131049', '131049', NULL], "
             "ARRAY[NULL, NULL, NULL]::text[])",
             number_of_org(acme), number_of_org(beta), number_of_org(acme), held, failed, held,
             held, failed, held);
    assert_rows(rows("%s", both), "wallet_held, f", "applied, t", "applied, f");
    cr_assert_str_eq(status_of(held), "delivered");
    (void)session_rows(person, "ROLLBACK");
    session_close(person);
    assert_rows(rows("%s", both), "applied, t", "applied, f", "applied, f");
    assert_healthy();
}

Test(statuses, that_take_a_fee_again_are_told_of)
{
    const char *acme = given_org_with_channel("10.00");
    run("SELECT set_event_wishes('%s', '{wallet.refund_reversed}')", acme);
    const char *message = given_settled_message(acme, "sent");
    (void)apply(.org = acme, .message = message, .status = "failed", .code = "131000");
    assert_no_rows(rows("SELECT type FROM events"));
    (void)apply(.org = acme, .message = message, .status = "delivered");
    (void)apply(.org = acme, .message = message, .status = "read");
    assert_rows(rows("SELECT type, message_id = '%s', data ->> 'message_id' = '%s', "
                     "data ->> 'amount', data ->> 'balance', data ->> 'currency' FROM events",
                     message, message),
                "wallet.refund_reversed, t, t, -0.20, 9.80, INR");
    assert_healthy();
}
