// erase_contact and finish_erasures: what is personal of a contact goes, and the money stays.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(erasure, .init = database_create, .fini = database_drop);

#define PHONE "919876543210"
#define NOT_IN_PREREQUISITE_STATE "55000"

static const char *acme;

static const char *erase(const char *org, const char *who)
{
    return rows("SELECT * FROM erase_contact('%s', %s)", org, who);
}

// Until all of it is done; how often that was.
static int finish(const char *org)
{
    int rounds = 1;
    while (
        strcmp(value("SELECT coalesce(bool_and(finished), true) FROM finish_erasures('%s')", org),
               "f") == 0)
        cr_assert_lt(rounds++, 5);
    return rounds;
}

static void erase_all(const char *org, const char *who)
{
    (void)erase(org, who);
    (void)finish(org);
}

// How a bulk send of Acme's over its first channel is judged.
static const char *verdict_of_bulk(const char *phone, const char *user_id)
{
    return value(
        "SELECT verdict FROM accept_sends(ARRAY[gen_random_uuid()], ARRAY['%s']::uuid[], "
        "NULL, ARRAY[%s]::text[], ARRAY[%s]::text[], '{text}', '{\"{}\"}', NULL, '{bulk}')",
        acme, phone, user_id);
}

// Every row of the schema that has this in it, by its table, but for ledgers and Meta's ids.
static const char *mentions(const char *what)
{
    run("CREATE TEMP TABLE mentions (says text)");
    run("DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND "
        "relnamespace = 'tollgate'::regnamespace LOOP EXECUTE format('INSERT INTO mentions SELECT "
        "%%L FROM %%s r WHERE position(%%L IN r::text) > 0 OR "
        "position(%%L IN (to_jsonb(r) ->> ''body'')) > 0', t, t, '%s', "
        "encode('%s', 'hex')); END LOOP; END $$",
        what, what);
    const char *found = rows("SELECT says, count(*) FROM mentions GROUP BY 1 ORDER BY 1");
    run("DROP TABLE mentions");
    return found;
}

// Ann has written, was written to, and waits for more.
static void given_ann(void)
{
    acme = given_org_with_channel("10.00");
    const char *secret = given_inbound(.org = acme, .phone = PHONE, .user_id = "IN.1A2B",
                                       .name = "Ann Secret", .text = "my secret");
    assert_rows(set_wishes({.org = acme, .message = secret, .wish = "out"}), "t");
    const char *failed = given_claimed_message(.org = acme, .phone = PHONE);
    (void)settle_sends(
        {.org = acme, .message = failed, .outcome = "131026", .error = "Ann Secret has no phone"});
    (void)given_message(.org = acme, .phone = PHONE, .payload = "{\"to\": \"+" PHONE "\"}",
                        .callback_data = PHONE, .key = "order-" PHONE);
    run("INSERT INTO dead_letters (org_id, phone_number_id, reason, body, digest) VALUES "
        "('%s', '1', 'x', '{\"from\": \"" PHONE "\", \"n\": \"\303\244\"}', sha256('1')), "
        "('%s', '1', 'x', '{\"from\": \"1" PHONE "\"}', sha256('2')), "
        "(NULL, '%s', 'x', '\\303" PHONE "', sha256('3')), (NULL, '77', 'x', '\"" PHONE
        "\"', sha256('4'))",
        acme, acme, number_of_org(acme));
    run("INSERT INTO contact_changes (org_id, at, phone, new_phone, user_id, new_user_id) VALUES "
        "('%s', now(), '919876540001', '919876540002', NULL, 'IN.0'), "
        "('%s', now(), '919876540002', '" PHONE "', NULL, NULL), "
        "('%s', now(), '919876540003', '919876540004', NULL, NULL)",
        acme, acme, acme);
    run("INSERT INTO account_notices (org_id, field, value, digest) VALUES ('%s', "
        "'smb_app_state_sync', '{\"phone_number\": \"" PHONE "\", \"full_name\": \"Ann Secret\"}', "
        "'x')",
        acme);
}

