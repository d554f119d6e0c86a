// What orgs ask for of their campaigns (sql/ingress), and operators too (sql/desk): by
// tg_store_desk (desk.h) as JSON documents, or by functions of their own; and what a worker does
// for them (sql/worker). See accept.h for what holds for all of common/store.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/store/accept.h"
#include "common/words/ids.h"
#include "common/words/phone.h"

struct tg_call;

extern const struct tg_call tg_list_campaigns;
extern const struct tg_call tg_get_campaign;
extern const struct tg_call tg_list_refused_recipients;
extern const struct tg_call tg_start_campaign;
extern const struct tg_call tg_pause_campaign;
extern const struct tg_call tg_resume_campaign;
extern const struct tg_call tg_cancel_campaign;

// A campaign that is to be made.
struct tg_new_campaign {
    const char *actor;
    struct tg_uuid org_id;
    struct tg_uuid campaign_id;        // made by tg_uuid7
    struct tg_text body;               // a JSON object: what it is, without its recipients
    char key[TG_IDEMPOTENCY_KEY_SIZE]; // "": none
    unsigned char body_hash[32];
};

// One that was made with the same key and of the same bytes before is told in its place (`found`,
// and `document`, which is the caller's to finish).
struct tg_made_campaign {
    struct tg_text document;
    struct tg_uuid channel_id;
    bool found;
};
enum tg_pg_status tg_store_create_campaign(struct tg_pg *pg, const struct tg_new_campaign *campaign,
                                           struct tg_made_campaign *made) TG_MUST_CHECK;

struct tg_recipient {
    int64_t n; // its line
    char phone[TG_PHONE_SIZE];
    char user_id[TG_USER_ID_SIZE]; // without a phone
    struct tg_text fills;          // of its placeholders: a list of strings
};

enum tg_recipient_outcome {
    TG_RECIPIENT_OTHER, // one that this version does not know
    TG_RECIPIENT_ADDED,
    TG_RECIPIENT_OPTED_OUT,
    TG_RECIPIENT_DUPLICATE
};
struct tg_added_recipient {
    enum tg_recipient_outcome outcome;
    int64_t earlier; // of a duplicate, the line on which it stood first
};

// Adds up to TG_BATCH_MAX of them, in their order; added[i] is of recipients[i].
enum tg_pg_status tg_store_add_recipients(struct tg_pg *pg, struct tg_uuid org_id,
                                          struct tg_uuid campaign_id,
                                          const struct tg_recipient *recipients, size_t n,
                                          struct tg_added_recipient *added) TG_MUST_CHECK;

// The campaign, which is the caller's to finish, once all are there; empty: it has none, and is
// gone.
enum tg_pg_status tg_store_finish_campaign(struct tg_pg *pg, const char *actor,
                                           struct tg_uuid org_id, struct tg_uuid campaign_id,
                                           struct tg_text *document) TG_MUST_CHECK;

struct tg_campaign_key {
    struct tg_uuid org_id;
    struct tg_uuid campaign_id;
};

// Up to `max` campaigns with something to be done now.
enum tg_pg_status tg_store_list_due_campaigns(struct tg_pg *pg, size_t max,
                                              struct tg_campaign_key *due, size_t *n) TG_MUST_CHECK;

// Does it, for one: it starts or ends, or up to `n` of its recipients become messages of these ids.
// Those of them that need their jobs are told: *queued_n of `queued`, which has room for n.
enum tg_pg_status tg_store_pass_campaign(struct tg_pg *pg, const struct tg_campaign_key *campaign,
                                         const struct tg_uuid *message_ids, size_t n,
                                         struct tg_message_key *queued,
                                         size_t *queued_n) TG_MUST_CHECK;

// Deletes up to `limit` recipients that nobody needs any more; those who were refused are kept for
// so long. *deleted is 0 when there are no more.
enum tg_pg_status tg_store_clear_campaigns(struct tg_pg *pg, int64_t kept_s, int64_t limit,
                                           int64_t *deleted) TG_MUST_CHECK;
