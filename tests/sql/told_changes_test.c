// What Meta has posted, for endpoints that take Meta's webhooks: whose it is, and that it is told
// once.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(told_changes, .init = database_create, .fini = database_drop);

#define CHANNEL(org) value("SELECT id FROM channels WHERE org_id = '%s'", org)

static const char *acme;

static void ask(const char *org, const char *types)
{
    run("SELECT set_event_wishes('%s', '{%s}')", org, types);
}

static const char *given_asking(const char *name)
{
    const char *org = given_org(.name = name, .balance = "10.00");
    given_channel(.org = org);
    run("UPDATE channels SET waba_id = '1001' WHERE org_id = '%s'", org);
    ask(org, "meta.*");
    return org;
}

struct item_spec {
    const char *number;  // null
    const char *account; // null
    long at;             // now
    const char *message; // null
    const char *wamid;   // null
};

// The name of who is told of the item, its message, whether that is named by us, and by whom how.
#define owner(...) owner_of((struct item_spec){__VA_ARGS__})
static const char *owner_of(struct item_spec spec)
{
#define QUOTED(what) ((what) ? text("'%s'", what) : "NULL")
    return rows("SELECT n.name, o.channel_id IS NOT NULL, o.message_id, o.is_ours, o.callback_data "
                "FROM find_change_owners(ARRAY[%s]::text[], ARRAY[%s]::text[], ARRAY[%ld::bigint], "
                "ARRAY[%s]::uuid[], ARRAY[%s]::text[]) o LEFT JOIN organizations n ON n.id = "
                "o.org_id",
                QUOTED(spec.number), QUOTED(spec.account), spec.at, QUOTED(spec.message),
                QUOTED(spec.wamid));
}

Test(told_changes, somebody_asks_who_has_an_endpoint_for_it_and_no_other)
{
    acme = given_org(.name = "Acme");
    const char *asked = "SELECT asked FROM are_changes_asked()";
    assert_rows(rows("%s", asked), "f");
    ask(acme, "*,message.received");
    assert_rows(rows("%s", asked), "f");
    ask(acme, "*,meta.*");
    assert_rows(rows("%s", asked), "t");
    ask(acme, "message.*");
    assert_rows(rows("%s", asked), "f");
}

Test(told_changes, are_of_the_org_whose_number_it_is_if_that_asks)
{
    acme = given_asking("Acme");
    const char *beta = given_org_with_channel("1.00");
    assert_rows(owner(.number = number_of_org(acme)), "Acme, t, null, f, null");
    assert_rows(owner(.number = number_of_org(beta)), "null, f, null, f, null");
    assert_rows(owner(.number = "4711"), "null, f, null, f, null");
    assert_rows(owner(.number = "4711", .account = "1001"), "Acme, f, null, f, null");
    assert_rows(owner(.account = "1001"), "Acme, f, null, f, null");
    assert_rows(owner(.account = "1002"), "null, f, null, f, null");
    // Whose an account is that two have, nobody can say.
    run("UPDATE channels SET waba_id = '1001' WHERE org_id = '%s'", beta);
    assert_rows(owner(.account = "1001"), "null, f, null, f, null");
}

Test(told_changes, of_a_status_know_the_message_and_what_its_sender_had_given)
{
    acme = given_asking("Acme");
    const char *number = number_of_org(acme);
    const char *sent = given_claimed_message(.org = acme, .callback_data = "order 7");
    assert_rows(owner(.number = number, .message = sent, .wamid = "w1"),
                text("Acme, t, %s, t, order 7", sent));
    (void)settle_sends({.org = acme, .message = sent, .wamid = "w1"});
    assert_rows(owner(.number = number, .wamid = "w1"), text("Acme, t, %s, f, null", sent));
    const char *plain = given_claimed_message(.org = acme);
    assert_rows(owner(.number = number, .message = plain), text("Acme, t, %s, t, null", plain));
    // Of others' ids nothing is known, be they somebody's here.
    assert_rows(owner(.number = number, .message = new_id()), "Acme, t, null, f, null");
    const char *beta = given_org_with_channel("1.00");
    const char *betas = given_claimed_message(.org = beta, .callback_data = "secret");
    assert_rows(owner(.number = number, .message = betas), "Acme, t, null, f, null");
    const char *received = given_inbound(.org = acme, .wamid = "w2");
    assert_rows(owner(.number = number, .wamid = "w2"), text("Acme, t, %s, f, null", received));
    assert_rows(owner(.number = number, .message = received, .wamid = "w3"),
                "Acme, t, null, f, null");
}

