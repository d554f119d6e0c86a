#include "common/store/tokens.h"

#include "common/store/calls.h"

static const struct tg_call count_open_tokens = {
    .name = "count_open_tokens",
    .out = TG_FIELDS(VALUE("count_open_tokens", INT8, int64_t)),
    .only_reads = true,
};

enum tg_pg_status tg_store_count_open_tokens(struct tg_pg *pg, int64_t *n)
{
    return tg_pg_call(pg, &count_open_tokens, TG_ROWS(n, 1));
}

struct question {
    const char *key;
    struct tg_slice slice;
};

static const struct tg_call list_tokens_to_seal = {
    .name = "list_tokens_to_seal",
    .one = TG_FIELDS(TEXT("p_key", question, key), INT8("p_limit", question, slice.limit),
                     INT8("p_skip", question, slice.skip)),
    .out = TG_FIELDS(UUID("org_id", tg_stored_token, org_id),
                     UUID("channel_id", tg_stored_token, channel_id),
                     TEXT("access_token", tg_stored_token, access_token)),
    .only_reads = true,
};

enum tg_pg_status tg_store_list_tokens_to_seal(struct tg_pg *pg, const char *key,
                                               struct tg_slice slice,
                                               struct tg_stored_token *tokens, size_t *n)
{
    struct question question = {key, slice};
    return tg_pg_call(pg, &list_tokens_to_seal, TG_ONE(&question),
                      TG_ROWS_TO(tokens, (size_t)slice.limit, n));
}

static const struct tg_call seal_tokens = {
    .name = "seal_tokens",
    .each = TG_FIELDS(UUID("p_org_ids", tg_sealed_token, org_id),
                      UUID("p_channel_ids", tg_sealed_token, channel_id),
                      BYTES("p_digests", tg_sealed_token, digest),
                      TEXT("p_sealed", tg_sealed_token, sealed)),
    .out = TG_FIELDS(VALUE("seal_tokens", INT8, int64_t)),
};

enum tg_pg_status tg_store_seal_tokens(struct tg_pg *pg, const struct tg_sealed_token *tokens,
                                       size_t n, int64_t *sealed)
{
    return tg_pg_call(pg, &seal_tokens, TG_EACH(tokens, n), TG_ROWS(sealed, 1));
}

static const struct tg_call begin_sealing = {
    .name = "begin_sealing",
    .out = TG_FIELDS(VALUE("begin_sealing", INT8, int64_t)),
    .only_reads = true,
};

enum tg_pg_status tg_store_begin_sealing(struct tg_pg *pg, int64_t *asked)
{
    return tg_pg_call(pg, &begin_sealing, TG_ROWS(asked, 1));
}

static const struct tg_call end_sealing = {
    .name = "end_sealing",
    .one = TG_FIELDS(INT8("p_asked", tg_sealing_round, asked), TEXT("p_key", tg_sealing_round, key),
                     INT8("p_no_key", tg_sealing_round, no_key),
                     INT8("p_not_opened", tg_sealing_round, not_opened)),
};

enum tg_pg_status tg_store_end_sealing(struct tg_pg *pg, const struct tg_sealing_round *round)
{
    return tg_pg_call(pg, &end_sealing, TG_ONE(round));
}

static const struct tg_call list_secrets_to_seal = {
    .name = "list_secrets_to_seal",
    .one = TG_FIELDS(TEXT("p_key", question, key), INT8("p_limit", question, slice.limit),
                     INT8("p_skip", question, slice.skip)),
    .out =
        TG_FIELDS(UUID("org_id", tg_stored_secret, org_id),
                  UUID("endpoint_id", tg_stored_secret, endpoint_id),
                  TEXT("name", tg_stored_secret, name), TEXT("stored", tg_stored_secret, stored)),
    .only_reads = true,
};

enum tg_pg_status tg_store_list_secrets_to_seal(struct tg_pg *pg, const char *key,
                                                struct tg_slice slice,
                                                struct tg_stored_secret *secrets, size_t *n)
{
    struct question question = {key, slice};
    return tg_pg_call(pg, &list_secrets_to_seal, TG_ONE(&question),
                      TG_ROWS_TO(secrets, (size_t)slice.limit, n));
}

static const struct tg_call seal_secrets = {
    .name = "seal_secrets",
    .each = TG_FIELDS(UUID("p_org_ids", tg_sealed_secret, org_id),
                      UUID("p_endpoint_ids", tg_sealed_secret, endpoint_id),
                      TEXT("p_names", tg_sealed_secret, name),
                      BYTES("p_digests", tg_sealed_secret, digest),
                      TEXT("p_sealed", tg_sealed_secret, sealed)),
    .out = TG_FIELDS(VALUE("seal_secrets", INT8, int64_t)),
};

enum tg_pg_status tg_store_seal_secrets(struct tg_pg *pg, const struct tg_sealed_secret *secrets,
                                        size_t n, int64_t *sealed)
{
    return tg_pg_call(pg, &seal_secrets, TG_EACH(secrets, n), TG_ROWS(sealed, 1));
}

const struct tg_call *const tg_token_calls[] = {&count_open_tokens, NULL};
const struct tg_call *const tg_sealing_calls[] = {
    &begin_sealing,        &list_tokens_to_seal, &seal_tokens, &end_sealing,
    &list_secrets_to_seal, &seal_secrets,        NULL};
