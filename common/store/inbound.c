#include "common/store/inbound.h"

#include "common/store/calls.h"

const char *const tg_item_verdict_names[TG_ITEM_VERDICTS] = {
    [TG_ITEM_NOT_UNDERSTOOD] = "not_understood",
    [TG_ITEM_APPLIED] = "applied",
    [TG_ITEM_SAVED] = "saved",
    [TG_ITEM_DUPLICATE] = "duplicate",
    [TG_ITEM_UNKNOWN_NUMBER] = "unknown_number",
    [TG_ITEM_BEFORE_HAND_OVER] = "before_hand_over",
    [TG_ITEM_UNKNOWN_MESSAGE] = "unknown_message",
    [TG_ITEM_FOREIGN_MESSAGE] = "foreign_message",
    [TG_ITEM_WALLET_HELD] = "wallet_held",
};

static const struct tg_call apply_statuses = {
    .name = "apply_statuses",
    .each = TG_FIELDS(TEXT("p_phone_number_ids", tg_status_update, phone_number_id),
                      TEXT("p_wamids", tg_status_update, wamid),
                      UUID_IF("p_message_ids", tg_status_update, message_id, names_message),
                      WORD("p_statuses", tg_status_update, status, tg_status_names),
                      INT8("p_times", tg_status_update, time_s),
                      TEXT("p_pricings", tg_status_update, pricing),
                      TEXT("p_error_codes", tg_status_update, error_code),
                      TEXT("p_error_messages", tg_status_update, error_message),
                      INT8("p_error_subcodes", tg_status_update, error_subcode),
                      TEXT("p_user_ids", tg_status_update, user_id)),
    .out = TG_FIELDS(WORD("verdict", tg_status_applied, verdict, tg_item_verdict_names),
                     UUID("org_id", tg_status_applied, org_id),
                     UUID("message_id", tg_status_applied, message_id),
                     BOOL("refunded", tg_status_applied, refunded),
                     BOOL("reversed", tg_status_applied, reversed),
                     BOOL("unknown_code", tg_status_applied, unknown_code),
                     UUID_IF("released_id", tg_status_applied, released.message_id, released.any),
                     BOOL("paused", tg_status_applied, paused)),
};

enum tg_pg_status tg_store_apply_statuses(struct tg_pg *pg,
                                          const struct tg_status_update *const *updates, size_t n,
                                          struct tg_status_applied *applied)
{
    return tg_pg_call(pg, &apply_statuses, TG_EACH_AT(updates, n), TG_ROWS(applied, n));
}

struct receiving {
    int64_t reply_within_s;
    bool words_later;
};

static const struct tg_call receive_messages = {
    .name = "receive_messages",
    .one = TG_FIELDS(INT8("p_reply_within_s", receiving, reply_within_s),
                     BOOL("p_words_later", receiving, words_later)),
    .each = TG_FIELDS(
        UUID("p_ids", tg_inbound_message, id),
        TEXT("p_phone_number_ids", tg_inbound_message, phone_number_id),
        TEXT("p_wamids", tg_inbound_message, wamid), TEXT("p_phones", tg_inbound_message, phone),
        TEXT("p_user_ids", tg_inbound_message, user_id), TEXT("p_names", tg_inbound_message, name),
        TEXT("p_new_phones", tg_inbound_message, new_phone),
        TEXT("p_types", tg_inbound_message, type), TEXT("p_texts", tg_inbound_message, text),
        TEXT("p_media_ids", tg_inbound_message, media_id),
        TEXT("p_mime_types", tg_inbound_message, mime_type),
        TEXT("p_reply_tos", tg_inbound_message, reply_to),
        TEXT("p_referrals", tg_inbound_message, referral),
        TEXT("p_payloads", tg_inbound_message, payload),
        INT8("p_times", tg_inbound_message, time_s),
        TEXT("p_group_ids", tg_inbound_message, group_id),
        TEXT("p_summaries", tg_inbound_message, summary),
        TEXT("p_error_codes", tg_inbound_message, error_code),
        TEXT("p_error_messages", tg_inbound_message, error_message),
        TEXT("p_changes", tg_inbound_message, changes),
        BOOL("p_are_said", tg_inbound_message, is_said),
        TEXT("p_new_user_ids", tg_inbound_message, new_user_id)),
    .out =
        TG_FIELDS(WORD("verdict", tg_received, verdict, tg_item_verdict_names),
                  UUID("org_id", tg_received, org_id), UUID("channel_id", tg_received, channel_id),
                  UUID("message_id", tg_received, message_id),
                  INT8("rules_version", tg_received, rules_version),
                  UUID("words_id", tg_received, words_id), BOOL("is_first", tg_received, is_first),
                  BOOL("opted_out", tg_received, opted_out), TEXT("phone", tg_received, phone),
                  TEXT("user_id", tg_received, user_id), TEXT("name", tg_received, name)),
};

