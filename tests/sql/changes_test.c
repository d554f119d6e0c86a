// What is written in a group, what changes an earlier message, and what was written without
// Tollgate.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(changes, .init = database_create, .fini = database_drop);

// Members of the document of a message, by its wamid.
static const char *read(const char *org, const char *wamid, const char *members)
{
    return rows("SELECT %s FROM messages m, get_message('%s', m.id) AS d (j) WHERE m.wamid = '%s' "
                "AND m.org_id = '%s'",
                members, org, wamid, org);
}

#define SHOWN "j->>'text', j->>'original_text', j->>'edited_at', j->>'revoked_at'"

Test(changes, what_is_written_in_a_group_is_kept_and_read_and_nothing_more)
{
    const char *org = given_org_with_channel("1.00");
    run("INSERT INTO automation_rules (org_id, match_kind, reply) VALUES ('%s', 'any', '\"hi\"')",
        org);
    assert_rows(receive({.org = org, .wamid = "w1", .text = "STOP", .group = "Y2Fw", .name = "Ann"},
                        {.org = org, .wamid = "w2", .text = "hi all", .group = "Y2Fw"}),
                "saved", "saved");
    cr_assert_str_eq(number_of("conversations"), "0");
    assert_rows(read(org, "w1", "j->>'group_id', j->>'phone', j->>'text'"),
                "Y2Fw, 919876543210, STOP");
    assert_rows(rows("SELECT rules_version FROM tell_received(%s)",
                     found_inbound({.org = org, .wamid = "w1", .group = "Y2Fw"})),
                "0");
    assert_rows(rows("SELECT name FROM contacts"), "Ann");

    // To the number alone it is another thing.
    assert_rows(receive({.org = org, .wamid = "w3", .text = "STOP", .at = 1763800100}), "saved");
    assert_rows(rows("SELECT opted_out_at IS NOT NULL, first_message_id = (SELECT id FROM messages "
                     "WHERE wamid = 'w3') FROM conversations"),
                "t, t");
    assert_healthy();
}

Test(changes, who_has_opted_out_is_not_opted_in_by_a_group)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .text = "STOP"});
    (void)receive({.org = org, .text = "START", .group = "Y2Fw", .at = 1763800100});
    assert_rows(rows("SELECT opted_out_at IS NOT NULL, extract(epoch FROM last_inbound_at)::bigint "
                     "FROM conversations"),
                "t, 1763800000");
}

Test(changes, an_edit_shows_the_new_text_and_the_old_one_stays)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .wamid = "w", .text = "Monday"});
    assert_rows(read(org, "w", SHOWN), "Monday, null, null, null");
    (void)receive({.org = org,
                   .wamid = "e",
                   .type = "edit",
                   .text = "Tuesday",
                   .changes = "w",
                   .at = 1763800060});
    assert_rows(read(org, "w", SHOWN), "Tuesday, Monday, 2025-11-22T08:27:40.000Z, null");
    assert_rows(rows("SELECT text FROM messages WHERE wamid = 'w'"), "Monday");
    assert_rows(read(org, "e",
                     "j->>'type', j->>'text', j->'changes'->>'wamid', "
                     "(j->'changes'->>'message_id')::uuid = (SELECT id FROM messages "
                     "WHERE wamid = 'w')"),
                "edit, Tuesday, w, t");
}

Test(changes, the_newest_edit_counts_in_whatever_order_they_come)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org,
                   .wamid = "e2",
                   .type = "edit",
                   .text = "three",
                   .changes = "w",
                   .at = 1763800120},
                  {.org = org,
                   .wamid = "e1",
                   .type = "edit",
                   .text = "two",
                   .changes = "w",
                   .at = 1763800060});
    assert_rows(read(org, "e1", "j->'changes'->>'wamid', j->'changes'->>'message_id'"), "w, null");
    (void)receive({.org = org, .wamid = "w", .text = "one"});
    assert_rows(read(org, "w", SHOWN), "three, one, 2025-11-22T08:28:40.000Z, null");
    // Delivered again it is still one.
    (void)receive({.org = org, .wamid = "e1", .type = "edit", .text = "two", .changes = "w"});
    cr_assert_str_eq(number_of("message_changes"), "2");
}

