#include "common/store/dispatch.h"

#include "common/store/calls.h"

static const char *const claim_kinds[] = {
    [TG_CLAIM_MESSAGE] = "message", // what is no receipt
    [TG_CLAIM_RECEIPT] = "receipt",
};

static const struct tg_call claim_sends = {
    .name = "claim_sends",
    .one = TG_FIELDS(UUID("p_claim_id", tg_claim_key, claim_id)),
    .each = TG_FIELDS(UUID("p_org_ids", tg_message_key, org_id),
                      UUID("p_message_ids", tg_message_key, message_id)),
    .out =
        TG_FIELDS(UUID("message_id", tg_claim, message_id), UUID("org_id", tg_claim, org_id),
                  UUID("channel_id", tg_claim, channel_id), INT8("attempt", tg_claim, attempt),
                  TEXT("phone_number_id", tg_claim, phone_number_id),
                  WORD("type", tg_claim, kind, claim_kinds),
                  TEXT("access_token", tg_claim, access_token), TEXT("payload", tg_claim, payload)),
};

enum tg_pg_status tg_store_claim_sends(struct tg_pg *pg, struct tg_uuid claim_id,
                                       const struct tg_message_key *messages, size_t n,
                                       struct tg_claim *claims, size_t *claimed)
{
    struct tg_claim_key key = {.claim_id = claim_id};
    enum tg_pg_status status = tg_pg_call(pg, &claim_sends, TG_ONE(&key), TG_EACH(messages, n),
                                          TG_ROWS_TO(claims, n, claimed));
    for (size_t i = 0; status == TG_PG_OK && i < *claimed; i++)
        claims[i].claim_id = claim_id;
    return status;
}

static const struct tg_call release_sends = {
    .name = "release_sends",
    .each = TG_FIELDS(UUID("p_org_ids", tg_claim_key, org_id),
                      UUID("p_message_ids", tg_claim_key, message_id),
                      UUID("p_claim_ids", tg_claim_key, claim_id)),
};

enum tg_pg_status tg_store_release_sends(struct tg_pg *pg, const struct tg_claim_key *claims,
                                         size_t n)
{
    return tg_pg_call(pg, &release_sends, TG_EACH(claims, n));
}

static const struct tg_call settle_sends = {
    .name = "settle_sends",
    .each = TG_FIELDS(
        UUID("p_org_ids", tg_outcome, org_id), UUID("p_message_ids", tg_outcome, message_id),
        UUID("p_claim_ids", tg_outcome, claim_id), TEXT("p_outcomes", tg_outcome, key),
        TEXT("p_wamids", tg_outcome, wamid), TEXT("p_error_messages", tg_outcome, error_message),
        BOOL("p_transients", tg_outcome, transient),
        INT8("p_retry_afters", tg_outcome, retry_after_s),
        INT8("p_error_subcodes", tg_outcome, error_subcode), TEXT("p_wa_ids", tg_outcome, wa_id),
        TEXT("p_wa_user_ids", tg_outcome, user_id)),
    .out = TG_FIELDS(
        BOOL("settled", tg_settled, settled), WORD("status", tg_settled, status, tg_status_names),
        BOOL("refunded", tg_settled, refunded), BOOL("unknown_code", tg_settled, unknown_code),
        TEXT("error_class", tg_settled, error_class), BOOL("paused", tg_settled, paused),
        UUID_IF("released_id", tg_settled, released.message_id, released.any)),
};

enum tg_pg_status tg_store_settle_sends(struct tg_pg *pg, const struct tg_outcome *const *outcomes,
                                        size_t n, struct tg_settled *settled)
{
    return tg_pg_call(pg, &settle_sends, TG_EACH_AT(outcomes, n), TG_ROWS(settled, n));
}

const struct tg_call *const tg_dispatch_calls[] = {&claim_sends, &release_sends, &settle_sends,
                                                   NULL};
