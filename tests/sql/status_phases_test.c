// The phases of apply_statuses, each alone (sql/core/statuses.sql), and the money that they move.

#include "tests/sql/inbound.h"

TestSuite(status_phases, .init = database_create, .fini = database_drop);

struct status {
    const char *org; // whose number tells it
    const char *number;
    const char *message; // null: not named
    const char *wamid;   // "wamid.1"
    const char *status;  // "delivered"
    const char *code;
    const char *error;
    const char *pricing;
    long at; // 1000
};
// The items of a batch as find_statuses gives them: an expression for the other phases.
#define found(...)                                                                                 \
    found_sql((struct status[]){__VA_ARGS__},                                                      \
              sizeof(struct status[]){__VA_ARGS__} / sizeof(struct status))

static const char *quoted(const char *word)
{
    return word ? text("'%s'", word) : "NULL";
}

static const char *found_sql(const struct status *statuses, size_t n)
{
    const char *items = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct status *s = &statuses[i];
        const char *number = s->number ? s->number : number_of_org(s->org);
        const char *row =
            text("(%zu, '%s', %s, %s::uuid, %s, %ld::bigint, %s::text, %s::text, "
                 "%s::text)",
                 i, number, quoted(s->wamid ? s->wamid : "wamid.1"), quoted(s->message),
                 quoted(s->status ? s->status : "delivered"), s->at ? s->at : 1000,
                 quoted(s->pricing), quoted(s->code), quoted(s->error));
        items = items ? text("%s, %s", items, row) : row;
    }
    return text("ARRAY(SELECT i FROM (SELECT array_agg(a ORDER BY n) AS a, array_agg(b ORDER BY n) "
                "AS b, array_agg(c ORDER BY n) AS c, array_agg(d ORDER BY n) AS d, array_agg(e "
                "ORDER BY n) AS e, array_agg(f ORDER BY n) AS f, array_agg(g ORDER BY n) AS g, "
                "array_agg(h ORDER BY n) AS h FROM (VALUES %s) AS v (n, a, b, c, d, e, f, g, h)) "
                "batch, find_statuses(a, b, c, d, e, f, g, h, NULL) i)",
                items);
}

// A message that was sent as that wamid.
static const char *given_sent(const char *org, const char *wamid)
{
    const char *message = given_claimed_message(.org = org);
    (void)settle_sends({.org = org, .message = message, .wamid = wamid});
    run("UPDATE messages SET created_at = to_timestamp(0)"); // before what Meta tells of it
    return message;
}

Test(status_phases, a_status_is_found_its_message_by_id_or_by_wamid)
{
    const char *acme = given_org_with_channel("100.00");
    const char *beta = given_org_with_channel("100.00");
    const char *message = given_sent(acme, "wamid.1");
    const char *inbound = given_inbound(.org = acme, .wamid = "wamid.in");
    assert_rows(
        rows("SELECT i.verdict, i.org_id = '%s', i.message_id = '%s' FROM unnest(%s) i ORDER BY "
             "i.n",
             acme, message,
             found({.org = acme, .message = message}, {.org = acme},
                   {.org = acme, .message = message, .wamid = "wamid.other"}, {.org = beta},
                   {.org = beta, .message = message}, {.number = "999"},
                   {.org = acme, .wamid = "wamid.in"}, {.org = acme, .message = inbound},
                   {.org = acme, .message = new_id(), .wamid = "wamid.no"})),
        "applied, t, t", "applied, t, t", "foreign_message, t, t", "unknown_message, f, null",
        "foreign_message, f, t", "unknown_number, null, null", "unknown_message, t, null",
        "foreign_message, t, f", "unknown_message, t, null");
}

Test(status_phases, a_failure_and_a_refunded_message_may_move_money)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_sent(acme, "wamid.1");
    (void)given_sent(acme, "wamid.2");
    run("UPDATE messages SET refunded = true WHERE wamid = 'wamid.2'");
    assert_rows(rows("SELECT i.may_move_money FROM unnest(%s) i ORDER BY i.n",
                     found({.org = acme}, {.org = acme, .status = "failed"},
                           {.org = acme, .wamid = "wamid.2"}, {.org = acme, .wamid = "wamid.3"})),
                "f", "t", "t", "f");
}

Test(status_phases, what_meta_has_leaves_the_outbox_and_calls_up_the_next)
{
    const char *acme = given_org_with_channel("100.00");
    const char *phone = new_phone();
    const char *message = given_claimed_message(.org = acme, .phone = phone);
    const char *held = given_message(.org = acme, .phone = phone);
    const char *items = found({.org = acme, .message = message}, {.org = acme, .message = message},
                              {.org = acme, .message = new_id()});
    assert_rows(rows("SELECT * FROM take_out_known(%s)", items),
                text("{%s}, {1}, {%s}", message, held));
    assert_rows(rows("SELECT message_id, state FROM outbox"), text("%s, queued", held));
    assert_rows(rows("SELECT * FROM take_out_known(%s)", items), "null, null, null");
}

static const char *sums(const char *items)
{
    return rows("SELECT s.n, s.status, s.is_failing, s.is_refunded, s.is_charged_again, "
                "CASE WHEN s.is_failing THEN s.error_code END, s.action, s.unknown_code "
                "FROM unnest(sum_statuses(%s)) s ORDER BY s.n",
                items);
}

