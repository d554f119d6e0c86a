// What comes by webhooks. See accept.h for what holds for all. The functions are parts of one
// transaction, between tg_pg_begin and tg_pg_commit, in their lock order: tg_store_apply_statuses,
// then those that stand here, as they stand here, then tg_store_record_dead_letters.
//
// Spans are borrowed for the call; one that is absent or empty is NULL in SQL. Up to TG_BATCH_MAX
// items a call, and results[i] is for items[i]. Each is safe to repeat.
#pragma once

#include "common/store/statuses.h"
#include "common/words/phone.h"

// A message that a customer has written.
struct tg_inbound_message {
    struct tg_uuid id; // a new one
    struct tg_span phone_number_id;
    struct tg_span wamid;
    char phone[TG_PHONE_SIZE];     // of who wrote; "": by user id
    struct tg_span user_id;        // business-scoped user id
    struct tg_span name;           // of the profile
    char new_phone[TG_PHONE_SIZE]; // "": the contact's number has not changed
    struct tg_span type;
    struct tg_span text;
    struct tg_span media_id;
    struct tg_span mime_type;
    struct tg_span reply_to; // wamid
    struct tg_text referral; // JSON; empty: none
    struct tg_text payload;  // Meta's own object, JSON
    int64_t time_s;          // Unix time, Meta's
};

struct tg_received {
    struct tg_uuid org_id; // these and the rest unless the number is unknown
    struct tg_uuid channel_id;
    struct tg_uuid message_id; // of the one that was there first, if it is a duplicate
    int64_t rules_version;     // of the org's automation rules; 0: no reply is to be thought of
    struct tg_text name;       // of the contact; this and the rest only with rules
    enum tg_item_verdict verdict;
    bool is_first; // of the conversation
    bool is_word;  // it is a word that opts out
    bool opted_out;
    char phone[TG_PHONE_SIZE]; // "": none
    char user_id[TG_USER_ID_SIZE];
};
void tg_received_finish(struct tg_received *received);

enum tg_pg_status tg_store_receive_messages(struct tg_pg *pg,
                                            const struct tg_inbound_message *const *messages,
                                            size_t n, struct tg_received *received) TG_MUST_CHECK;

// A contact who wants no bulk sends any more, or wants them again.
struct tg_preference {
    struct tg_span phone_number_id;
    char phone[TG_PHONE_SIZE]; // "": by user id
    struct tg_span user_id;
    bool opt_out;
    int64_t time_s;
};

enum tg_pg_status tg_store_receive_preferences(struct tg_pg *pg,
                                               const struct tg_preference *const *preferences,
                                               size_t n,
                                               enum tg_item_verdict *verdicts) TG_MUST_CHECK;

struct tg_account_notice {
    struct tg_span phone_number_id;
    struct tg_span waba_id;
    struct tg_span field;
    struct tg_text value; // JSON
    int64_t time_s;       // 0: not told
};

enum tg_pg_status tg_store_record_account_notices(struct tg_pg *pg,
                                                  const struct tg_account_notice *const *notices,
                                                  size_t n) TG_MUST_CHECK;
