// What would become of a message that nobody has written: what its org's rules look at, and what
// would become of the reply that they find. Nothing is written. See accept.h for what holds for
// all.
#pragma once

#include "common/store/inbound.h"
#include "common/store/rules.h"

struct tg_try {
    struct tg_uuid org_id;
    struct tg_uuid channel_id;
    bool of_channel;
    struct tg_span phone_number_id; // or by this one; absent: the org's default
    char phone[TG_PHONE_SIZE];      // of who writes, or
    struct tg_span user_id;         // its user id, or
    int64_t contact_id;             // the contact's; 0: not given
    int64_t at_s;                   // when, Unix time
};

struct tg_try_facts {
    struct tg_received received; // but for its org, message, words and version
    int64_t contact_id;          // 0: the org does not know it
    char at[32];                 // when, as texts have it
    struct tg_text not_tried;    // JSON: rules, and why; to be finished
};

// Failure: tg_store_failure tells.
enum tg_pg_status tg_store_find_try(struct tg_pg *pg, const struct tg_try *try,
                                    struct tg_try_facts *facts) TG_MUST_CHECK;

struct tg_tried_reply {
    struct tg_uuid org_id;
    struct tg_uuid rule_id;
    struct tg_uuid channel_id;
    int64_t contact_id;
    const char *phone;
    const char *user_id;
    const char *type;
    struct tg_span payload;
    const char *skip; // why there is none whatever the limits allow; NULL: for no reason
    int64_t at_s;
};

struct tg_try_verdict {
    char verdict[24];   // as tg_reply_verdict has it
    char fee[24];       // decimal texts, as the rest
    char meta_cost[24]; // what the org says that Meta takes
    char cost[24];      // both
    char balance[24];
};

enum tg_pg_status tg_store_judge_try(struct tg_pg *pg, const struct tg_tried_reply *reply,
                                     struct tg_try_verdict *verdict) TG_MUST_CHECK;
