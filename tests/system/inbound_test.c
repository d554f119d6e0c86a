// What came by webhooks, as a tenant reads it; and what of it is parsed at once.
#include "common/base/text.h"
#include "tests/corpus.h"
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(inbound, .timeout = 120);

static void post_files(struct gateway *gateway, const char *const *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *body = corpus_read("webhooks-2026", files[i], &length);
        struct answer answer = post_webhook(gateway, body, length);
        cr_assert_eq(answer.status, 200, "%s: %d", files[i], answer.status);
    }
    eventually(webhooks_left(gateway) == 0);
}
#define post(gateway, ...)                                                                         \
    post_files(gateway, (const char *const[]){__VA_ARGS__},                                        \
               sizeof(const char *const[]){__VA_ARGS__} / sizeof(const char *))

static struct answer read_by_wamid(const struct org *org, const char *wamid)
{
    const char *id =
        database_text(org->gateway->database, "SELECT id FROM messages WHERE wamid = '%s'", wamid);
    struct answer answer = get(org, text_of("/api/messages/%s", id));
    cr_assert_eq(answer.status, 200, "%s: %s", wamid, answer.body);
    return answer;
}

Test(inbound, the_reader_of_an_edited_message_sees_the_new_words)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    post(gateway, "message-edit-of-a-caption.json", "message-revoke.json", "message-edit.json");
    struct answer original = read_by_wamid(&org, "wamid.ORIG0002");
    expect_equal(answer_text(&original, "/text"), "The other receipt");
    expect_equal(answer_text(&original, "/original_text"), "The receipt");
    expect_equal(answer_text(&original, "/edited_at"), "2025-11-22T08:27:40.000Z");
    expect_equal(answer_text(&original, "/revoked_at"), "");
    struct answer edit = read_by_wamid(&org, "wamid.EDIT0002");
    expect_equal(answer_text(&edit, "/changes/message_id"), answer_text(&original, "/message_id"));
    expect_equal(answer_text(&edit, "/changes/wamid"), "wamid.ORIG0002");

    // The edit and the revocation were here first.
    struct answer answer = post_webhook(
        gateway, text_message_body("123456", "919876543210", "wamid.ORIG0001", "Monday"), 0);
    cr_assert_eq(answer.status, 200);
    eventually(org_messages(&org, "received") == 5);
    original = read_by_wamid(&org, "wamid.ORIG0001");
    expect_equal(answer_text(&original, "/text"), "");
    expect_equal(answer_text(&original, "/original_text"), "Monday");
    expect_equal(answer_text(&original, "/revoked_at"), "2025-11-22T08:26:40.000Z");
    stop_gateway(gateway);
}

Test(inbound, a_group_is_not_answered_and_opts_nobody_out)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    (void)database_text(gateway->database,
                        "INSERT INTO automation_rules (org_id, match_kind, "
                        "reply) VALUES ('%s', 'any', '\"hi\"')",
                        org.id);
    post(gateway, "message-group-text.json", "message-group-stop.json",
         "message-group-edit-and-revoke.json", "message-edit.json", "echo-image.json",
         "history-two-threads.json");
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM auto_replies"), 0);
    cr_assert_eq(database_number(gateway->database, "SELECT count(*) FROM conversations"), 0);
    struct answer answer = read_by_wamid(&org, "wamid.GRP0001");
    expect_equal(answer_text(&answer, "/group_id"), "Y2FwaV9ncm91cDppbnZlbnRlZA");
    expect_equal(answer_text(&answer, "/original_text"), "hi all");
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

Test(inbound, what_is_no_text_is_read_without_meta_s_own_object)
{
    static const struct {
        const char *file;
        const char *summary;
    } kinds[] = {
        {"location.json", "Gateway, Apollo Bandar, Mumbai\n19.076, 72.8777"},
        {"contacts.json", "Ravi K, +91 98765 00000"},
        {"order.json", "please today\n2 x sku-1 at 99.5 INR\ncatalog 305718264409172"},
        {"request-welcome.json", "The customer has opened the chat for the first time."},
        {"unsupported.json",
         "131051: Message type unknown: Message type is currently not supported."},
    };
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct answer answer = post_webhook_file(gateway, kinds[i].file);
        cr_assert_eq(answer.status, 200);
        eventually(org_messages(&org, "received") == (long)i + 1);
        const char *id = database_text(gateway->database, "SELECT id FROM messages ORDER BY id "
                                                          "DESC LIMIT 1");
        answer = get(&org, text_of("/api/messages/%s", id));
        expect_equal(answer_text(&answer, "/summary"), kinds[i].summary);
        expect_equal(answer_text(&answer, "/error/code"),
                     strcmp(kinds[i].file, "unsupported.json") == 0 ? "131051" : "");
    }
    stop_gateway(gateway);
}