Test(told_changes, of_a_number_that_was_handed_over_are_of_who_had_it_then)
{
    acme = given_asking("Acme");
    const char *number = number_of_org(acme);
    const char *sent = given_claimed_message(.org = acme, .callback_data = "order 7");
    run("UPDATE channels SET status = 'disabled', number_since = '2025-01-01' WHERE org_id = '%s'",
        acme);
    const char *beta = given_org(.name = "Beta");
    given_channel(.org = beta, .phone_number_id = number);
    ask(beta, "meta.*");
    assert_rows(owner(.number = number), "Beta, t, null, f, null");
    assert_rows(owner(.number = number, .at = 1763800000), "null, f, null, f, null");
    assert_rows(owner(.number = number, .message = sent), text("Acme, t, %s, t, order 7", sent));
}

static void tell(const char *org, const char *messages, const char *digest, const char *body)
{
    run("SELECT tell_changes(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], '{messages}', ARRAY['%s'], "
        "ARRAY[sha256('%s')], ARRAY['%s'])",
        org, CHANNEL(org), messages, digest, body);
}

#define WHAT_WAS_TOLD                                                                              \
    rows("SELECT o.name, e.type, e.channel_id IS NOT NULL, e.message_id, event_body(e) FROM "      \
         "events e "                                                                               \
         "JOIN organizations o ON o.id = e.org_id ORDER BY o.name, e.xact, e.id")

Test(told_changes, are_told_each_org_once_whatever_became_of_it_since)
{
    acme = given_asking("Acme");
    const char *beta = given_asking("Beta");
    const char *one = given_inbound(.org = acme);
    const char *other = given_inbound(.org = acme);
    tell(acme, text("{%s}", one), "a", "{\"a\": 1.50}");
    tell(acme, text("{%s}", one), "a", "{\"a\": 1.50}");
    tell(beta, "{}", "a", "{\"a\": 1.50}");
    tell(acme, text("{%s,%s}", one, other), "b", "{\"b\": 2}");
    assert_rows(WHAT_WAS_TOLD, text("Acme, meta.messages, t, %s, {\"a\": 1.50}", one),
                "Acme, meta.messages, t, null, {\"b\": 2}",
                "Beta, meta.messages, t, null, {\"a\": 1.50}");
    cr_assert_str_eq(number_of("event_change_messages"), "3");
    run("UPDATE event_changes SET body = '{}'");
    tell(acme, "{}", "a", "{\"a\": 1.50}");
    cr_assert_str_eq(number_of("events"), "3");
}

Test(told_changes, that_come_twice_in_one_batch_are_told_once)
{
    acme = given_asking("Acme");
    run("SELECT tell_changes(ARRAY['%s', '%s']::uuid[], '{NULL, NULL}', '{security, security}', "
        "'{\"{}\", \"{}\"}', ARRAY[sha256('a'), sha256('a')], ARRAY['{\"a\": 1}', '{\"a\": 1}'])",
        acme, acme);
    assert_rows(WHAT_WAS_TOLD, "Acme, meta.security, f, null, {\"a\": 1}");
}

Test(told_changes, go_with_what_their_messages_say)
{
    acme = given_asking("Acme");
    const char *one = given_inbound(.org = acme);
    const char *other = given_inbound(.org = acme, .phone = "919876543211");
    tell(acme, text("{%s,%s}", other, one), "a", "{\"a\": 1}");
    tell(acme, text("{%s}", other), "b", "{\"b\": 2}");
    run("SELECT delete_bodies_of('{%s}', '{%s}')", acme, one);
    assert_rows(rows("SELECT body FROM event_changes ORDER BY digest"), "{\"b\": 2}", "{}");
}
