// Asking Meta how numbers are (sql/core/channel_health.sql), and for templates
// (sql/core/templates.sql). See accept.h for what holds for all of
// common/store.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

struct tg_look_terms {
    struct tg_uuid look_id; // who asks: of each claim another
    int64_t limit;
    int64_t least_s;    // no number is asked about twice within that
    int64_t lease_s;    // what is not recorded by then is due again
    int64_t interval_s; // between two looks
};

struct tg_claimed_look {
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    char phone_number_id[33];
    struct tg_text access_token; // as it stands, sealed or not; the caller's to wipe
};

// Takes numbers that are to be looked at now: fills looks[0..*n), terms->limit at the most.
enum tg_pg_status tg_store_claim_channel_looks(struct tg_pg *pg, const struct tg_look_terms *terms,
                                               struct tg_claimed_look *looks,
                                               size_t *n) TG_MUST_CHECK;

struct tg_look_result {
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    struct tg_text facts;   // a JSON object; empty if there is an error
    const char *error_code; // NULL, with the message: it was answered
    const char *error_message;
};

// Records what came of looks of one claim. *leave: Meta wants to be left alone for a while, or is
// away.
enum tg_pg_status tg_store_record_channel_looks(struct tg_pg *pg, const struct tg_look_terms *terms,
                                                const struct tg_look_result *results, size_t n,
                                                bool *leave) TG_MUST_CHECK;

struct tg_claimed_templates {
    struct tg_uuid org_id;
    char waba_id[33];
    struct tg_uuid channel_id; // whose token it is
    struct tg_text access_token;
};

// The same for accounts whose templates are to be asked for.
enum tg_pg_status tg_store_claim_template_looks(struct tg_pg *pg, const struct tg_look_terms *terms,
                                                struct tg_claimed_templates *looks,
                                                size_t *n) TG_MUST_CHECK;

struct tg_template_page {
    struct tg_uuid look_id;
    struct tg_uuid org_id;
    const char *waba_id;
    struct tg_text templates; // a JSON array
};

// Keeps a page of an account's list. *counts: the look still does.
enum tg_pg_status tg_store_keep_templates_of(struct tg_pg *pg, const struct tg_template_page *page,
                                             bool *counts) TG_MUST_CHECK;

struct tg_templates_result {
    struct tg_uuid org_id;
    const char *waba_id;
    struct tg_text ids;     // of all that there are, a JSON array; empty if there is an error
    const char *error_code; // NULL, with the message: it was answered
    const char *error_message;
    int64_t retry_after_s; // Meta is not asked before; 0: it does not say
};

// Records what came of looks of one claim, as above.
enum tg_pg_status tg_store_record_template_looks(struct tg_pg *pg,
                                                 const struct tg_look_terms *terms,
                                                 const struct tg_templates_result *results,
                                                 size_t n, bool *leave) TG_MUST_CHECK;
