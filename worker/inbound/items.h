// What a webhook body of Meta's means: it becomes items, each of which can be applied by itself.
// Pure functions; nothing here knows whose number is whose.
//
// Every entry, change, message, status and preference of a body becomes an item; one that cannot be
// understood becomes an item too (ITEM_DEAD, with its reason), and costs its neighbours nothing.
// Shapes: docs/meta.md ("Webhooks").
#pragma once

#include "common/limits.h"
#include "common/store/inbound.h"

#include <json-c/json.h>

// In the order in which they are applied. ITEM_NOT_OURS: a status of a message that somebody else
// has sent over the number (its owner's phone, another partner): nothing is left of it.
enum item_kind {
    ITEM_STATUS,
    ITEM_MESSAGE,
    ITEM_COPY, // a message that was written without Tollgate
    ITEM_PREFERENCE,
    ITEM_ACCOUNT_NOTICE,
    ITEM_DEAD,
    ITEM_NOT_OURS
};

// A body that items come from: a webhook's, or a dead letter's.
struct item_body {
    const struct tg_text *text;
    int64_t letter;      // the dead letter's id; 0: a webhook's
    int64_t tries;       // so often it was tried before
    bool was_told;       // of a dead letter: its org was told of it, if it asks for that
    const char *refused; // why an item of it was dead, if PostgreSQL would not even record that
};

// Where an item stood. In what it does not stand is not told apart: the item is the whole of what
// stands above it. (What it stands in may be a null of JSON's, which is NULL.)
struct item_origin {
    struct item_body *body;
    struct json_object *root; // what stands below is borrowed from it, and it is held for each item
    bool in_entry;
    bool in_change;
    struct json_object *entry;
    struct json_object *change;
    struct tg_span field;           // what the change is about
    struct tg_span phone_number_id; // and whose; absent: it names none
    bool in_chunk;                  // of "history", and of its "threads"
    bool in_thread;
    struct json_object *chunk;
    struct json_object *thread;
    const char *list;            // "messages", "statuses", "user_preferences", "message_echoes"
    size_t index;                // in the list, if that is one
    const char *beside;          // the item is the errors that are told beside this list
    struct json_object *contact; // what is told of who the item is about; NULL: nothing
};

struct item {
    enum item_kind kind;
    struct item_origin origin;
    const char *reason; // of ITEM_DEAD: a string literal
    bool is_untellable; // PostgreSQL has refused to have its change told of (changes.h)
    union {
        struct tg_inbound_message message; // or a copy
        struct tg_status_update status;
        struct tg_preference preference;
        struct tg_account_notice account_notice;
    };
};

// The items of up to TG_INBOUND_WEBHOOKS_MAX bodies. Zero-initialised is empty.
struct items {
    struct item_body body[TG_INBOUND_WEBHOOKS_MAX];
    size_t body_count;
    size_t bytes;  // of all bodies
    size_t memory; // that they take as they were read, about
    struct item *item;
    size_t count;
    size_t capacity;
    size_t body_begin; // the first item of the body that is being read
};

// Appends a body, whose text must live as long as the items, and its items. It always has at least
// one, unless it is well-formed and empty. Bounded by TG_WEBHOOK_ITEMS_MAX, TG_WEBHOOK_OBJECTS_MAX
// and TG_WEBHOOK_VALUES_MAX: a body that has more is one dead item.
void items_read(struct items *items, struct item_body body);

// Appends a body as one dead item, unread.
void items_add_dead(struct items *items, struct item_body body, const char *reason);

// Frees everything and makes it empty again.
void items_finish(struct items *items);

// An item that could be understood, but not applied.
void item_kill(struct item *item, const char *reason);

// A status of a message that will not come any more.
void item_disown(struct item *item);

// A new object: a chunk of "history" without what becomes items of its own.
struct json_object *item_without_threads(struct json_object *chunk);

// Appends a webhook body that holds this item alone, with what is read of its entry, its change and
// its contact: read again it is the same item. Nothing else of what surrounds it is kept, or a long
// body would be as long again for each of its items. What could not be told apart is the whole
// body, to the byte.
void item_write_body(const struct item *item, struct tg_text *body);