enum tg_pg_status tg_store_receive_messages(struct tg_pg *pg,
                                            const struct tg_inbound_message *const *messages,
                                            size_t n, int64_t reply_within_s,
                                            struct tg_received *received)
{
    struct receiving receiving = {reply_within_s, true};
    return tg_pg_call(pg, &receive_messages, TG_ONE(&receiving), TG_EACH_AT(messages, n),
                      TG_ROWS(received, n));
}

static const struct tg_call list_words = {
    .name = "list_words",
    .each = TG_FIELDS(VALUE("p_org_ids", UUID, struct tg_uuid)),
    .out = TG_FIELDS(UUID("words_id", tg_org_words, words_id),
                     TEXT("opt_out", tg_org_words, opt_out), TEXT("opt_in", tg_org_words, opt_in)),
};

enum tg_pg_status tg_store_list_words(struct tg_pg *pg, const struct tg_uuid *org_ids, size_t n,
                                      struct tg_org_words *words)
{
    return tg_pg_call(pg, &list_words, TG_EACH(org_ids, n), TG_ROWS(words, n));
}

static const char *const wishes[] = {"", "out", "in"};

static const struct tg_call set_wishes = {
    .name = "set_wishes",
    .each = TG_FIELDS(UUID("p_org_ids", tg_wished, org_id),
                      UUID("p_message_ids", tg_wished, message_id),
                      WORD("p_wishes", tg_wished, wish, wishes)),
    .out = TG_FIELDS(VALUE("opted_out", BOOL, bool)),
};

enum tg_pg_status tg_store_set_wishes(struct tg_pg *pg, const struct tg_wished *wished, size_t n,
                                      bool *opted_out)
{
    return tg_pg_call(pg, &set_wishes, TG_EACH(wished, n), TG_ROWS(opted_out, n));
}

struct judged { // a row of one value is that value
    enum tg_item_verdict verdict;
};

static const struct tg_call receive_copies = {
    .name = "receive_copies",
    .each = TG_FIELDS(
        UUID("p_ids", tg_inbound_message, id),
        TEXT("p_phone_number_ids", tg_inbound_message, phone_number_id),
        TEXT("p_wamids", tg_inbound_message, wamid), TEXT("p_phones", tg_inbound_message, phone),
        TEXT("p_user_ids", tg_inbound_message, user_id), TEXT("p_names", tg_inbound_message, name),
        TEXT("p_origins", tg_inbound_message, origin),
        BOOL("p_outbound", tg_inbound_message, outbound),
        WORD("p_statuses", tg_inbound_message, status, tg_status_names),
        TEXT("p_types", tg_inbound_message, type), TEXT("p_texts", tg_inbound_message, text),
        TEXT("p_summaries", tg_inbound_message, summary),
        TEXT("p_media_ids", tg_inbound_message, media_id),
        TEXT("p_mime_types", tg_inbound_message, mime_type),
        TEXT("p_reply_tos", tg_inbound_message, reply_to),
        TEXT("p_changes", tg_inbound_message, changes),
        TEXT("p_payloads", tg_inbound_message, payload),
        TEXT("p_error_codes", tg_inbound_message, error_code),
        TEXT("p_error_messages", tg_inbound_message, error_message),
        INT8("p_times", tg_inbound_message, time_s)),
    .out = TG_FIELDS(WORD("verdict", judged, verdict, tg_item_verdict_names)),
};

enum tg_pg_status tg_store_receive_copies(struct tg_pg *pg,
                                          const struct tg_inbound_message *const *messages,
                                          size_t n, enum tg_item_verdict *verdicts)
{
    return tg_pg_call(pg, &receive_copies, TG_EACH_AT(messages, n),
                      TG_ROWS((struct judged *)verdicts, n));
}

static const struct tg_call receive_preferences = {
    .name = "receive_preferences",
    .each = TG_FIELDS(
        TEXT("p_phone_number_ids", tg_preference, phone_number_id),
        TEXT("p_phones", tg_preference, phone), TEXT("p_user_ids", tg_preference, user_id),
        BOOL("p_opt_outs", tg_preference, opt_out), INT8("p_times", tg_preference, time_s)),
    .out = TG_FIELDS(WORD("verdict", judged, verdict, tg_item_verdict_names)),
};

enum tg_pg_status tg_store_receive_preferences(struct tg_pg *pg,
                                               const struct tg_preference *const *preferences,
                                               size_t n, enum tg_item_verdict *verdicts)
{
    return tg_pg_call(pg, &receive_preferences, TG_EACH_AT(preferences, n),
                      TG_ROWS((struct judged *)verdicts, n));
}

static const struct tg_call record_account_notices = {
    .name = "record_account_notices",
    .each = TG_FIELDS(
        TEXT("p_phone_number_ids", tg_account_notice, phone_number_id),
        TEXT("p_waba_ids", tg_account_notice, waba_id), INT8("p_times", tg_account_notice, time_s),
        TEXT("p_fields", tg_account_notice, field), TEXT("p_values", tg_account_notice, value),
        TEXT("p_events", tg_account_notice, event)),
};

enum tg_pg_status tg_store_record_account_notices(struct tg_pg *pg,
                                                  const struct tg_account_notice *const *notices,
                                                  size_t n)
{
    return tg_pg_call(pg, &record_account_notices, TG_EACH_AT(notices, n));
}