Test(inbound, the_phone_app_s_messages_have_their_statuses)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .number = "123456");
    post(gateway, "echo-image.json");
    struct answer answer = post_webhook(
        gateway, status_body("123456", "wamid.ECHO0001", "read", "\"recipient_id\": \"9198\""), 0);
    cr_assert_eq(answer.status, 200);
    eventually(org_messages(&org, "read") == 1);
    answer = read_by_wamid(&org, "wamid.ECHO0001");
    expect_equal(answer_text(&answer, "/direction"), "outbound");
    expect_equal(answer_text(&answer, "/origin"), "phone_app");
    expect_equal(answer_text(&answer, "/text"), "Your parcel");
    expect_equal(answer_text(&answer, "/media_id"), "24681");
    expect_equal(answer_text(&answer, "/phone"), "919876543210");
    expect_equal(org_ledger(&org), "adjustment 100.00");
    stop_gateway(gateway);
}

// Each org reads its own, newest first, in pages.
Test(inbound, what_meta_tells_of_an_account_is_read_by_its_org)
{
    struct gateway *gateway = given_gateway();
    struct org acme = given_org(gateway, .number = "123456", .waba_id = "1001");
    struct org delta = given_org(gateway, .number = "246810", .waba_id = "1004");
    post(gateway,
         "account-update-partner-added.json"); // one by one: together they come in any order
    post(gateway, "account-update-field-misplaced.json");
    post(gateway, "phone-number-quality-throughput-upgrade.json");
    struct answer answer = get(&delta, "/api/account-notices?limit=1");
    cr_assert_eq(answer.status, 200, "%s", answer.body);
    expect_equal(answer_text(&answer, "/notices/0/field"), "account_update");
    expect_equal(answer_text(&answer, "/notices/0/event"), "PARTNER_APP_UNINSTALLED");
    expect_equal(answer_text(&answer, "/notices/0/waba_id"), "1004");
    expect_equal(answer_text(&answer, "/notices/0/value/waba_info/partner_app_id"), "9001");
    answer = get(&delta,
                 text_of("/api/account-notices?before=%s", answer_text(&answer, "/next_before")));
    expect_equal(answer_text(&answer, "/notices/0/event"), "PARTNER_ADDED");
    expect_equal(answer_text(&answer, "/notices/1/event"), "");
    expect_equal(answer_text(&answer, "/next_before"), "");
    answer = get(&acme, "/api/account-notices");
    expect_equal(answer_text(&answer, "/notices/0/event"), "THROUGHPUT_UPGRADE");
    expect_equal(answer_text(&answer, "/notices/1/event"), "");
    answer = get(&acme, "/api/account-notices?limit=101");
    expect_refused(&answer, 400, "invalid_field", "limit");
    stop_gateway(gateway);
}

Test(inbound, a_ban_of_the_account_stops_its_numbers_until_it_is_lifted)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_org(gateway, .waba_id = "1004");
    (void)database_text(gateway->database,
                        "UPDATE channels SET number_since = '2025-01-01', token_changed_at = "
                        "'2025-01-01'");
    post(gateway, "account-update-ban-disable.json");
    eventually(database_number(gateway->database, "SELECT count(*) FROM channels WHERE status = "
                                                  "'paused'") == 1);
    struct answer answer = send_text(&org, "919876543210");
    expect_refused(&answer, 409, "channel_paused", "channel_id");
    expect_equal(database_text(gateway->database,
                               "SELECT concat_ws(' ', kind, outcome, waba_id) FROM alerts"),
                 "account account:disabled 1004");
    post(gateway, "account-update-ban-reinstate.json");
    eventually(database_number(gateway->database, "SELECT count(*) FROM channels WHERE status = "
                                                  "'active'") == 1);
    answer = send_text(&org, "919876543210");
    expect_ends(gateway, expect_accepted(&answer), "sent");
    cr_assert_eq(
        database_number(gateway->database, "SELECT count(*) FROM alerts WHERE resolved_at IS NULL"),
        0);
    stop_gateway(gateway);
}

// Each takes more than half of the memory that the bodies of a batch may take.
Test(inbound, no_more_is_parsed_at_once_than_memory_allows)
{
    enum { BODIES = 4, OBJECTS = 99 * 1000 };
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_org(gateway, .number = "123456");
    struct tg_text objects = {0};
    for (int i = 0; i < OBJECTS; i++)
        tg_text_append_string(&objects, "{},");
    for (int i = 0; i < BODIES; i++) {
        const char *body =
            text_of("{\"object\": \"whatsapp_business_account\", \"entry\": [{\"id\": \"1001\", "
                    "\"changes\": [{\"field\": \"messages\", \"value\": {\"metadata\": "
                    "{\"phone_number_id\": \"123456\"}, \"contacts\": [%s0], \"messages\": "
                    "[{\"from\": \"919876543210\", \"id\": \"wamid.%d\", \"timestamp\": "
                    "\"1763800000\", \"type\": \"text\", \"text\": {\"body\": \"hi\"}}]}}]}]}",
                    objects.data, i);
        struct answer answer = post_webhook(gateway, body, 0);
        cr_assert_eq(answer.status, 200);
    }
    struct daemon *worker = start_worker(gateway);
    eventually(webhooks_left(gateway) == 0);
    cr_assert_eq(org_messages(&org, "received"), BODIES);
    expect_equal(daemon_metric(worker, "tollgate_inbound_batch_items_count"), "2");
    tg_text_finish(&objects);
    stop_gateway(gateway);
}
