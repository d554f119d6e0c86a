// Files of contacts (sql/core/media.sql). See accept.h for what holds for all of common/store.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"
#include "common/store/accept.h"

enum { TG_MEDIA_NAME_SIZE = 80, TG_MIME_TYPE_SIZE = 256 };

// The id of the place that files lie in; `id` from now on, if there has been none.
enum tg_pg_status tg_store_use_media_store(struct tg_pg *pg, struct tg_uuid id,
                                           struct tg_uuid *used) TG_MUST_CHECK;

struct tg_media_terms {
    struct tg_uuid claim_id; // of each claim another
    int64_t limit;
    int64_t per_org; // with what others fetch
    int64_t lease_s; // what is not recorded by then is due again
};

struct tg_claimed_media {
    struct tg_uuid org_id;
    struct tg_uuid id;
    struct tg_uuid channel_id;
    char phone_number_id[33];
    struct tg_text access_token; // as it stands, sealed or not; the caller's to wipe
    char meta_id[256];
    int64_t max_bytes;
    int64_t attempts; // with this one
    int64_t room;     // bytes that the org may still keep, whoever takes them first
};

// Takes files that are to be fetched now: fills media[0..*n), terms->limit at the most.
enum tg_pg_status tg_store_claim_media(struct tg_pg *pg, const struct tg_media_terms *terms,
                                       struct tg_claimed_media *media, size_t *n) TG_MUST_CHECK;

// Meta says how large it is.
struct tg_found_media {
    struct tg_uuid claim_id;
    struct tg_uuid org_id;
    struct tg_uuid id;
    int64_t size; // 0: it does not
};
// Reserves room for it in its org's quota, until what came of it is recorded: *room is how many
// bytes of it may come; 0: none.
enum tg_pg_status tg_store_reserve_media(struct tg_pg *pg, const struct tg_found_media *found,
                                         int64_t *room) TG_MUST_CHECK;

enum tg_media_end {
    TG_MEDIA_AGAIN,  // it is tried later
    TG_MEDIA_KEPT,   // it lies in the store
    TG_MEDIA_FAILED, // it will not be fetched
    TG_MEDIA_BACK,   // nothing was tried
};

struct tg_media_result {
    struct tg_uuid claim_id;
    struct tg_uuid org_id;
    struct tg_uuid id;
    enum tg_media_end end;
    int64_t size;
    char sha256[65]; // "", here and below: not known
    char said_sha256[65];
    char mime_type[TG_MIME_TYPE_SIZE];
    int64_t after_s; // AGAIN: not sooner
    char error_code[24];
    char error_message[500];
};

// Records what came of one. *wanted: what of it lies in the store is to stay there; else the caller
// removes it.
enum tg_pg_status tg_store_record_media(struct tg_pg *pg, const struct tg_media_result *result,
                                        bool *wanted) TG_MUST_CHECK;

// Files whose time is over are gone, up to `limit`.
enum tg_pg_status tg_store_expire_media(struct tg_pg *pg, int64_t limit,
                                        int64_t *expired) TG_MUST_CHECK;

struct tg_media_key {
    struct tg_uuid org_id;
    struct tg_uuid id;
    char file[TG_MEDIA_NAME_SIZE]; // its name in the store
};

// Takes files that are to be removed from the store: fills media[0..*n), `limit` at the most.
enum tg_pg_status tg_store_take_media_to_remove(struct tg_pg *pg, int64_t limit, int64_t lease_s,
                                                struct tg_media_key *media,
                                                size_t *n) TG_MUST_CHECK;
// They are.
enum tg_pg_status tg_store_end_media(struct tg_pg *pg, const struct tg_media_key *media,
                                     size_t n) TG_MUST_CHECK;

enum tg_media_state {
    TG_MEDIA_IS_WAITING,
    TG_MEDIA_IS_KEPT,
    TG_MEDIA_HAS_FAILED,
    TG_MEDIA_IS_GONE
};

struct tg_media {
    enum tg_media_state state;
    char mime_type[TG_MIME_TYPE_SIZE];
    struct tg_text filename; // the caller's to finish
    int64_t size;
    char file[TG_MEDIA_NAME_SIZE];
    char error_code[24];
};

// The org's file of this id.
enum tg_pg_status tg_store_find_media(struct tg_pg *pg, struct tg_uuid org_id, struct tg_uuid id,
                                      bool *found, struct tg_media *media) TG_MUST_CHECK;

// A file that an org uploads.
struct tg_upload {
    const char *actor; // who does
    struct tg_uuid org_id;
    struct tg_uuid id; // made by tg_uuid7
    char mime_type[TG_MIME_TYPE_SIZE];
    struct tg_text filename; // empty: it has none; its owner's to finish
    int64_t size;
    char sha256[65];
    int64_t lease_s; // should it not be kept by then, a worker removes it
};

// It is about to be put into the store: *file is its name there, the caller's to finish.
// TG_PG_REFUSED, here and below: tg_store_failure says why not.
enum tg_pg_status tg_store_begin_upload(struct tg_pg *pg, const struct tg_upload *upload,
                                        struct tg_text *file) TG_MUST_CHECK;
// It lies there. *document is it as its org sees it; the caller's to finish.
enum tg_pg_status tg_store_keep_upload(struct tg_pg *pg, const struct tg_upload *upload,
                                       struct tg_text *document) TG_MUST_CHECK;

// A file that is to be sent, as a send names it and its channel.
struct tg_sendable_question {
    struct tg_uuid org_id;
    struct tg_uuid id;
    struct tg_uuid channel_id;
    bool has_channel;
    char phone_number_id[33]; // "": not given
    int64_t until_ms;         // Unix time until which it may leave; 0: a day from now
};
enum { TG_META_MEDIA_ID_SIZE = 33 };
struct tg_sendable {
    enum tg_verdict_code verdict; // TG_ACCEPTED, or what would be said of a send over the channel
    struct tg_uuid channel_id;
    char phone_number_id[33];
    struct tg_text access_token; // where it is needed, as it stands; the caller's to wipe
    bool is_found;
    enum tg_media_state state; // of what is found; likewise:
    char mime_type[TG_MIME_TYPE_SIZE];
    int64_t size;
    char file[TG_MEDIA_NAME_SIZE];
    char meta_id[TG_META_MEDIA_ID_SIZE]; // by which Meta has it; "": it is to be uploaded
};
// false, in *found: there is no such org.
enum tg_pg_status tg_store_find_sendable_media(struct tg_pg *pg,
                                               const struct tg_sendable_question *question,
                                               bool *found,
                                               struct tg_sendable *sendable) TG_MUST_CHECK;

// Meta has taken it over that channel.
struct tg_media_at_meta {
    struct tg_uuid org_id;
    struct tg_uuid id;
    struct tg_uuid channel_id;
    const char *phone_number_id;
    const char *meta_id;
};
enum tg_pg_status tg_store_keep_media_at_meta(struct tg_pg *pg,
                                              const struct tg_media_at_meta *at_meta) TG_MUST_CHECK;
