#include "common/store/media.h"

#include "common/store/calls.h"

// What the calls are given besides, each some of it.
struct question {
    struct tg_uuid org_id;
    struct tg_uuid id;
    int64_t limit;
    int64_t lease_s;
};

static const struct tg_call use_media_store = {
    .name = "use_media_store",
    .one = TG_FIELDS(UUID("p_id", question, id)),
    .out = TG_FIELDS(VALUE("use_media_store", UUID, struct tg_uuid)),
};

enum tg_pg_status tg_store_use_media_store(struct tg_pg *pg, struct tg_uuid id,
                                           struct tg_uuid *used)
{
    struct question question = {.id = id};
    return tg_pg_call(pg, &use_media_store, TG_ONE(&question), TG_ROWS(used, 1));
}

static const struct tg_call claim_media = {
    .name = "claim_media",
    .one = TG_FIELDS(
        UUID("p_claim_id", tg_media_terms, claim_id), INT8("p_limit", tg_media_terms, limit),
        INT8("p_per_org", tg_media_terms, per_org), INT8("p_lease_s", tg_media_terms, lease_s)),
    .out = TG_FIELDS(
        UUID("org_id", tg_claimed_media, org_id), UUID("id", tg_claimed_media, id),
        UUID("channel_id", tg_claimed_media, channel_id),
        TEXT("phone_number_id", tg_claimed_media, phone_number_id),
        TEXT("access_token", tg_claimed_media, access_token),
        TEXT("meta_id", tg_claimed_media, meta_id), INT8("max_bytes", tg_claimed_media, max_bytes),
        INT8("attempts", tg_claimed_media, attempts), INT8("room", tg_claimed_media, room)),
};

enum tg_pg_status tg_store_claim_media(struct tg_pg *pg, const struct tg_media_terms *terms,
                                       struct tg_claimed_media *media, size_t *n)
{
    return tg_pg_call(pg, &claim_media, TG_ONE(terms), TG_ROWS_TO(media, (size_t)terms->limit, n));
}

static const struct tg_call reserve_media = {
    .name = "reserve_media",
    .one = TG_FIELDS(UUID("p_claim_id", tg_found_media, claim_id),
                     UUID("p_org_id", tg_found_media, org_id), UUID("p_id", tg_found_media, id),
                     INT8("p_size", tg_found_media, size)),
    .out = TG_FIELDS(VALUE("reserve_media", INT8, int64_t)),
};

enum tg_pg_status tg_store_reserve_media(struct tg_pg *pg, const struct tg_found_media *found,
                                         int64_t *room)
{
    return tg_pg_call(pg, &reserve_media, TG_ONE(found), TG_ROWS(room, 1));
}

static const char *const ends[] = {[TG_MEDIA_AGAIN] = "again",
                                   [TG_MEDIA_KEPT] = "kept",
                                   [TG_MEDIA_FAILED] = "failed",
                                   [TG_MEDIA_BACK] = "back"};

static const struct tg_call record_media = {
    .name = "record_media",
    .one = TG_FIELDS(UUID("p_claim_id", tg_media_result, claim_id)),
    .each = TG_FIELDS(
        UUID("p_org_ids", tg_media_result, org_id), UUID("p_ids", tg_media_result, id),
        WORD("p_outcomes", tg_media_result, end, ends), INT8("p_sizes", tg_media_result, size),
        TEXT("p_sha256s", tg_media_result, sha256),
        TEXT("p_said_sha256s", tg_media_result, said_sha256),
        TEXT("p_mime_types", tg_media_result, mime_type),
        INT8("p_after_s", tg_media_result, after_s),
        TEXT("p_error_codes", tg_media_result, error_code),
        TEXT("p_error_messages", tg_media_result, error_message)),
    .out = TG_FIELDS(VALUE("wanted", BOOL, bool)),
};

enum tg_pg_status tg_store_record_media(struct tg_pg *pg, const struct tg_media_result *result,
                                        bool *wanted)
{
    return tg_pg_call(pg, &record_media, TG_ONE(result), TG_EACH(result, 1), TG_ROWS(wanted, 1));
}

static const struct tg_call expire_media = {
    .name = "expire_media",
    .one = TG_FIELDS(INT8("p_limit", question, limit)),
    .out = TG_FIELDS(VALUE("expire_media", INT8, int64_t)),
};

enum tg_pg_status tg_store_expire_media(struct tg_pg *pg, int64_t limit, int64_t *expired)
{
    struct question question = {.limit = limit};
    return tg_pg_call(pg, &expire_media, TG_ONE(&question), TG_ROWS(expired, 1));
}

static const struct tg_call take_media_to_remove = {
    .name = "take_media_to_remove",
    .one = TG_FIELDS(INT8("p_limit", question, limit), INT8("p_lease_s", question, lease_s)),
    .out = TG_FIELDS(UUID("org_id", tg_media_key, org_id), UUID("id", tg_media_key, id),
                     TEXT("file", tg_media_key, file)),
};

enum tg_pg_status tg_store_take_media_to_remove(struct tg_pg *pg, int64_t limit, int64_t lease_s,
                                                struct tg_media_key *media, size_t *n)
{
    struct question question = {.limit = limit, .lease_s = lease_s};
    return tg_pg_call(pg, &take_media_to_remove, TG_ONE(&question),
                      TG_ROWS_TO(media, (size_t)limit, n));
}

