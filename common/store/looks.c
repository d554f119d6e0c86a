#include "common/store/looks.h"

#include "common/store/calls.h"

static const struct tg_field claim_fields[] = {
    UUID("p_look_id", tg_look_terms, look_id),       INT8("p_limit", tg_look_terms, limit),
    INT8("p_least_s", tg_look_terms, least_s),       INT8("p_lease_s", tg_look_terms, lease_s),
    INT8("p_interval_s", tg_look_terms, interval_s), {0}};
static const struct tg_field record_fields[] = {UUID("p_look_id", tg_look_terms, look_id),
                                                INT8("p_interval_s", tg_look_terms, interval_s),
                                                {0}};

static const struct tg_call claim_channel_looks = {
    .name = "claim_channel_looks",
    .one = claim_fields,
    .out = TG_FIELDS(UUID("org_id", tg_claimed_look, org_id),
                     UUID("channel_id", tg_claimed_look, channel_id),
                     TEXT("phone_number_id", tg_claimed_look, phone_number_id),
                     TEXT("access_token", tg_claimed_look, access_token)),
};

enum tg_pg_status tg_store_claim_channel_looks(struct tg_pg *pg, const struct tg_look_terms *terms,
                                               struct tg_claimed_look *looks, size_t *n)
{
    return tg_pg_call(pg, &claim_channel_looks, TG_ONE(terms),
                      TG_ROWS_TO(looks, (size_t)terms->limit, n));
}

static const struct tg_call record_channel_looks = {
    .name = "record_channel_looks",
    .one = record_fields,
    .each = TG_FIELDS(UUID("p_org_ids", tg_look_result, org_id),
                      UUID("p_channel_ids", tg_look_result, channel_id),
                      TEXT("p_facts", tg_look_result, facts),
                      TEXT("p_error_codes", tg_look_result, error_code),
                      TEXT("p_error_messages", tg_look_result, error_message)),
    .out = TG_FIELDS(VALUE("record_channel_looks", BOOL, bool)),
};

enum tg_pg_status tg_store_record_channel_looks(struct tg_pg *pg, const struct tg_look_terms *terms,
                                                const struct tg_look_result *results, size_t n,
                                                bool *leave)
{
    return tg_pg_call(pg, &record_channel_looks, TG_ONE(terms), TG_EACH(results, n),
                      TG_ROWS(leave, 1));
}

static const struct tg_call claim_template_looks = {
    .name = "claim_template_looks",
    .one = claim_fields,
    .out = TG_FIELDS(UUID("org_id", tg_claimed_templates, org_id),
                     TEXT("waba_id", tg_claimed_templates, waba_id),
                     UUID("channel_id", tg_claimed_templates, channel_id),
                     TEXT("access_token", tg_claimed_templates, access_token)),
};

enum tg_pg_status tg_store_claim_template_looks(struct tg_pg *pg, const struct tg_look_terms *terms,
                                                struct tg_claimed_templates *looks, size_t *n)
{
    return tg_pg_call(pg, &claim_template_looks, TG_ONE(terms),
                      TG_ROWS_TO(looks, (size_t)terms->limit, n));
}

static const struct tg_call keep_templates_of = {
    .name = "keep_templates_of",
    .one = TG_FIELDS(UUID("p_look_id", tg_template_page, look_id),
                     UUID("p_org_id", tg_template_page, org_id),
                     TEXT("p_waba_id", tg_template_page, waba_id),
                     TEXT("p_templates", tg_template_page, templates)),
    .out = TG_FIELDS(VALUE("keep_templates_of", BOOL, bool)),
};

enum tg_pg_status tg_store_keep_templates_of(struct tg_pg *pg, const struct tg_template_page *page,
                                             bool *counts)
{
    return tg_pg_call(pg, &keep_templates_of, TG_ONE(page), TG_ROWS(counts, 1));
}

static const struct tg_call record_template_looks = {
    .name = "record_template_looks",
    .one = record_fields,
    .each = TG_FIELDS(UUID("p_org_ids", tg_templates_result, org_id),
                      TEXT("p_waba_ids", tg_templates_result, waba_id),
                      TEXT("p_ids", tg_templates_result, ids),
                      TEXT("p_error_codes", tg_templates_result, error_code),
                      TEXT("p_error_messages", tg_templates_result, error_message),
                      INT8("p_retry_afters_s", tg_templates_result, retry_after_s)),
    .out = TG_FIELDS(VALUE("record_template_looks", BOOL, bool)),
};

enum tg_pg_status tg_store_record_template_looks(struct tg_pg *pg,
                                                 const struct tg_look_terms *terms,
                                                 const struct tg_templates_result *results,
                                                 size_t n, bool *leave)
{
    return tg_pg_call(pg, &record_template_looks, TG_ONE(terms), TG_EACH(results, n),
                      TG_ROWS(leave, 1));
}

const struct tg_call *const tg_look_calls[] = {&claim_channel_looks,   &record_channel_looks,
                                               &claim_template_looks,  &keep_templates_of,
                                               &record_template_looks, NULL};
