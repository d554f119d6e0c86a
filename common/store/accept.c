#include "common/store/accept.h"

#include "common/store/calls.h"

#include <stdlib.h>

const char *const tg_verdict_names[TG_VERDICT_CODES] = {
    [TG_VERDICT_OTHER] = "other",
    [TG_ACCEPTED] = "accepted",
    [TG_INSUFFICIENT_BALANCE] = "insufficient_balance",
    [TG_NO_ORG] = "no_org",
    [TG_ORG_SUSPENDED] = "org_suspended",
    [TG_NO_CHANNEL] = "no_channel",
    [TG_CHANNEL_PAUSED] = "channel_paused",
    [TG_CONTACT_OPTED_OUT] = "contact_opted_out",
    [TG_OUTSIDE_WINDOW] = "outside_window",
    [TG_TEMPLATE_PAUSED] = "template_paused",
    [TG_TEMPLATE_DISABLED] = "template_disabled",
    [TG_TEMPLATE_REJECTED] = "template_rejected",
    [TG_TEMPLATE_NOT_FOUND] = "template_not_found",
    [TG_TEMPLATE_PARAMETERS] = "template_parameters",
    [TG_DUPLICATE] = "duplicate",
    [TG_IDEMPOTENCY_CONFLICT] = "idempotency_conflict",
    [TG_EXPIRED] = "expired",
    [TG_NO_MESSAGE] = "no_message",
    [TG_TOO_MANY_RECEIPTS] = "too_many_receipts",
};

static const char *const priority_names[] = {
    [TG_PRIORITY_HIGH] = "high",
    [TG_PRIORITY_BULK] = "bulk",
};

static const struct tg_call accept_sends = {
    .name = "accept_sends",
    .each = TG_FIELDS(
        UUID("p_message_ids", tg_send, message_id), UUID("p_org_ids", tg_send, org_id),
        UUID_IF("p_channel_ids", tg_send, channel_id, has_channel),
        TEXT("p_phones", tg_send, phone), TEXT("p_user_ids", tg_send, user_id),
        TEXT("p_types", tg_send, type), TEXT("p_payloads", tg_send, payload),
        TEXT("p_callback_data", tg_send, callback_data),
        WORD("p_priorities", tg_send, priority, priority_names),
        INT8_IF("p_send_ats", tg_send, send_at_ms), INT8_IF("p_not_afters", tg_send, not_after_ms),
        TEXT("p_keys", tg_send, idempotency_key),
        BYTES_IF("p_body_hashes", tg_send, body_hash, idempotency_key),
        TEXT("p_phone_number_ids", tg_send, phone_number_id)),
    .out = TG_FIELDS(WORD("verdict", tg_verdict, code, tg_verdict_names),
                     UUID("message_id", tg_verdict, message_id),
                     WORD("status", tg_verdict, status, tg_status_names),
                     TEXT("balance", tg_verdict, balance), TEXT("fee", tg_verdict, fee),
                     BOOL("is_outside", tg_verdict, is_outside),
                     TEXT("template_fault", tg_verdict, template_fault),
                     TEXT("template_says", tg_verdict, template_says)),
};

void tg_send_finish(struct tg_send *send)
{
    tg_text_finish(&send->payload);
    tg_text_finish(&send->callback_data);
    free(send->fault);
    send->fault = NULL;
}

enum tg_pg_status tg_store_accept_sends(struct tg_pg *pg, const struct tg_send *const *sends,
                                        size_t n, struct tg_verdict *verdicts)
{
    return tg_pg_call(pg, &accept_sends, TG_EACH_AT(sends, n), TG_ROWS(verdicts, n));
}

static const struct tg_call is_other_batch = {
    .name = "is_other_batch",
    .one = TG_FIELDS(UUID("p_org_id", tg_send, org_id), TEXT("p_key", tg_send, idempotency_key),
                     BYTES_IF("p_body_hash", tg_send, body_hash, idempotency_key)),
    .out = TG_FIELDS(VALUE("is_other", BOOL, bool)),
    .only_reads = true,
};

enum tg_pg_status tg_store_is_other_batch(struct tg_pg *pg, const struct tg_send *of,
                                          bool *is_other)
{
    return tg_pg_call(pg, &is_other_batch, TG_ONE(of), TG_ROWS(is_other, 1));
}

static const char *const cancel_verdict_names[] = {
    [TG_CANCEL_TOO_LATE] = "too_late",
    [TG_CANCELLED] = "cancelled",
    [TG_CANCEL_NOT_FOUND] = "not_found",
};

static const struct tg_call cancel_send = {
    .name = "cancel_send",
    .one = TG_FIELDS(UUID("p_org_id", tg_message_key, org_id),
                     UUID("p_message_id", tg_message_key, message_id)),
    .out = TG_FIELDS(WORD("verdict", tg_cancelling, verdict, cancel_verdict_names),
                     BOOL("refunded", tg_cancelling, refunded)),
};

enum tg_pg_status tg_store_cancel_send(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid message_id, struct tg_cancelling *cancelling)
{
    struct tg_message_key key = {org_id, message_id};
    return tg_pg_call(pg, &cancel_send, TG_ONE(&key), TG_ROWS(cancelling, 1));
}

const struct tg_call *const tg_accept_calls[] = {&accept_sends, &is_other_batch, &cancel_send,
                                                 NULL};