static const struct tg_call end_media = {
    .name = "end_media",
    .each = TG_FIELDS(UUID("p_org_ids", tg_media_key, org_id), UUID("p_ids", tg_media_key, id)),
};

enum tg_pg_status tg_store_end_media(struct tg_pg *pg, const struct tg_media_key *media, size_t n)
{
    return tg_pg_call(pg, &end_media, TG_EACH(media, n));
}

static const char *const states[] = {[TG_MEDIA_IS_WAITING] = "waiting",
                                     [TG_MEDIA_IS_KEPT] = "kept",
                                     [TG_MEDIA_HAS_FAILED] = "failed",
                                     [TG_MEDIA_IS_GONE] = "gone"};

static const struct tg_call find_media = {
    .name = "find_media",
    .one = TG_FIELDS(UUID("p_org_id", question, org_id), UUID("p_id", question, id)),
    .out = TG_FIELDS(WORD("state", tg_media, state, states), TEXT("mime_type", tg_media, mime_type),
                     TEXT("filename", tg_media, filename), INT8("size", tg_media, size),
                     TEXT("file", tg_media, file), TEXT("error_code", tg_media, error_code)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_media(struct tg_pg *pg, struct tg_uuid org_id, struct tg_uuid id,
                                      bool *found, struct tg_media *media)
{
    struct question question = {.org_id = org_id, .id = id};
    return tg_pg_call(pg, &find_media, TG_ONE(&question), TG_ROW_IF(media, found));
}

static const struct tg_call begin_upload = {
    .name = "begin_upload",
    .one = TG_FIELDS(UUID("p_org_id", tg_upload, org_id), UUID("p_id", tg_upload, id),
                     TEXT("p_mime_type", tg_upload, mime_type),
                     TEXT("p_filename", tg_upload, filename), INT8("p_size", tg_upload, size),
                     INT8("p_lease_s", tg_upload, lease_s)),
    .out = TG_FIELDS(VALUE("begin_upload", TEXT, struct tg_text)),
};

enum tg_pg_status tg_store_begin_upload(struct tg_pg *pg, const struct tg_upload *upload,
                                        struct tg_text *file)
{
    return tg_pg_call(pg, &begin_upload, TG_ONE(upload), TG_ROWS(file, 1));
}

static const struct tg_call keep_upload = {
    .name = "keep_upload",
    .one = TG_FIELDS(TEXT("p_actor", tg_upload, actor), UUID("p_org_id", tg_upload, org_id),
                     UUID("p_id", tg_upload, id), INT8("p_size", tg_upload, size),
                     TEXT("p_sha256", tg_upload, sha256)),
    .out = TG_FIELDS(VALUE("keep_upload", JSON, struct tg_text)),
};

enum tg_pg_status tg_store_keep_upload(struct tg_pg *pg, const struct tg_upload *upload,
                                       struct tg_text *document)
{
    return tg_pg_call(pg, &keep_upload, TG_ONE(upload), TG_ROWS(document, 1));
}

static const struct tg_call find_sendable_media = {
    .name = "find_sendable_media",
    .one = TG_FIELDS(UUID("p_org_id", tg_sendable_question, org_id),
                     UUID("p_id", tg_sendable_question, id),
                     UUID_IF("p_channel_id", tg_sendable_question, channel_id, has_channel),
                     TEXT("p_phone_number_id", tg_sendable_question, phone_number_id),
                     INT8_IF("p_until", tg_sendable_question, until_ms)),
    .out = TG_FIELDS(WORD("verdict", tg_sendable, verdict, tg_verdict_names),
                     UUID("channel_id", tg_sendable, channel_id),
                     TEXT("phone_number_id", tg_sendable, phone_number_id),
                     TEXT("access_token", tg_sendable, access_token),
                     BOOL("is_found", tg_sendable, is_found),
                     WORD("state", tg_sendable, state, states),
                     TEXT("mime_type", tg_sendable, mime_type), INT8("size", tg_sendable, size),
                     TEXT("file", tg_sendable, file), TEXT("meta_id", tg_sendable, meta_id)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_sendable_media(struct tg_pg *pg,
                                               const struct tg_sendable_question *question,
                                               bool *found, struct tg_sendable *sendable)
{
    return tg_pg_call(pg, &find_sendable_media, TG_ONE(question), TG_ROW_IF(sendable, found));
}

static const struct tg_call keep_media_at_meta = {
    .name = "keep_media_at_meta",
    .one = TG_FIELDS(UUID("p_org_id", tg_media_at_meta, org_id), UUID("p_id", tg_media_at_meta, id),
                     UUID("p_channel_id", tg_media_at_meta, channel_id),
                     TEXT("p_phone_number_id", tg_media_at_meta, phone_number_id),
                     TEXT("p_meta_id", tg_media_at_meta, meta_id)),
};

enum tg_pg_status tg_store_keep_media_at_meta(struct tg_pg *pg,
                                              const struct tg_media_at_meta *at_meta)
{
    return tg_pg_call(pg, &keep_media_at_meta, TG_ONE(at_meta));
}

const struct tg_call *const tg_media_calls[] = {
    &use_media_store, &claim_media,          &reserve_media, &record_media,
    &expire_media,    &take_media_to_remove, &end_media,     NULL};
const struct tg_call *const tg_media_read_calls[] = {&use_media_store, &find_media, &begin_upload,
                                                     &keep_upload, NULL};
const struct tg_call *const tg_media_relay_calls[] = {&find_sendable_media, &keep_media_at_meta,
                                                      NULL};
