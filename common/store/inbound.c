#include "common/store/inbound.h"

#include "common/store/calls.h"

void tg_received_finish(struct tg_received *received)
{
    tg_text_finish(&received->name);
}

static const struct tg_call receive_messages = {
    .name = "receive_messages",
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
        INT8("p_times", tg_inbound_message, time_s)),
    .out =
        TG_FIELDS(WORD("verdict", tg_received, verdict, tg_item_verdict_names),
                  UUID("org_id", tg_received, org_id), UUID("channel_id", tg_received, channel_id),
                  UUID("message_id", tg_received, message_id),
                  INT8("rules_version", tg_received, rules_version),
                  BOOL("is_first", tg_received, is_first), BOOL("is_word", tg_received, is_word),
                  BOOL("opted_out", tg_received, opted_out), TEXT("phone", tg_received, phone),
                  TEXT("user_id", tg_received, user_id), TEXT("name", tg_received, name)),
};

enum tg_pg_status tg_store_receive_messages(struct tg_pg *pg,
                                            const struct tg_inbound_message *const *messages,
                                            size_t n, struct tg_received *received)
{
    return tg_pg_call(pg, &receive_messages, TG_EACH_AT(messages, n), TG_ROWS(received, n));
}

struct judged { // a row of one value is that value
    enum tg_item_verdict verdict;
};

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
        TEXT("p_fields", tg_account_notice, field), TEXT("p_values", tg_account_notice, value)),
};

enum tg_pg_status tg_store_record_account_notices(struct tg_pg *pg,
                                                  const struct tg_account_notice *const *notices,
                                                  size_t n)
{
    return tg_pg_call(pg, &record_account_notices, TG_EACH_AT(notices, n));
}

const struct tg_call *const tg_inbound_calls[] = {&receive_messages, &receive_preferences,
                                                  &record_account_notices, NULL};