Test(changes, what_is_revoked_says_nothing_any_more_but_is_on_record)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .wamid = "r", .type = "revoke", .text = "", .changes = "w"});
    (void)receive({.org = org, .wamid = "w", .text = "oops"},
                  {.org = org, .wamid = "e", .type = "edit", .text = "oh", .changes = "w"});
    assert_rows(read(org, "w", SHOWN),
                "null, oops, 2025-11-22T08:26:40.000Z, 2025-11-22T08:26:40.000Z");
}

Test(changes, a_change_begins_no_conversation_and_opens_no_window)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .type = "edit", .text = "hi", .changes = "w"},
                  {.org = org, .type = "revoke", .text = "", .changes = "w"});
    cr_assert_str_eq(number_of("conversations"), "0");
    (void)receive({.org = org, .wamid = "w", .at = 1763800000});
    (void)receive({.org = org, .type = "edit", .text = "x", .changes = "w", .at = 1763900000});
    assert_rows(rows("SELECT extract(epoch FROM last_inbound_at)::bigint, first_message_id = "
                     "(SELECT id FROM messages WHERE wamid = 'w') FROM conversations"),
                "1763800000, t");
}

// The same wamid of another number, of another org, or of one who is not who wrote it.
Test(changes, nothing_else_is_changed)
{
    const char *acme = given_org_with_channel("1.00");
    const char *beta = given_org_with_channel("1.00");
    (void)receive({.org = acme, .wamid = "w", .text = "one"},
                  {.org = beta, .wamid = "w", .text = "other"});
    (void)receive({.org = beta, .type = "edit", .text = "two", .changes = "w"});
    (void)receive_copies({.org = acme, .type = "edit", .text = "theirs", .changes = "w"});
    assert_rows(read(acme, "w", SHOWN), "one, null, null, null");
    assert_rows(read(beta, "w", "j->>'text'"), "two");
}

Test(changes, an_echo_stands_among_the_messages_of_its_contact)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive({.org = org, .wamid = "w1"});
    assert_rows(
        receive_copies({.org = org, .wamid = "w2", .text = "from the app", .at = 1763800060},
                       {.org = org, .wamid = "w2"}, {.number = "999"},
                       {.org = org, .phone = "919876543299", .name = "Bilal"}),
        "saved", "duplicate", "unknown_number", "saved");
    assert_rows(read(org, "w2",
                     "j->>'direction', j->>'status', j->>'origin', j->>'text', "
                     "j->>'fee', j->>'sent_at', j->>'phone'"),
                "outbound, sent, phone_app, from the app, 0.00, 2025-11-22T08:27:40.000Z, "
                "919876543210");
    assert_rows(rows("SELECT count(DISTINCT contact_id) FROM messages WHERE wamid IN ('w1', 'w2')"),
                "1");
    assert_rows(rows("SELECT name FROM contacts WHERE phone = '919876543299'"), "Bilal");
    cr_assert_str_eq(number_of("conversations"), "1");
    assert_healthy();
}

Test(changes, an_echo_has_statuses_and_costs_nothing)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive_copies({.org = org, .wamid = "w"});
    static const struct {
        const char *status;
        const char *code;
    } told[] = {{"delivered", NULL}, {"read", NULL}, {"failed", "131000"}};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        run("SELECT * FROM apply_statuses('{%s}', '{w}', '{NULL}', '{%s}', '{1763800100}', "
            "'{NULL}', ARRAY[%s]::text[], '{NULL}')",
            number_of_org(org), told[i].status, told[i].code ? text("'%s'", told[i].code) : "NULL");
    assert_rows(read(org, "w", "j->>'status', j->>'read_at', j->>'refunded'"),
                "read, 2025-11-22T08:28:20.000Z, false");
    assert_rows(rows("SELECT count(*) FROM wallet_transactions WHERE kind <> 'adjustment' "
                     "AND kind <> 'recharge'"),
                "0");
    assert_healthy();
}