Test(erasure, nothing_personal_is_left_and_the_money_is)
{
    given_ann();
    const char *ledger = ledger_of(acme);
    assert_rows(erase(acme, "'+91 98765-43210'"), "account notices, 1", "cancelled, 1",
                "changes of numbers, 2", "contacts, 1", "dead letters, 2", "idempotency keys, 1",
                "opt-outs kept as hashes, 1", "refunded, 1");
    (void)finish(acme);
    // What is of another number, or of nobody's.
    assert_rows(mentions(PHONE), "dead_letters, 2");
    assert_no_rows(mentions("Ann Secret"));
    assert_no_rows(mentions("my secret"));
    assert_no_rows(mentions("IN.1A2B"));
    cr_assert_str_eq(ledger_of(acme), text("%srefund, 0.20, 9.80\n", ledger));
    assert_rows(
        rows("SELECT direction, status, payload, text, fee, wamid IS NOT NULL, body_gone_at "
             "IS NOT NULL FROM messages WHERE contact_id = 1 ORDER BY direction"),
        "inbound, received, {}, null, 0.0000, t, t", "outbound, failed, {}, null, 0.2000, f, t",
        "outbound, failed, {}, null, 0.2000, f, t");
    assert_rows(rows("SELECT actor, contact_ids, erased ->> 'messages', erased ->> 'attempts', "
                     "finished_at IS NOT NULL "
                     "FROM erasures"),
                "postgres, {1}, 3, 1, t");
    assert_healthy();

    assert_no_rows(erase(acme, "'" PHONE "'"));
    assert_no_rows(rows("SELECT * FROM finish_erasures('%s')", acme));
    cr_assert_str_eq(number_of("erasures"), "1");
}

static void tell_change(const char *message, const char *body)
{
    run("SELECT tell_changes(ARRAY['%s']::uuid[], '{NULL}', '{messages}', ARRAY['{%s}'], "
        "ARRAY[sha256('%s')], ARRAY['{\"x\": \"%s\"}'])",
        acme, message, body, body);
}

// Of a contact and of its messages; whatever an endpoint has answered may quote what it was told.
Test(erasure, what_endpoints_were_told_goes_and_what_they_have_answered)
{
    given_ann();
    run("SELECT create_endpoint('k', '%s', '{\"id\": \"%s\", \"url\": \"https://a.b\", "
        "\"types\": [\"contact.*\"], \"secret\": \"x\"}')",
        acme, new_id());
    run("SELECT create_endpoint('k', '%s', '{\"id\": \"%s\", \"url\": \"https://a.b\", \"format\": "
        "\"meta\", \"verify_token\": \"t\", \"secret\": \"x\"}')",
        acme, new_id());
    (void)receive({.org = acme, .phone = PHONE, .text = "START", .at = 1763800001},
                  {.org = acme, .phone = "919876540009", .text = "STOP", .at = 1763800001});
    (void)receive({.org = acme, .phone = PHONE, .text = "STOP", .at = 1763800002});
    const char *ann = value("SELECT id FROM messages WHERE text = 'my secret'");
    tell_change(text("%s,%s", ann, value("SELECT id FROM messages WHERE contact_id <> 1")),
                "of her message");
    tell_change("", "by her phone " PHONE);
    tell_change(value("SELECT id FROM messages WHERE contact_id <> 1"), "of another");
    run("INSERT INTO deliveries (org_id, endpoint_id, event_id, event_xact, message_id, next_at) "
        "SELECT e.org_id, p.id, e.id, e.xact, e.message_id, now() FROM events e JOIN endpoints p "
        "ON is_told(p, e)");
    run("INSERT INTO delivery_attempts (org_id, endpoint_id, event_id, attempt, at, outcome, "
        "took_ms, answer) SELECT org_id, endpoint_id, event_id, 1, now(), 'http:400', 1, 'who?' "
        "FROM deliveries");
    cr_assert_str_eq(number_of("delivery_attempts"), "5");
    erase_all(acme, "'" PHONE "'");
    assert_rows(rows("SELECT body FROM event_changes ORDER BY body::text COLLATE \"C\""),
                "{\"x\": \"of another\"}", "{}", "{}");
    assert_rows(
        rows("SELECT e.type, count(a.answer), count(*) FROM events e JOIN delivery_attempts a "
             "ON a.event_id = e.id GROUP BY 1 ORDER BY 1"),
        "contact.opted_out, 1, 2", "meta.messages, 1, 3");
}

