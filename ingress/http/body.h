// The body of a request: how much of it may come, and where it is kept, by its kind.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"

enum body_kind {
    BODY_NONE,   // nothing must come
    BODY_JSON,   // in memory
    BODY_FORM,   // in memory; form.h reads it
    BODY_FIELDS, // in memory: JSON, a form or multipart; fields.h reads them
    BODY_RAW,    // in memory, of any type: bytes that somebody has signed
    BODY_FILE,   // of any type: on disk, never whole in memory
};

// What the bodies of a server may hold together. There is a budget each for those of orgs, for
// those of strangers, whom only the whole body tells apart (Meta signs it), for the disk, and for
// answers (TG_BODIES_BYTES_MAX, TG_WEBHOOK_BODIES_BYTES_MAX, TG_FILES_BYTES_MAX,
// TG_ANSWERS_BYTES_MAX); parties share each (shares.h). TG_BODY_FREE_BYTES of a body in memory are
// counted nowhere, and a file counts as TG_FILE_LEAST_BYTES at the least.
struct body_room;
enum body_budget { BUDGET_ORGS, BUDGET_STRANGERS, BUDGET_DISK, BUDGET_ANSWERS, BUDGETS };
struct body_room *body_room_create(void);
void body_room_free(struct body_room *room);

// Takes and gives back so many bytes of a budget, as tg_shares_take and tg_shares_give.
int body_room_take(struct body_room *room, enum body_budget budget, struct tg_uuid party,
                   size_t bytes) TG_MUST_CHECK;
void body_room_give(struct body_room *room, enum body_budget budget, int place, size_t bytes);

// What is taken of a budget, and whether so much is that slow ones should not be waited for.
size_t body_room_taken(struct body_room *room, enum body_budget budget);
bool body_room_is_short(struct body_room *room);

struct body {
    enum body_kind kind;
    int file; // -1: none
    size_t max;
    size_t announced;     // by the client; 0, or SIZE_MAX: nothing was said
    struct tg_uuid party; // who sends it: an org, or the address of a stranger
    bool of_stranger;
    bool too_large;
    bool without_room;    // there was none in memory or on disk,
    bool share_used;      // because the party has its share
    int place;            // of the party, if anything is counted
    size_t came;          // also what was not kept
    size_t held;          // of what came
    size_t from;          // of a file that is lent: where what is lent begins
    size_t counted;       // of what is held
    struct tg_text bytes; // unless it is a file
};

// Nothing has come yet.
struct body body_of(enum body_kind kind, size_t max);

// The media type that a request of the kind must name; NULL: any, or one of several.
const char *body_media_type(enum body_kind kind);

// Does a Content-Type name that media type? `content_type` may be NULL.
bool body_is_of_type(const char *content_type, const char *type);

// Keeps the next bytes, or drops the body: it is too large, or there is no room. Only what has come
// counts, not what was announced: announcing costs a client nothing.
void body_take(struct body *body, struct body_room *room, const void *bytes, size_t size);

// Makes it so many bytes of a file that lies elsewhere, for an answer: it counts as the smallest
// one does. false: there is no room for it. In any case the file is the body's, or closed.
bool body_lend(struct body *body, struct body_room *room, int file, size_t from,
               size_t size) TG_MUST_CHECK;

// Frees the bytes, but leaves counted what they were: something as large was made of them.
void body_drop_bytes(struct body *body);
// Gives back what is held.
void body_drop(struct body *body, struct body_room *room);