Test(changes, what_the_app_edits_or_takes_back_is_seen)
{
    const char *org = given_org_with_channel("1.00");
    (void)receive_copies({.org = org, .wamid = "w", .text = "one"},
                         {.org = org, .type = "edit", .text = "two", .changes = "w"},
                         {.org = org, .wamid = "v", .text = "gone"},
                         {.org = org, .type = "revoke", .text = "", .changes = "v"});
    assert_rows(read(org, "w", "j->>'text', j->>'original_text'"), "two, one");
    assert_rows(read(org, "v", "j->>'text', j->>'original_text'"), "null, gone");
}

Test(changes, history_is_marked_and_begins_no_conversation)
{
    const char *org = given_org_with_channel("1.00");
    assert_rows(
        receive_copies(
            {.org = org, .wamid = "w1", .origin = "history", .inbound = true, .text = "STOP"},
            {.org = org, .wamid = "w2", .origin = "history", .status = "read"}),
        "saved", "saved");
    assert_rows(read(org, "w1", "j->>'direction', j->>'status', j->>'origin'"),
                "inbound, received, history");
    assert_rows(read(org, "w2", "j->>'direction', j->>'status', j->>'origin'"),
                "outbound, read, history");
    cr_assert_str_eq(number_of("conversations"), "0");
    // What was written here already is no history.
    (void)receive({.org = org, .wamid = "w3", .text = "now"});
    assert_rows(receive_copies({.org = org, .wamid = "w3", .origin = "history", .inbound = true}),
                "duplicate");
    assert_rows(read(org, "w3", "j->>'origin', j->>'text'"), "null, now");
    assert_healthy();
}

Test(changes, media_of_the_history_may_be_told_later)
{
    const char *org = given_org_with_channel("1.00");
    struct copy_spec spec = {
        .org = org, .wamid = "w", .origin = "history", .inbound = true, .text = ""};
    spec.type = "media_placeholder";
    (void)rows("%s", receive_copies_sql(&spec, 1));
    spec.type = "image";
    spec.media = "77";
    (void)rows("%s", receive_copies_sql(&spec, 1));
    assert_rows(read(org, "w", "j->>'type', j->>'media_id'"), "image, 77");
    spec.type = "media_placeholder";
    spec.media = NULL;
    (void)rows("%s", receive_copies_sql(&spec, 1));
    assert_rows(read(org, "w", "j->>'type', j->>'media_id'"), "image, 77");
    // Both at once, in either order.
    struct copy_spec both[] = {spec, spec};
    both[0].wamid = both[1].wamid = "v";
    both[1].type = "image";
    (void)rows("%s", receive_copies_sql(both, 2));
    assert_rows(read(org, "v", "j->>'type'"), "image");
}

static void copy_at_once(struct session *session, int thread)
{
    struct copy_spec copies[20];
    for (int i = 0; i < 20; i++) {
        int n = thread % 2 ? i : 19 - i;
        copies[i] = (struct copy_spec){
            .number = "4711", .wamid = text("w%d", n), .phone = text("9198765432%02d", n)};
    }
    const char *answer = session_rows(session, "%s", receive_copies_sql(copies, 20));
    cr_assert_null(strstr(answer, "error"), "%s", answer);
}

Test(changes, the_same_copies_at_the_same_moment_are_kept_once)
{
    const char *org = given_org(.balance = "1.00");
    given_channel(.org = org, .phone_number_id = "4711");
    at_once(8, copy_at_once);
    cr_assert_str_eq(number_of("messages"), "20");
    cr_assert_str_eq(number_of("contacts"), "20");
}