Test(erasure, another_contact_and_another_orgs_are_let_alone)
{
    given_ann();
    const char *beta = given_org_with_channel("10.00");
    (void)given_inbound(.org = beta, .phone = PHONE, .name = "Ann Secret", .text = "my secret");
    (void)given_inbound(.org = acme, .phone = "919876543299", .name = "Bob", .text = "hello");
    erase_all(acme, "'" PHONE "'");
    assert_rows(
        rows("SELECT name FROM contacts WHERE org_id = '%s' OR name = 'Bob' ORDER BY 1", beta),
        "Ann Secret", "Bob");
    assert_rows(rows("SELECT text FROM messages WHERE text IS NOT NULL ORDER BY 1"), "hello",
                "my secret");
}

Test(erasure, what_leads_to_the_contact_goes_with_it)
{
    acme = given_org_with_channel("10.00");
    (void)given_inbound(.org = acme, .phone = "5511912345678", .text = "one");
    (void)given_inbound(.org = acme, .phone = "", .user_id = "BR.7", .text = "two");
    (void)given_inbound(.org = acme, .phone = "5511912345678", .user_id = "BR.7", .text = "three");
    cr_assert_str_eq(number_of("contacts WHERE merged_into IS NOT NULL"), "1");
    // By the other form of the number.
    erase_all(acme, "'551112345678'");
    cr_assert_str_eq(number_of("contacts WHERE erased_at IS NOT NULL"), "0"); // a landline
    erase_all(acme, "'5511912345678'");
    assert_no_rows(mentions("5511912345678"));
    assert_no_rows(mentions("BR.7"));
    assert_rows(rows("SELECT count(*) FROM messages WHERE text IS NULL"), "3");

    (void)given_inbound(.org = acme, .phone = "5491123456789", .text = "four");
    erase_all(acme, "'541123456789'");
    assert_no_rows(mentions("5491123456789"));
    (void)given_inbound(.org = acme, .phone = "", .user_id = "US.1", .text = "five");
    erase_all(acme, "NULL, 'US.1'");
    assert_no_rows(mentions("five"));
}

Test(erasure, who_comes_again_is_a_new_contact_and_has_opted_out_still)
{
    given_ann();
    const char *number = number_of_org(acme);
    const char *other = given_channel(.org = acme);
    erase_all(acme, "'" PHONE "'");
    cr_assert_str_eq(verdict_of_bulk("'" PHONE "'", "NULL"), "contact_opted_out");
    assert_rows(accept_sends({.org = acme, .phone = PHONE, .channel = other, .priority = "bulk"}),
                "accepted, queued, 9.60, 0.20");
    // Now there is a contact again, and its conversation says so.
    assert_rows(
        rows("SELECT v.opted_out_at IS NOT NULL, c.phone FROM conversations v JOIN contacts "
             "c ON c.id = v.contact_id WHERE c.erased_at IS NULL"),
        "t, " PHONE);
    cr_assert_str_eq(verdict_of_bulk("'" PHONE "'", "NULL"), "contact_opted_out");
    const char *back =
        given_inbound(.org = acme, .number = number, .phone = PHONE, .at = 2100000000);
    assert_rows(set_wishes({.org = acme, .message = back, .wish = "in"}), "f");
    assert_rows(
        rows("SELECT verdict FROM accept_sends(ARRAY[gen_random_uuid()], ARRAY['%s']::uuid[], "
             "NULL, ARRAY['" PHONE "'], NULL, '{text}', '{\"{}\"}', NULL, '{bulk}')",
             acme),
        "accepted");
}

Test(erasure, who_is_known_again_by_the_user_id_has_opted_out_too)
{
    given_ann();
    erase_all(acme, "'" PHONE "'");
    (void)given_inbound(.org = acme, .phone = "", .user_id = "IN.1A2B", .text = "me again");
    assert_rows(
        rows("SELECT verdict FROM accept_sends(ARRAY[gen_random_uuid()], ARRAY['%s']::uuid[], "
             "NULL, NULL, '{IN.1A2B}', '{text}', '{\"{}\"}', NULL, '{bulk}')",
             acme),
        "contact_opted_out");
    cr_assert_str_eq(number_of("erased_opt_outs"), "1"); // that of the phone
    // Another person's is nothing to this one.
    (void)given_inbound(.org = acme, .phone = "919876543299");
    cr_assert_str_eq(number_of("conversations WHERE opted_out_at IS NOT NULL"), "2");
}

