// What Meta tells of messages that it has taken; and what came of an item of a webhook, of this
// kind or of those of inbound.h. See there for what holds for all of them.
#pragma once

#include "common/base/text.h"
#include "common/pg/pg.h"
#include "common/words/ids.h"
#include "common/words/status.h"

enum tg_item_verdict {
    TG_ITEM_NOT_UNDERSTOOD, // a verdict that this version does not know
    TG_ITEM_APPLIED,
    TG_ITEM_SAVED,     // a message of a customer's
    TG_ITEM_DUPLICATE, // it was there already
    TG_ITEM_UNKNOWN_NUMBER,
    TG_ITEM_UNKNOWN_MESSAGE, // of a status: none of ours, or one that is not there yet
    TG_ITEM_FOREIGN_MESSAGE, // of a status: one that another number has sent
    TG_ITEM_VERDICTS
};
// The words of SQL, metrics and dead_letters.reason for them: "unknown_number", ...
extern const char *const tg_item_verdict_names[TG_ITEM_VERDICTS];

// What a status webhook tells of a message that Meta has taken.
struct tg_status_update {
    struct tg_span phone_number_id;
    struct tg_span wamid;
    struct tg_uuid message_id; // biz_opaque_callback_data
    bool names_message;        // it was there, and could be an id of ours
    enum tg_status status;     // sent, delivered, read, failed
    int64_t time_s;            // Unix time, Meta's
    struct tg_text pricing;    // JSON; empty: none
    char error_code[12];       // of "failed"; "": Meta gave none
    struct tg_span error_message;
};

struct tg_status_applied {
    enum tg_item_verdict verdict;
    struct tg_uuid org_id;     // unless the number is unknown
    struct tg_uuid message_id; // if applied
    bool refunded;
    bool reversed; // the fee was taken again
    bool unknown_code;
    struct tg_released released;
};

// Moves the messages forward, and the money with them. Safe to repeat.
enum tg_pg_status tg_store_apply_statuses(struct tg_pg *pg,
                                          const struct tg_status_update *const *updates, size_t n,
                                          struct tg_status_applied *applied) TG_MUST_CHECK;
