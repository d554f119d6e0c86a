#include "common/store/deliveries.h"

#include "common/store/calls.h"

static const struct tg_field rooms_fields[] = {
    UUID("p_endpoint_ids", tg_endpoint_room, endpoint_id),
    INT8("p_rooms", tg_endpoint_room, room),
    {0}};
static const struct tg_field claimed_fields[] = {
    UUID("org_id", tg_claimed_delivery, org_id),
    UUID("endpoint_id", tg_claimed_delivery, endpoint_id),
    UUID("event_id", tg_claimed_delivery, event_id),
    TEXT("name", tg_claimed_delivery, name),
    TEXT("url", tg_claimed_delivery, url),
    TEXT("format", tg_claimed_delivery, format),
    TEXT("secret", tg_claimed_delivery, secret),
    TEXT("old_secret", tg_claimed_delivery, old_secret),
    TEXT("body", tg_claimed_delivery, body),
    {0},
};

static const struct tg_call fan_out_events = {
    .name = "fan_out_events",
    .one = TG_FIELDS(
        INT8("p_limit", tg_delivery_terms, limit), INT8("p_most", tg_delivery_terms, most),
        INT8("p_lease_s", tg_delivery_terms, lease_s), INT8("p_room", tg_delivery_terms, room)),
    .each = rooms_fields,
    .out = claimed_fields,
};

enum tg_pg_status tg_store_fan_out_events(struct tg_pg *pg, const struct tg_delivery_terms *terms,
                                          const struct tg_endpoint_room *rooms, size_t room_count,
                                          struct tg_claimed_delivery *claimed, size_t *n)
{
    return tg_pg_call(pg, &fan_out_events, TG_ONE(terms), TG_EACH(rooms, room_count),
                      TG_ROWS_TO(claimed, (size_t)terms->most + 1, n));
}

static const struct tg_call claim_deliveries = {
    .name = "claim_deliveries",
    .one = TG_FIELDS(
        INT8("p_limit", tg_delivery_terms, limit), INT8("p_lease_s", tg_delivery_terms, lease_s),
        INT8("p_room", tg_delivery_terms, room), UUID("p_after", tg_delivery_terms, after)),
    .each = rooms_fields,
    .out = claimed_fields,
};

enum tg_pg_status tg_store_claim_deliveries(struct tg_pg *pg, const struct tg_delivery_terms *terms,
                                            const struct tg_endpoint_room *rooms, size_t room_count,
                                            struct tg_claimed_delivery *claimed, size_t *n)
{
    return tg_pg_call(pg, &claim_deliveries, TG_ONE(terms), TG_EACH(rooms, room_count),
                      TG_ROWS_TO(claimed, (size_t)terms->limit, n));
}

static const struct tg_call settle_deliveries = {
    .name = "settle_deliveries",
    .each = TG_FIELDS(UUID("p_org_ids", tg_delivery_result, org_id),
                      UUID("p_endpoint_ids", tg_delivery_result, endpoint_id),
                      UUID("p_event_ids", tg_delivery_result, event_id),
                      TEXT("p_outcomes", tg_delivery_result, outcome),
                      INT8("p_statuses", tg_delivery_result, status),
                      INT8("p_took_ms", tg_delivery_result, took_ms),
                      TEXT("p_answers", tg_delivery_result, answer),
                      INT8("p_retry_after_s", tg_delivery_result, retry_after_s)),
};

enum tg_pg_status tg_store_settle_deliveries(struct tg_pg *pg,
                                             const struct tg_delivery_result *const *results,
                                             size_t n)
{
    return tg_pg_call(pg, &settle_deliveries, TG_EACH_AT(results, n));
}

static const struct tg_call claim_verifications = {
    .name = "claim_verifications",
    .one = TG_FIELDS(UUID("p_verify_id", tg_verify_terms, verify_id),
                     INT8("p_limit", tg_verify_terms, limit),
                     INT8("p_lease_s", tg_verify_terms, lease_s)),
    .out = TG_FIELDS(UUID("org_id", tg_claimed_verification, org_id),
                     UUID("endpoint_id", tg_claimed_verification, endpoint_id),
                     TEXT("url", tg_claimed_verification, url),
                     TEXT("verify_token", tg_claimed_verification, verify_token)),
};

enum tg_pg_status tg_store_claim_verifications(struct tg_pg *pg,
                                               const struct tg_verify_terms *terms,
                                               struct tg_claimed_verification *claimed, size_t *n)
{
    return tg_pg_call(pg, &claim_verifications, TG_ONE(terms),
                      TG_ROWS_TO(claimed, (size_t)terms->limit, n));
}

static const struct tg_call settle_verifications = {
    .name = "settle_verifications",
    .one = TG_FIELDS(UUID("p_verify_id", tg_verify_terms, verify_id)),
    .each = TG_FIELDS(UUID("p_org_ids", tg_verified, org_id),
                      UUID("p_endpoint_ids", tg_verified, endpoint_id),
                      TEXT("p_whys", tg_verified, why)),
};

enum tg_pg_status tg_store_settle_verifications(struct tg_pg *pg,
                                                const struct tg_verify_terms *terms,
                                                const struct tg_verified *verified, size_t n)
{
    return tg_pg_call(pg, &settle_verifications, TG_ONE(terms), TG_EACH(verified, n));
}

const struct tg_call *const tg_delivery_calls[] = {&fan_out_events,       &claim_deliveries,
                                                   &settle_deliveries,    &claim_verifications,
                                                   &settle_verifications, NULL};