Test(erasure, an_opt_out_stays_as_a_hash_that_tells_nobody)
{
    given_ann();
    erase_all(acme, "'" PHONE "'");
    cr_assert_str_eq(number_of("erased_opt_outs"), "2");
    assert_refused(INSUFFICIENT_PRIVILEGE, "SET ROLE tollgate_worker; SELECT * FROM erasure_key");
    run("RESET ROLE");
    cr_assert_str_eq(value("SELECT count(*) FROM erased_opt_outs WHERE hash IN (sha256('" PHONE
                           "'), sha256('+" PHONE "'))"),
                     "0");
}

Test(erasure, without_the_key_an_opt_out_is_not_lost)
{
    given_ann();
    run("DELETE FROM erasure_key");
    assert_refused(NOT_IN_PREREQUISITE_STATE, "SELECT * FROM erase_contact('%s', '" PHONE "')",
                   acme);
    cr_assert_str_eq(number_of("contacts WHERE phone = '" PHONE "'"), "1");
}

Test(erasure, what_waits_is_cancelled_in_whatever_state)
{
    acme = given_org_with_channel("10.00");
    (void)given_message(.org = acme, .phone = PHONE);
    (void)given_message(.org = acme, .phone = PHONE);
    (void)given_message(.org = acme, .phone = PHONE, .send_in_ms = 60000);
    const char *other = given_message(.org = acme, .phone = "919876543211");
    assert_rows(erase(acme, "'" PHONE "'"), "cancelled, 3", "contacts, 1", "refunded, 3");
    cr_assert_str_eq(state_of(other), "queued");
    cr_assert_str_eq(balance_of(acme), "9.80");
    (void)finish(acme);
    assert_healthy();
}

// It is at Meta when its contact is erased: it is not tried again, nor does its answer bring the
// number back.
Test(erasure, what_is_leaving_leaves_once_and_tells_nothing)
{
    acme = given_org_with_channel("10.00");
    const char *leaving = given_claimed_message(.org = acme, .phone = PHONE);
    const char *claim_id = claim_of(leaving);
    assert_rows(erase(acme, "'" PHONE "'"), "contacts, 1", "leaving just now, 1");
    (void)rows("SELECT * FROM finish_erasures('%s')", acme);
    assert_rows(rows("SELECT finished FROM finish_erasures('%s')", acme), "f");
    assert_rows(settle_sends({.org = acme, .message = leaving, .outcome = "network:refused"}),
                "settled, failed, refunded, known code, network");
    assert_rows(rows("SELECT finished FROM finish_erasures('%s')", acme), "t");

    const char *sent = given_claimed_message(.org = acme, .phone = PHONE);
    (void)erase(acme, "'" PHONE "'");
    run("SELECT settle_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], "
        "'{sent}', '{wamid.1}', '{NULL}', '{false}', '{0}', NULL, '{" PHONE "}', '{IN.1A2B}')",
        acme, sent, claim_of(sent));
    (void)finish(acme);
    cr_assert_str_eq(status_of(sent), "sent");
    assert_no_rows(mentions(PHONE));
    assert_no_rows(mentions("IN.1A2B"));
    cr_assert_str_not_empty(claim_id);
    assert_healthy();
}

// A worker that stops gives back what it has not begun: its contact is erased by then.
Test(erasure, what_is_handed_back_does_not_leave_without_its_payload)
{
    acme = given_org_with_channel("10.00");
    const char *message = given_claimed_message(.org = acme, .phone = PHONE);
    (void)erase(acme, "'" PHONE "'");
    run("SELECT release_sends(ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], ARRAY['%s']::uuid[])", acme,
        message, claim_of(message));
    assert_no_rows(claim(acme, message));
    assert_rows(rows("SELECT message_id, refunded FROM expire_sends(10)"), text("%s, t", message));
    assert_healthy();
}

// Somebody has found the contact, and writes a message of it only once it is erased.
Test(erasure, what_others_write_meanwhile_is_found)
{
    given_ann();
    struct session *inbound = session_open();
    (void)session_rows(inbound, "BEGIN; SELECT id FROM contacts WHERE phone = '" PHONE "'");
    (void)erase(acme, "'" PHONE "'");
    for (int i = 0; i < 3; i++)
        assert_rows(rows("SELECT finished FROM finish_erasures('%s')", acme), "f");
    const char *answer = session_rows(
        inbound,
        "INSERT INTO messages (id, org_id, channel_id, contact_id, direction, type, payload, "
        "status, text) SELECT gen_random_uuid(), org_id, channel_id, 1, 'inbound', 'text', '{}', "
        "'received', 'late secret' FROM messages LIMIT 1; COMMIT");
    cr_assert_neq(strncmp(answer, "error", 5), 0, "%s", answer);
    session_close(inbound);
    assert_rows(rows("SELECT messages, finished FROM finish_erasures('%s')", acme), "1, t");
    assert_no_rows(mentions("late secret"));
}