Test(status_phases, the_furthest_status_counts_in_whatever_order)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_sent(acme, "wamid.1");
    const char *const delivered = "1, delivered, f, f, f, null, null, null";
    assert_rows(sums(found({.org = acme, .status = "sent"})), "1, sent, f, f, f, null, null, null");
    assert_rows(sums(found({.org = acme, .status = "sent"}, {.org = acme})), delivered);
    assert_rows(sums(found({.org = acme}, {.org = acme, .status = "sent"})), delivered);
    assert_rows(sums(found({.org = acme, .status = "read"}, {.org = acme})),
                "1, read, f, f, f, null, null, null");
    run("UPDATE messages SET read_at = now()");
    assert_rows(sums(found({.org = acme, .status = "failed", .code = "131026"})),
                "1, read, t, f, f, 131026, none, f");
}

Test(status_phases, a_failure_counts_once_by_the_first_code)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_sent(acme, "wamid.1");
    const char *items =
        found({.org = acme, .status = "sent"}, {.org = acme, .status = "failed", .code = "131049"},
              {.org = acme, .status = "failed", .code = "131026"});
    assert_rows(sums(items), "1, failed, t, t, f, 131049, none, f");
    assert_rows(sums(found({.org = acme, .status = "failed"})),
                "1, failed, t, f, f, unspecified, none, t");
    run("UPDATE messages SET failed_at = now()");
    assert_rows(sums(items), "1, failed, f, f, f, null, null, null");
}

Test(status_phases, what_is_delivered_after_a_refund_is_charged_again_unless_that_was_waived)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_sent(acme, "wamid.1");
    assert_rows(sums(found({.org = acme, .status = "failed", .code = "131049"}, {.org = acme})),
                "1, delivered, t, t, t, 131049, none, f");
    run("UPDATE messages SET refunded = true, failed_at = now()");
    assert_rows(sums(found({.org = acme})), "1, delivered, f, f, t, null, null, null");
    assert_rows(sums(found({.org = acme, .status = "sent"})),
                "1, failed, f, f, f, null, null, null");
    run("UPDATE messages SET refund_waived = true");
    assert_rows(sums(found({.org = acme})), "1, delivered, f, f, f, null, null, null");
}

Test(status_phases, each_status_keeps_the_earliest_time_and_the_first_price)
{
    const char *acme = given_org_with_channel("100.00");
    (void)given_sent(acme, "wamid.1");
    assert_rows(rows("SELECT extract(epoch FROM s.sent_at)::int, extract(epoch FROM "
                     "s.delivered_at)::int, s.read_at, s.failed_at, s.pricing, s.wamid FROM "
                     "unnest(sum_statuses(%s)) s",
                     found({.org = acme, .at = 30}, {.org = acme, .at = 20, .pricing = "{\"a\":1}"},
                           {.org = acme, .at = 40, .pricing = "{\"a\":2}"},
                           {.org = acme, .status = "sent", .at = 10})),
                "10, 20, null, null, {\"a\":1}, wamid.1");
}

Test(status_phases, the_record_moves_forward_only)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_sent(acme, "wamid.1");
    const char *const record = "SELECT status, attempts, wamid, extract(epoch FROM "
                               "delivered_at)::int, refunded, refund_waived, error_code FROM "
                               "messages";
    run("SELECT record_statuses(sum_statuses(%s), '{%s}', '{3}', '{}')",
        found({.org = acme, .message = message, .at = 50}), message);
    assert_rows(rows("%s", record), "delivered, 3, wamid.1, 50, f, f, null");
    run("SELECT record_statuses(sum_statuses(%s), NULL, NULL, '{}')",
        found({.org = acme, .at = 60}, {.org = acme, .status = "sent"}));
    assert_rows(rows("%s", record), "delivered, 3, wamid.1, 50, f, f, null");
}

Test(status_phases, the_record_tells_a_refund_that_was_taken_back_or_waived)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_sent(acme, "wamid.1");
    const char *items =
        found({.org = acme, .status = "failed", .code = "131049", .error = "no"}, {.org = acme});
    const char *const record = "SELECT status, refunded, refund_waived, error_code, error_message "
                               "FROM messages";
    run("BEGIN");
    run("SELECT record_statuses(sum_statuses(%s), NULL, NULL, '{%s}')", items, message);
    assert_rows(rows("%s", record), "delivered, f, f, 131049, no");
    run("ROLLBACK");
    run("SELECT record_statuses(sum_statuses(%s), NULL, NULL, '{}')", items);
    assert_rows(rows("%s", record), "delivered, t, t, 131049, no");
}

Test(status_phases, what_a_message_brought_is_told_once)
{
    const char *acme = given_org_with_channel("100.00");
    const char *message = given_sent(acme, "wamid.1");
    const char *next = new_id();
    const char *items = found({.org = acme, .wamid = "wamid.2"},
                              {.org = acme, .status = "failed", .code = "131049"}, {.org = acme});
    assert_rows(rows("SELECT verdict, refunded, reversed, unknown_code, released_id FROM "
                     "tell_applied(%s, sum_statuses(%s), '{%s}', '{%s}', '{%s}', NULL)",
                     items, items, message, next, message),
                "unknown_message, f, f, f, null", text("applied, t, t, f, %s", next),
                "applied, f, f, f, null");
}

Test(status_phases, fees_move_one_message_after_the_other)
{
    const char *acme = given_org_with_channel("0.40");
    const char *a = given_settled_message(acme, "sent");
    const char *b = given_settled_message(acme, "sent");
    cr_assert_str_eq(balance_of(acme), "0.00");
    // The fee of b is taken again of what a was given back; then nothing is left for a.
    cr_assert_str_eq(value("SELECT move_fees('{%s,%s,%s}', '{%s,%s,%s}', '{t,f,f}', '{f,t,t}')",
                           acme, acme, acme, a, b, a),
                     text("{%s}", b));
    assert_rows(ledger_of(acme), "recharge, 0.40, 0.40", "service_fee, -0.20, 0.20",
                "service_fee, -0.20, 0.00", "refund, 0.20, 0.20", "refund_reversal, -0.20, 0.00");
}