static const struct tg_call are_changes_asked = {
    .name = "are_changes_asked",
    .out = TG_FIELDS(VALUE("asked", BOOL, bool)),
};

enum tg_pg_status tg_store_are_changes_asked(struct tg_pg *pg, bool *asked)
{
    return tg_pg_call(pg, &are_changes_asked, TG_ROWS(asked, 1));
}

static const struct tg_call find_change_owners = {
    .name = "find_change_owners",
    .each = TG_FIELDS(TEXT("p_phone_number_ids", tg_change_item, phone_number_id),
                      TEXT("p_accounts", tg_change_item, account),
                      INT8("p_times", tg_change_item, time_s),
                      UUID_IF("p_message_ids", tg_change_item, message_id, names_message),
                      TEXT("p_wamids", tg_change_item, wamid)),
    .out = TG_FIELDS(UUID_IF("org_id", tg_change_owner, org_id, asks),
                     UUID_IF("channel_id", tg_change_owner, channel_id, has_channel),
                     UUID_IF("message_id", tg_change_owner, message_id, has_message),
                     BOOL("is_ours", tg_change_owner, is_ours),
                     TEXT("callback_data", tg_change_owner, callback_data)),
};

enum tg_pg_status tg_store_find_change_owners(struct tg_pg *pg, const struct tg_change_item *items,
                                              size_t n, struct tg_change_owner *owners)
{
    return tg_pg_call(pg, &find_change_owners, TG_EACH(items, n), TG_ROWS(owners, n));
}

static const struct tg_call tell_changes = {
    .name = "tell_changes",
    .each = TG_FIELDS(
        UUID("p_org_ids", tg_told_change, org_id),
        UUID_IF("p_channel_ids", tg_told_change, channel_id, has_channel),
        TEXT("p_fields", tg_told_change, field), TEXT("p_message_ids", tg_told_change, message_ids),
        BYTES("p_digests", tg_told_change, digest), TEXT("p_bodies", tg_told_change, body)),
};

enum tg_pg_status tg_store_tell_changes(struct tg_pg *pg, const struct tg_told_change *changes,
                                        size_t n)
{
    return tg_pg_call(pg, &tell_changes, TG_EACH(changes, n));
}

struct being_applied {
    const int64_t *ids;
    size_t count;
};

static const struct tg_call record_dead_letters = {
    .name = "record_dead_letters",
    .one = TG_FIELDS(INT8S("p_taken", being_applied, ids, count)),
    .each = TG_FIELDS(BYTES("p_bodies", tg_dead_letter, body),
                      TEXT("p_reasons", tg_dead_letter, reason),
                      TEXT("p_phone_number_ids", tg_dead_letter, phone_number_id),
                      INT8("p_tries", tg_dead_letter, tries)),
};

enum tg_pg_status tg_store_record_dead_letters(struct tg_pg *pg, const int64_t *taken,
                                               size_t taken_count,
                                               const struct tg_dead_letter *letters, size_t n)
{
    struct being_applied being_applied = {taken, taken_count};
    return tg_pg_call(pg, &record_dead_letters, TG_ONE(&being_applied), TG_EACH(letters, n));
}

static const struct tg_call take_dead_letters = {
    .name = "take_dead_letters",
    .one = TG_FIELDS(VALUE("p_limit", INT8, int64_t)),
    .out =
        TG_FIELDS(INT8("id", tg_taken_letter, id), INT8("tries", tg_taken_letter, tries),
                  INT8("until_us", tg_taken_letter, until_us), BYTES("body", tg_taken_letter, body),
                  BOOL("was_told", tg_taken_letter, was_told)),
};

enum tg_pg_status tg_store_take_dead_letters(struct tg_pg *pg, int64_t limit,
                                             struct tg_taken_letter *letters, size_t *n)
{
    return tg_pg_call(pg, &take_dead_letters, TG_ONE(&limit),
                      TG_ROWS_TO(letters, (size_t)limit, n));
}

static const struct tg_call end_dead_letters = {
    .name = "end_dead_letters",
    .each = TG_FIELDS(INT8("p_ids", tg_taken_letter, id),
                      INT8("p_until_us", tg_taken_letter, until_us)),
};

enum tg_pg_status tg_store_end_dead_letters(struct tg_pg *pg,
                                            const struct tg_taken_letter *const *letters, size_t n)
{
    return tg_pg_call(pg, &end_dead_letters, TG_EACH_AT(letters, n));
}

const struct tg_call *const tg_inbound_calls[] = {&apply_statuses,
                                                  &receive_messages,
                                                  &set_wishes,
                                                  &receive_copies,
                                                  &receive_preferences,
                                                  &are_changes_asked,
                                                  &find_change_owners,
                                                  &tell_changes,
                                                  &record_account_notices,
                                                  &record_dead_letters,
                                                  &take_dead_letters,
                                                  &end_dead_letters,
                                                  NULL};

const struct tg_call *const tg_word_calls[] = {&list_words, NULL};
