// Telling endpoints (sql/core/notify.sql, sql/core/endpoints.sql). See accept.h for what holds for
// all of common/store.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

// What a worker that claims deliveries says of itself.
struct tg_delivery_terms {
    int64_t limit;        // of events, or of claims: of deliveries
    int64_t most;         // of the deliveries of events
    int64_t lease_s;      // what is not settled by then is due again
    int64_t room;         // of each endpoint that is not named
    struct tg_uuid after; // of claims: the endpoints behind this one
};

// How many more an endpoint may have at once.
struct tg_endpoint_room {
    struct tg_uuid endpoint_id;
    int64_t room;
};

struct tg_claimed_delivery {
    struct tg_uuid org_id;
    struct tg_uuid endpoint_id;
    struct tg_uuid event_id;
    char name[37]; // of the event, outside
    char format[9];
    struct tg_text url;
    struct tg_text secret; // as they stand, sealed or not; the caller's to wipe
    struct tg_text old_secret;
    struct tg_text body; // empty: it is erased
};

// The next events become deliveries; those for which the caller has room are its own:
// claimed[0..*n), terms->most and one at the most. The last one names no org: it says that there
// were events, and by the name "left" that some of their deliveries can be claimed. Where *n is 0
// there are no further events now, or another worker is at it.
enum tg_pg_status tg_store_fan_out_events(struct tg_pg *pg, const struct tg_delivery_terms *terms,
                                          const struct tg_endpoint_room *rooms, size_t room_count,
                                          struct tg_claimed_delivery *claimed,
                                          size_t *n) TG_MUST_CHECK;

// Deliveries that are due: fills claimed[0..*n), terms->limit at the most.
enum tg_pg_status tg_store_claim_deliveries(struct tg_pg *pg, const struct tg_delivery_terms *terms,
                                            const struct tg_endpoint_room *rooms, size_t room_count,
                                            struct tg_claimed_delivery *claimed,
                                            size_t *n) TG_MUST_CHECK;

// What came of an attempt.
struct tg_delivery_result {
    struct tg_uuid org_id;
    struct tg_uuid endpoint_id;
    struct tg_uuid event_id;
    const char *outcome;
    int64_t status; // 0: no answer came
    int64_t took_ms;
    int64_t retry_after_s; // 0: none was asked for
    struct tg_text answer; // its beginning; empty: there was none
};
enum tg_pg_status tg_store_settle_deliveries(struct tg_pg *pg,
                                             const struct tg_delivery_result *const *results,
                                             size_t n) TG_MUST_CHECK;

struct tg_verify_terms {
    struct tg_uuid verify_id; // who asks: of each claim another
    int64_t limit;
    int64_t lease_s;
};

// An endpoint that is to be asked whether it wants to be told.
struct tg_claimed_verification {
    struct tg_uuid org_id;
    struct tg_uuid endpoint_id;
    struct tg_text url;
    struct tg_text verify_token; // as it stands; the caller's to wipe
};
enum tg_pg_status tg_store_claim_verifications(struct tg_pg *pg,
                                               const struct tg_verify_terms *terms,
                                               struct tg_claimed_verification *claimed,
                                               size_t *n) TG_MUST_CHECK;

struct tg_verified {
    struct tg_uuid org_id;
    struct tg_uuid endpoint_id;
    char why[128]; // it does not; "": it does
};
enum tg_pg_status tg_store_settle_verifications(struct tg_pg *pg,
                                                const struct tg_verify_terms *terms,
                                                const struct tg_verified *verified,
                                                size_t n) TG_MUST_CHECK;