Test(erasure, the_audit_judges_a_failure_as_before_by_what_is_left_of_metas_words)
{
    acme = given_org_with_channel("10.00");
    const char *words =
        value("SELECT words FROM error_rules WHERE words IS NOT NULL AND first_code = "
              "100 ORDER BY outcome LIMIT 1");
    const char *plain = value("SELECT (regexp_match('%s', '^[A-Za-z_ ]+'))[1]", words);
    const char *message = given_claimed_message(.org = acme, .phone = PHONE);
    (void)settle_sends({.org = acme,
                        .message = message,
                        .outcome = "100",
                        .error = text("To " PHONE ": %s, Ann", plain)});
    const char *refunded = value("SELECT refunded FROM messages");
    assert_healthy();
    erase_all(acme, "'" PHONE "'");
    assert_healthy();
    cr_assert_str_eq(value("SELECT refunded FROM messages"), refunded);
    assert_no_rows(mentions("Ann"));
}

Test(erasure, who_asks_for_nobody_is_told_so)
{
    acme = given_org_with_channel("10.00");
    assert_refused(INVALID_PARAMETER, "SELECT * FROM erase_contact('%s')", acme);
    static const char *const phones[] = {"12", PHONE " ext. 5", PHONE "@c.us", "9.19E+11",
                                         "+44 (0)20 7946 0958"};
    for (size_t i = 0; i < sizeof phones / sizeof *phones; i++)
        assert_refused(INVALID_PARAMETER, "SELECT * FROM erase_contact('%s', '%s')", acme,
                       phones[i]);
    assert_refused(INVALID_PARAMETER, "SELECT * FROM erase_contact('%s', '" PHONE "', 'IN.1')",
                   acme);
    assert_refused(NO_DATA_FOUND, "SELECT * FROM erase_contact('%s', '" PHONE "')", new_id());
    assert_no_rows(erase(acme, "'" PHONE "'"));
    cr_assert_str_eq(number_of("erasures"), "0");
}

Test(erasure, get_message_says_that_the_body_is_gone)
{
    given_ann();
    const char *message = value("SELECT id FROM messages WHERE direction = 'inbound'");
    const char *asked = text("SELECT document ->> 'body_gone_at' IS NOT NULL, document ->> "
                             "'payload', document ->> 'text' FROM get_message('%s', '%s')",
                             acme, message);
    assert_rows(rows("%s", asked), "f, {}, my secret");
    erase_all(acme, "'" PHONE "'");
    assert_rows(rows("%s", asked), "t, null, null");
}

// A new column that may name or quote somebody: is it erased? Then it stands here, too. (What Meta
// says of an org's own numbers, and where it is asked about them, names none of its contacts. Nor
// does what a campaign says to all.)
Test(erasure, all_columns_that_may_name_somebody_are_known)
{
    assert_rows(
        rows("SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON "
             "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind = 'r' AND "
             "c.relnamespace = 'tollgate'::regnamespace AND a.attname ~ "
             "'(^|_)(phone|message|user_id|media_id)$|^(text|payload|body|value|name|summary|"
             "referral|callback_data|answer)$' ORDER BY 1"),
        "account_notices.value", "alerts.message", "api_keys.name", "attempts.error_message",
        "campaign_recipients.name", "campaign_recipients.phone", "campaign_recipients.user_id",
        "campaigns.callback_data", "campaigns.name", "channel_facts.value",
        "channel_health.error_message", "contact_cards.name", "contact_changes.new_phone",
        "contact_changes.new_user_id", "contact_changes.phone", "contact_changes.user_id",
        "contacts.name", "contacts.phone", "contacts.user_id", "dead_letters.body",
        "delivery_attempts.answer", "event_changes.body", "media.error_message",
        "media_at_meta.media_id", "messages.callback_data", "messages.error_message",
        "messages.media_id", "messages.payload", "messages.referral", "messages.summary",
        "messages.text", "operators.name", "organizations.name", "schema_migrations.name",
        "template_accounts.error_message", "templates.name");
}
