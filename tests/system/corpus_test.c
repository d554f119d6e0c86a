// Every webhook body of tests/data, posted as Meta would, and what it leaves in the database; the
// bad ones too, each of which is acknowledged and harms nothing.
#include "tests/corpus.h"
#include "tests/system/org.h"
#include "tests/system/webhook.h"

#include <string.h>

TestSuite(corpus, .timeout = 180);

#define GREETING "नमस्ते 👋🏽 — “çé” <RLO>abc"

// What a body leaves, a line each, in alphabetical order.
static const struct example {
    const char *file;
    const char *left;
} examples[] = {
    {"account-alerts.json", "notice Acme account_alerts"},
    {"account-update-partner-removed.json",
     "alert Acme account:removed\nnotice Acme account_update PARTNER_REMOVED\npaused Acme "
     "account:removed"},
    {"account-update.json", "notice Acme account_update VERIFIED_ACCOUNT"},
    {"audio-voice.json",
     "Acme audio from 919876543210 (Asha Rao) media 3908647269898587 audio/ogg; codecs=opus"},
    {"batch-of-500.json", "Acme 500 messages of 500 contacts"},
    {"bsuid-no-phone.json", "Acme text 'hello from a username' from IN.1A2B3C4D5E6F (Kiran)"},
    {"button-quick-reply.json", "Acme button 'Yes' from 919876543210 (Asha Rao) reply to RgSQUJD"},
    {"calls.json", "notice Acme calls"},
    {"contacts.json", "Acme contacts from 919876543210 (Asha Rao) means Ravi K, +91 98765 00000"},
    {"document.json", "Acme document 'invoice' from 919876543210 (Asha Rao) media "
                      "4908647269898587 application/pdf"},
    {"empty-changes.json", ""},
    {"empty-messages.json", ""},
    {"extra-fields-everywhere.json", "Acme text 'Hi' from 919876543210 (Asha Rao)"},
    {"flows.json", "notice Acme flows FLOW_STATUS_CHANGE"},
    {"forwarded.json", "Acme text 'fwd: hello' from 919876543210 (Asha Rao)"},
    {"frequently-forwarded.json", "Acme text 'fwd: chain letter' from 919876543210 (Asha Rao)"},
    {"harbour-button-unsubscribe.json", "Harbour button 'Unsubscribe' from 447700900123 (Maya "
                                        "Turner) reply to jMyAA==\nopted out Harbour 447700900123"},
    {"harbour-contacts.json",
     "Harbour contacts from 447700900123 (Maya Turner) means Søren Åkesson, Åkesson Seafood, "},
    {"harbour-group-created.json", "notice Harbour group_lifecycle_update"},
    {"harbour-group-participants-removed.json", "notice Harbour group_participants_update"},
    {"harbour-group-settings.json", "notice Harbour group_settings_update"},
    {"harbour-image.json",
     "Harbour image 'Low tide' from 447700900123 (Maya Turner) media 1284037756619042 image/jpeg"},
    {"harbour-interactive-button-reply.json",
     "Harbour interactive 'By the window' from 447700900123 (Maya Turner) reply to jRCAA=="},
    {"harbour-interactive-list-reply.json",
     "Harbour interactive 'Second sitting' from 447700900123 (Maya Turner) reply to DY0AA=="},
    {"harbour-location.json",
     "Harbour location from 447700900123 (Maya Turner) means Lifeboat Museum, Pier Road 14, W"},
    {"harbour-order.json",
     "Harbour order from 447700900123 (Maya Turner) means 3 x loaf-rye at 4 GBP|6 x bun-ca"},
    {"harbour-reaction.json",
     "Harbour reaction '🥐' from 447700900123 (Maya Turner) reply to DdEAA=="},
    {"harbour-system-changed-number.json",
     "Harbour system 'Maya Turner now writes f' from 447700900456"},
    {"harbour-text-product-inquiry.json",
     "Harbour text 'Do you still bake this o' from 447700900123 (Maya Turner) reply to TE5AA=="},
    {"harbour-text-referral-ad.json",
     "Harbour text 'I saw your breakfast. Ho' from 447700900123 (Maya Turner) referral ad"},
    {"harbour-text.json",
     "Harbour text 'Is the terrace open on S' from 447700900123 (Maya Turner)"},
    {"harbour-unsupported.json", "Harbour unsupported from 447700900123 (Maya Turner) means "
                                 "131051: Type not known: Messages error 131051"},
    {"history.json", "Acme text 'old' from 919876543210 history received\nnotice Acme history"},
    {"identity-changed-profile-name.json", "Acme text 'new name' from 919876543210 (Asha R. Rao)"},
    {"image.json", "Acme image 'my receipt' from 919876543210 (Asha Rao) media 1908647269898587 "
                   "image/jpeg"},
    {"interactive-button-reply.json",
     "Acme interactive 'Track order' from 919876543210 (Asha Rao) reply to RgSQUJE"},
    {"interactive-flow-reply.json", "Acme interactive 'Sent' from 919876543210 (Asha Rao) means "
                                    "{\"flow_token\":\"t1\",\"choice\":\"2\"}"},
    {"interactive-list-reply.json", "Acme interactive 'Express' from 919876543210 (Asha Rao)"},
    {"known-and-unknown-number.json",
     "Acme text 'acme still gets this' from 919876543210 (Asha Rao)\ndead unknown_number"},
    {"location.json",
     "Acme location from 919876543210 (Asha Rao) means Gateway, Apollo Bandar, Mumbai|1"},
    {"message-template-quality-update.json", "notice Acme message_template_quality_update"},
    {"message-template-status-update.json", "notice Acme message_template_status_update PAUSED"},
    {"messages-and-statuses.json",
     "Acme text 'thanks' from 919876543210 (Asha Rao)\nknown read (read)"},
    {"order.json", "Acme order 'please today' from 919876543210 (Asha Rao) means please today|2 x "
                   "sku-1 at 99.5 I"},
    {"phone-number-name-update.json", "notice Acme phone_number_name_update APPROVED"},
    {"phone-number-quality-update.json",
     "alert Acme account:flagged\nnotice Acme phone_number_quality_update FLAGGED"},
    {"reaction-removed.json", "Acme reaction from 919876543210 (Asha Rao) reply to RgSQUJF"},
    {"reaction.json", "Acme reaction '👍' from 919876543210 (Asha Rao) reply to RgSQUJF"},
    {"referral-ctwa-ad.json", "Acme text 'Saw your ad' from 919876543210 (Asha Rao) referral ad"},
    {"reply-with-context.json",
     "Acme text 'yes, that one' from 919876543210 (Asha Rao) reply to RgSQUJG"},
    {"request-welcome.json",
     "Acme request_welcome from 919876543210 (Asha Rao) means The customer has opened the chat"},
    {"security.json", "notice Acme security PIN_CHANGED"},
    {"smb-app-state-sync.json", "notice Acme smb_app_state_sync"},
    {"smb-message-echoes.json",
     "Acme text 'sent from the phone app' to 919876543210 phone_app sent"},
    {"start.json", "Acme text 'start' from 919876543210 (Asha Rao)"},
    {"status-deleted.json", "notice Acme messages deleted"},
    {"status-delivered.json", "known delivered (delivered) utility regular"},
    {"status-failed-healthy-ecosystem.json", "known failed 131049 refunded (failed)"},
    {"status-failed-no-errors.json", "known failed unspecified (failed)"},
    {"status-failed-payment.json",
     "alert Acme 131042\nknown failed 131042 refunded (failed)\npaused Acme 131042"},
    {"status-failed-something-went-wrong.json", "known failed 131000 refunded (failed)"},
    {"status-failed-two-errors.json", "known failed 131026 (failed)"},
    {"status-failed-undeliverable.json", "known failed 131026 (failed)"},
    {"status-failed-window.json", "known failed 131047 (failed)"},
    {"status-of-another-orgs-message.json", "dead foreign_message Beta"},
    {"status-played-voice.json", "known read (read)"},
    {"status-read.json", "known read (read)"},
    {"status-recipient-bsuid.json", "known delivered (delivered)"},
    {"status-sent-free-customer-service.json", "known sent (sent) service free_customer_service"},
    {"status-sent-pmp-no-conversation.json", "known sent (sent) utility regular"},
    {"status-sent.json", "known sent (sent) service"},
    {"status-warning.json", "notice Acme messages warning"},
    {"statuses-duplicate.json", "known delivered (delivered)"},
    {"statuses-out-of-order.json", "known read (sent delivered read)"},
    {"sticker.json", "Acme sticker from 919876543210 (Asha Rao) media 5908647269898587 "
                     "image/webp"},
    {"stop.json", "Acme text 'STOP' from 919876543210 (Asha Rao)\nopted out Acme 919876543210"},
    {"system-user-changed-number.json",
     "Acme system 'Asha Rao changed from 91' from 919876500001 (Asha Rao)"},
    {"text-4096.json", "Acme text 'xxxxxxxxxxxxxxxxxxxxxxxx' from 919876543210 (Asha Rao)"},
    {"text-beta.json", "Beta text 'Reply to Beta' from 919876543210 (Asha Rao)"},
    {"text-unicode.json", "Acme text '" GREETING "' from 919876543210 (Asha Rao)"},
    {"text.json", "Acme text 'Hi' from 919876543210 (Asha Rao)"},
    {"three-orgs-one-body.json", "Acme text 'to 123456' from 919876543210 (Asha Rao)\n"
                                 "Beta text 'to 789012' from 919876543210 (Asha Rao)\n"
                                 "Gamma text 'to 345678' from 919876543210 (Asha Rao)"},
    {"two-contacts-one-change.json", "Acme text 'from asha' from 919876543210 (Asha Rao)\n"
                                     "Acme text 'from bilal' from 919876543211 (Bilal)"},
    {"two-messages-one-change.json", "Acme text 'first' from 919876543210 (Asha Rao)\n"
                                     "Acme text 'second' from 919876543210 (Asha Rao)"},
    {"two-numbers-one-entry.json", "Acme text 'to acme' from 919876543210 (Asha Rao)\n"
                                   "Beta text 'to beta' from 919876543210 (Asha Rao)"},
    {"unknown-field.json", "notice Acme a_field_from_the_future"},
    {"unknown-message-type.json", "Acme hologram from 919876543210 (Asha Rao)"},
    {"unknown-number.json", "dead unknown_number"},
    {"unsupported.json", "Acme unsupported from 919876543210 (Asha Rao) means 131051: Message type "
                         "unknown: Me error 131051"},
    {"user-preferences-resume.json", ""},
    {"user-preferences-stop.json", "opted out Acme 919876543210"},
    {"value-errors.json", "notice Acme messages"},
    {"video.json", "Acme video from 919876543210 (Asha Rao) media 2908647269898587 video/mp4"},

    {"bad/array-root.json", "dead wrong_object"},
    {"bad/bad-timestamp.json", "dead invalid_timestamp Acme"},
    {"bad/bom.json", "dead invalid_json"},
    {"bad/changes-not-array.json", "dead invalid_entry"},
    {"bad/deep-nesting-100000.json", "dead invalid_json"},
    {"bad/deep-nesting-300.json", "dead invalid_json"},
    // Within an object the last of two keys counts.
    {"bad/duplicate-keys.json", "Acme text 'Hi' from 919876543210 (Asha Rao)"},
    {"bad/empty.json", "dead invalid_json"},
    {"bad/entry-not-array.json", "dead invalid_entry"},
    {"bad/good-and-bad-messages.json",
     "Acme text 'good one after' from 919876543210 (Asha Rao)\n"
     "Acme text 'good one before' from 919876543210 (Asha Rao)\n"
     "dead invalid_message Acme\ndead invalid_message Acme\ndead message_without_id Acme"},
    {"bad/huge-negative-timestamp.json", "dead invalid_timestamp Acme"},
    // Longer than WhatsApp lets anybody write, and a message all the same.
    {"bad/huge-string-1mb.json",
     "Acme text 'AAAAAAAAAAAAAAAAAAAAAAAA' from 919876543210 (Asha Rao)"},
    {"bad/invalid-utf8.json", "dead invalid_json"},
    // What PostgreSQL's text cannot hold is replaced, and the message kept.
    {"bad/lone-surrogate.json", "Acme text '\xef\xbf\xbd alone' from 919876543210 (Asha Rao)"},
    {"bad/message-without-from.json", "dead message_without_sender Acme"},
    {"bad/message-without-id.json", "dead message_without_id Acme"},
    {"bad/metadata-missing.json", "dead invalid_metadata"},
    {"bad/no-entry.json", "dead invalid_entry"},
    {"bad/not-json.json", "dead invalid_json"},
    {"bad/nul-in-text.json", "Acme text 'a\xef\xbf\xbd"
                             "b' from 919876543210 (Asha Rao)"},
    {"bad/null-root.json", "dead invalid_json"},
    {"bad/phone-number-id-as-number.json", "dead invalid_metadata"},
    {"bad/sql-in-text.json", "Acme text ''); DROP TABLE wallets; ' from 919876543210 (Asha Rao)"},
    {"bad/status-unknown-name.json", "dead unknown_status Acme"},
    {"bad/status-without-id.json", "dead status_without_id Acme"},
    {"bad/text-body-is-number.json", "dead invalid_message Acme"},
    {"bad/trailing-garbage.json", "dead invalid_json"},
    {"bad/truncated.json", "dead invalid_json"},
    {"bad/two-documents.json", "dead invalid_json"},
    {"bad/utf16.json", "dead invalid_json"},
    {"bad/value-null.json", "dead invalid_change"},
    {"bad/wrong-object.json", "dead wrong_object"},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

// The same of what is new.
static const struct example news[] = {
    {"account-review-update.json", "notice Delta account_review_update APPROVED"},
    {"account-update-auth-international.json",
     "notice Delta account_update AUTH_INTL_PRICE_ELIGIBILITY_UPDATE"},
    {"account-update-ban-disable.json", "alert Delta account:disabled\nnotice Delta account_update "
                                        "DISABLED_UPDATE\npaused Delta account:disabled"},
    {"account-update-ban-reinstate.json", "notice Delta account_update DISABLED_UPDATE"},
    {"account-update-ban-schedule-for-disable.json",
     "alert Delta account:disable_scheduled\nnotice Delta account_update DISABLED_UPDATE"},
    {"account-update-country.json",
     "notice Delta account_update BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE"},
    {"account-update-deleted.json", "alert Delta account:deleted\nnotice Delta account_update "
                                    "ACCOUNT_DELETED\npaused Delta account:deleted"},
    {"account-update-field-misplaced.json",
     "alert Delta account:uninstalled\nnotice Delta account_update PARTNER_APP_UNINSTALLED"},
    {"account-update-offboarded.json",
     "alert Delta account:offboarded\nnotice Delta account_update ACCOUNT_OFFBOARDED\npaused Delta "
     "account:offboarded"},
    {"account-update-partner-added-solution.json", "notice Delta account_update PARTNER_ADDED"},
    {"account-update-partner-added.json", "notice Delta account_update PARTNER_ADDED"},
    {"account-update-partner-app-installed.json",
     "notice Delta account_update PARTNER_APP_INSTALLED"},
    {"account-update-partner-app-uninstalled.json",
     "alert Delta account:uninstalled\nnotice Delta account_update PARTNER_APP_UNINSTALLED"},
    {"account-update-partner-removed-coexistence.json",
     "alert Delta account:removed\nnotice Delta account_update PARTNER_REMOVED\npaused Delta "
     "account:removed"},
    {"account-update-partner-removed-phone-only.json",
     "alert Delta account:removed\nnotice Delta account_update PARTNER_REMOVED\npaused Delta "
     "account:removed"},
    {"account-update-partner-removed.json",
     "alert Delta account:removed\nnotice Delta account_update PARTNER_REMOVED\npaused Delta "
     "account:removed"},
    {"account-update-reconnected.json", "notice Delta account_update ACCOUNT_RECONNECTED"},
    {"account-update-restriction.json", "notice Delta account_update ACCOUNT_RESTRICTION"},
    {"account-update-violation.json",
     "alert Delta account:violation\nnotice Delta account_update ACCOUNT_VIOLATION"},
    {"account-update-volume-tier.json",
     "notice Delta account_update VOLUME_BASED_PRICING_TIER_UPDATE"},
    {"business-capability-update-tier-text.json", "notice Delta business_capability_update"},
    {"business-capability-update.json", "notice Delta business_capability_update"},
    {"echo-edited-then-revoked.json",
     "Acme edit 'Till one' to 919876543210 changes ECHO0001 phone_app sent\nAcme revoke to "
     "919876543210 changes ECHO0001 phone_app sent\nAcme text 'Till noon' to 919876543210 "
     "phone_app sent"},
    {"echo-image.json",
     "Acme image 'Your parcel' to 919876543210 (Asha Rao) media 24681 image/jpeg phone_app sent"},
    {"echo-username-no-phone.json",
     "Acme text 'Hello to a username' to IN.9Z8Y7X6W5V4U3T2S1R0Q (Kiran) phone_app sent"},
    {"group-lifecycle-create-failed.json", "notice Acme group_lifecycle_update"},
    {"history-declined.json", "notice Acme history"},
    {"history-media.json", "Acme image from 919876543211 media 24682 image/jpeg history received"},
    {"history-two-threads.json",
     "Acme media_placeholder from 919876543211 history received\nAcme text 'Is it open?' from "
     "919876543210 history received\nAcme text 'Till six' to 919876543210 history read\nnotice "
     "Acme history\nnotice Acme history"},
    {"message-companion-unsupported.json", "Acme unsupported from 919876543210 (Asha Rao) means "
                                           "131060: This message is currentl error 131060"},
    {"message-edit-of-a-caption.json",
     "Acme edit 'The other receipt' from 919876543210 (Asha Rao) media 24680 image/jpeg changes "
     "ORIG0002\nAcme image 'The receipt' from 919876543210 (Asha Rao) media 24680 image/jpeg"},
    {"message-edit.json",
     "Acme edit 'I meant Tuesday' from 919876543210 (Asha Rao) changes ORIG0001"},
    {"message-group-edit-and-revoke.json",
     "Acme edit 'hi both' from 919876543210 (Asha Rao) in group Y2Fw changes .GRP0001\nAcme revoke "
     "from 919876543210 (Asha Rao) in group Y2Fw changes .GRP0001"},
    {"message-group-stop.json", "Acme text 'STOP' from 919876543210 (Asha Rao) in group Y2Fw"},
    {"message-group-text.json", "Acme text 'hi all' from 919876543210 (Asha Rao) in group Y2Fw"},
    {"message-image-with-url.json",
     "Acme image 'The receipt' from 919876543210 (Asha Rao) media 24680 image/jpeg"},
    {"message-media-without-mime-type.json", "Acme video from 919876543210 (Asha Rao) media 24683"},
    {"message-media-too-large.json", "Acme unsupported from 919876543210 (Asha Rao) means 131052: "
                                     "Media download error: Fa error 131052"},
    {"message-revoke.json", "Acme revoke from 919876543210 (Asha Rao) changes ORIG0001"},
    {"message-username-no-phone.json", "Acme text 'hi' from IN.1A2B3C4D5E6F7G8H9I0J (Asha Rao)"},
    {"phone-number-quality-throughput-upgrade.json",
     "notice Acme phone_number_quality_update THROUGHPUT_UPGRADE\nrate Acme 1000"},
    {"security-pin-changed.json", "notice Delta security PIN_CHANGED"},
    {"security-pin-reset-request.json", "notice Delta security PIN_RESET_REQUEST"},
    {"status-delivered-marketing-lite.json", "known delivered (delivered) marketing_lite regular"},
    {"status-failed-after-hold.json", "known failed 132015 (failed)"},
    {"status-failed-misclassified-template.json", "known failed 131064 refunded (failed)"},
    {"status-group-delivered-two-participants.json",
     "dead unknown_message Acme again\ndead unknown_message Acme again"},
    {"status-group-one-participant-failed.json",
     "known delivered (delivered)\nnotice Acme messages failed"},
    {"status-no-recipient-id.json", "known delivered (delivered) utility regular"},
    {"status-sent-authentication-international.json",
     "known sent (sent) authentication-international regular"},
    {"status-sent-direct-send.json", "known sent (sent) utility regular"},
    {"status-sent-paid-exempt.json", "known sent (sent) service regular"},
    {"status-sent-service-charged.json", "known sent (sent) service regular"},
    {"status-sent-service-free-tier.json", "known sent (sent) service free_customer_service"},
    {"system-user-changed-user-id.json",
     "Acme system 'User changed' from IN.9Z8Y7X6W5V4U3T2S1R0Q (Asha Rao)"},
    {"template-quality-under-status-field.json", "notice Acme message_template_quality_update"},
    {"unknown-field-messaging-handovers.json", "notice Acme messaging_handovers"},
    {"unknown-field-partner-solutions.json", "notice nobody partner_solutions SOLUTION_CREATED"},
    {"unknown-field-payment-configuration-update.json",
     "notice Delta payment_configuration_update Needs Testing"},
};
enum { NEWS = sizeof news / sizeof *news };

// The orgs of the examples, and the message that their statuses are about.
static void given_orgs(struct gateway *gateway)
{
    struct org acme = given_org(gateway, .name = "Acme", .number = "123456", .waba_id = "1001");
    (void)given_org(gateway, .name = "Beta", .number = "789012", .waba_id = "1002");
    (void)given_org(gateway, .name = "Gamma", .number = "345678", .waba_id = "1003");
    (void)given_org(gateway, .name = "Delta", .number = "246810", .waba_id = "1004");
    (void)given_org(gateway, .name = "Harbour", .number = "204715938260451",
                    .waba_id = "317846205918337");
    (void)database_text(
        gateway->database,
        "CREATE FUNCTION begin_anew(known text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
        "SET LOCAL session_replication_role = replica; "
        "DELETE FROM message_changes; DELETE FROM auto_replies; DELETE FROM dead_letters; DELETE "
        "FROM account_notices; "
        "DELETE FROM attempts; DELETE FROM outbox; DELETE FROM bookings; "
        "DELETE FROM wallet_transactions; "
        "DELETE FROM messages; DELETE FROM conversations; DELETE FROM contact_changes; "
        "DELETE FROM contacts; DELETE FROM alerts; "
        "UPDATE channels SET status = 'active', paused_for = NULL, max_mps = 80, "
        "number_since = '2025-01-01', token_changed_at = '2025-01-01'; "
        "SET LOCAL session_replication_role = origin; UPDATE wallets SET balance = 100; "
        "PERFORM accept_sends('{018f0000-0000-7000-8000-000000000001}', '{%s}', '{NULL}', "
        "'{919876543210}', '{NULL}', '{text}', '{\"{}\"}', '{NULL}', '{high}', '{NULL}', "
        "'{NULL}', '{NULL}', '{NULL}'); "
        "PERFORM claim_sends('018f0000-0000-7000-8000-000000000002', '{%s}', "
        "'{018f0000-0000-7000-8000-000000000001}'); "
        "PERFORM settle_sends('{%s}', '{018f0000-0000-7000-8000-000000000001}', "
        "'{018f0000-0000-7000-8000-000000000002}', '{sent}', "
        "ARRAY[known], '{NULL}', '{f}', "
        "'{0}'); UPDATE messages SET created_at = '2025-01-01'; END $$",
        acme.id, acme.id, acme.id);
}

// Everything that is not as it was at the beginning. Times that Meta told are long past.
static const char *left_behind(struct gateway *gateway)
{
    return database_text(
        gateway->database,
        "SELECT string_agg(line, E'\\n' ORDER BY line COLLATE \"C\") FROM ("
        "SELECT format('%%s %%s%%s %%s %%s%%s%%s%%s%%s%%s%%s%%s%%s', o.name, m.type, "
        "' ''' || replace(left(m.text, 24), E'\\u202e', '<RLO>') || '''', "
        "CASE m.direction WHEN 'inbound' THEN 'from' ELSE 'to' END, coalesce(c.phone, "
        "c.user_id), ' (' || c.name || ')', ' in group ' || left(m.group_id, 4), "
        "' media ' || m.media_id || coalesce(' ' || m.mime_type, ''), "
        "' means ' || replace(left(m.summary, 32), E'\\n', '|'), ' error ' || m.error_code, "
        "' reply to ' || right(m.reply_to, 7), ' changes ' || right(x.wamid, 8), "
        "coalesce(' referral ' || (m.referral ->> 'source_type'), "
        "' ' || m.origin || ' ' || m.status)) AS line "
        "FROM messages m JOIN organizations o ON o.id = m.org_id "
        "JOIN contacts c ON c.id = m.contact_id "
        "LEFT JOIN message_changes x ON x.message_id = m.id "
        "WHERE (m.direction = 'inbound' OR m.origin IS NOT NULL) "
        "AND (SELECT count(*) FROM messages) < 100 "
        "UNION ALL SELECT format('%%s %%s messages of %%s contacts', o.name, count(*), "
        "count(DISTINCT m.contact_id)) FROM messages m JOIN organizations o ON o.id = m.org_id "
        "WHERE m.direction = 'inbound' GROUP BY o.name HAVING count(*) >= 100 "
        "UNION ALL SELECT concat_ws(' ', 'known', m.status, m.error_code, "
        "CASE WHEN m.refunded THEN 'refunded' END, '(' || concat_ws(' ', "
        "CASE WHEN m.sent_at < '2026-01-01' THEN 'sent' END, "
        "CASE WHEN m.delivered_at < '2026-01-01' THEN 'delivered' END, "
        "CASE WHEN m.read_at < '2026-01-01' THEN 'read' END, "
        "CASE WHEN m.failed_at < '2026-01-01' THEN 'failed' END) || ')', "
        "m.pricing ->> 'category', m.pricing ->> 'type') FROM messages m "
        "WHERE m.direction = 'outbound' AND m.origin IS NULL AND (m.status <> 'sent' OR m.sent_at "
        "< '2026-01-01') "
        "UNION ALL SELECT concat_ws(' ', 'notice', coalesce(o.name, 'nobody'), e.field, e.event) "
        "FROM account_notices e LEFT JOIN organizations o ON o.id = e.org_id "
        "UNION ALL SELECT concat_ws(' ', 'alert', o.name, a.outcome) FROM alerts a "
        "JOIN organizations o ON o.id = a.org_id WHERE a.resolved_at IS NULL "
        "UNION ALL SELECT concat_ws(' ', 'paused', o.name, c.paused_for) FROM channels c "
        "JOIN organizations o ON o.id = c.org_id WHERE c.status = 'paused' "
        "UNION ALL SELECT concat_ws(' ', 'rate', o.name, c.max_mps) FROM channels c "
        "JOIN organizations o ON o.id = c.org_id WHERE c.max_mps <> 80 "
        "UNION ALL SELECT concat_ws(' ', 'dead', d.reason, o.name, "
        "CASE WHEN d.retry_at IS NOT NULL THEN 'again' END) "
        "FROM dead_letters d LEFT JOIN organizations o ON o.id = d.org_id "
        "UNION ALL SELECT format('opted out %%s %%s', o.name, c.phone) FROM conversations v "
        "JOIN organizations o ON o.id = v.org_id JOIN contacts c ON c.id = v.contact_id "
        "WHERE v.opted_out_at IS NOT NULL) lines");
}

// The message of Acme's that is there at the beginning.
static const char *known_wamid = "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSMTAwMDAwMDAwMDAwMDAwMQA=";

// What a body leaves after a new beginning.
static const char *left_by(struct gateway *gateway, const struct corpus_body *body)
{
    (void)database_text(gateway->database, "SELECT begin_anew('%s')", known_wamid);
    struct answer answer = post_webhook(gateway, body->bytes, body->length);
    cr_expect_eq(answer.status, 200, "%s: %d", body->name, answer.status);
    eventually(webhooks_left(gateway) == 0);
    (void)database_text(gateway->database, "SELECT follow_notices(100)"); // sooner than the janitor
    eventually(database_number(gateway->database,
                               "SELECT count(*) FROM account_notices WHERE pending") == 0);
    return left_behind(gateway);
}

static void expect_no_harm(const char *name, const char *left)
{
    cr_expect_null(strstr(left, "dead refused"), "%s left\n%s", name, left);
    cr_expect_null(strstr(left, "dead poison"), "%s left\n%s", name, left);
}

static void expect_left(struct gateway *gateway, const char *folder, const struct example *example)
{
    struct corpus_body body = {.name = example->file};
    body.bytes = corpus_read(folder, example->file, &body.length);
    const char *left = left_by(gateway, &body);
    expect_no_harm(example->file, left);
    cr_expect_str_eq(left, example->left, "%s left\n%s\nnot\n%s", example->file, left,
                     example->left);
}

static void expect_all_left(const char *first, size_t count)
{
    struct gateway *gateway = given_gateway();
    given_orgs(gateway);
    size_t begin = 0;
    while (strcmp(examples[begin].file, first) != 0)
        begin++;
    for (size_t i = begin; i < begin + count; i++)
        expect_left(gateway, "webhooks", &examples[i]);
    stop_gateway(gateway);
}

Test(corpus, every_body_is_applied_as_its_name_says)
{
    expect_all_left("account-alerts.json", 93);
}

Test(corpus, every_bad_body_is_acknowledged_and_harms_nothing)
{
    expect_all_left("bad/array-root.json", 32);
}

Test(corpus, every_body_of_what_is_new_is_applied_as_its_name_says)
{
    struct gateway *gateway = given_gateway();
    given_orgs(gateway);
    known_wamid = "wamid.OUT0001";
    for (size_t i = 0; i < NEWS; i++)
        expect_left(gateway, "webhooks-2026", &news[i]);
    stop_gateway(gateway);
}

static void post_body(const struct corpus_body *body, void *gateway)
{
    struct answer answer = post_webhook(gateway, body->bytes, body->length);
    cr_expect_eq(answer.status, 200, "%s: %d", body->name, answer.status);
}

Test(corpus, nothing_new_spoils_the_batch_in_which_it_comes)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    given_orgs(gateway);
    (void)database_text(gateway->database, "SELECT begin_anew('wamid.OUT0001')");
    cr_expect_eq(corpus_each("webhooks-2026", post_body, gateway), NEWS);
    cr_expect_eq(post_webhook_file(gateway, "text.json").status, 200);
    (void)start_worker(gateway);
    eventually(webhooks_left(gateway) == 0);
    const char *left = left_behind(gateway);
    expect_no_harm("the batch", left);
    cr_expect(strstr(left, "Acme text 'Hi' from 919876543210 (Asha Rao)"), "%s", left);
    stop_gateway(gateway);
}

static void expect_body_harmless(const struct corpus_body *body, void *gateway)
{
    expect_no_harm(body->name, left_by(gateway, body));
}

Test(corpus, no_further_body_does_harm)
{
    static const char *const folders[] = {"webhooks", "webhooks/bad", "webhooks-2026"};
    struct gateway *gateway = given_gateway();
    given_orgs(gateway);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        corpus_each_further(folders[i], expect_body_harmless, gateway);
    stop_gateway(gateway);
}

// Which table knows a folder's bodies, and by which names.
struct known {
    const struct example *examples;
    size_t count;
    const char *prefix;
};

static void expect_known(const struct corpus_body *body, void *context)
{
    const struct known *known = context;
    const char *file = text_of("%s%s", known->prefix, body->name);
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->examples[i].file, file) == 0)
            return;
    cr_expect(false, "%s is not expected to leave anything", file);
}

Test(corpus, no_body_is_left_out)
{
    corpus_each("webhooks", expect_known, &(struct known){examples, EXAMPLES, ""});
    corpus_each("webhooks/bad", expect_known, &(struct known){examples, EXAMPLES, "bad/"});
    corpus_each("webhooks-2026", expect_known, &(struct known){news, NEWS, ""});
}
