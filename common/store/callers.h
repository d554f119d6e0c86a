// Who may call: keys, and the sessions of people. See accept.h for what holds for all.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

// Whose a key or a session's cookie is. `addresses` is its caller's to finish.
struct tg_caller {
    int64_t n; // which of those that were asked for, from 1
    struct tg_uuid org_id;
    bool is_session;
    struct tg_uuid session_id;
    char name[TG_UUID_TEXT_SIZE]; // what may be shown of it
    char rights[40];              // "send,read"
    struct tg_text addresses;     // the networks that it may come from, "10.0.0.0/8,..."; "": any
    int64_t good_for_ms;          // 0: without end
};
// Whose are these? There is room in `callers` for all; `found` of them are somebody's.
struct tg_asked_caller {
    unsigned char key_hash[32];
};
enum tg_pg_status tg_store_find_callers(struct tg_pg *pg, const struct tg_asked_caller *asked,
                                        size_t n, struct tg_caller *callers,
                                        size_t *found) TG_MUST_CHECK;

// The hashes of those that have changed since the last question, one behind the other in `hashes`,
// which is empty and the caller's to finish. `since` is what `until` was the last time; 0: none is
// asked for.
struct tg_caller_changes {
    int64_t until;
    struct tg_text hashes;
};
enum tg_pg_status tg_store_find_changed_callers(struct tg_pg *pg, int64_t since,
                                                struct tg_caller_changes *changes) TG_MUST_CHECK;

// These were used just now.
struct tg_used_caller {
    unsigned char key_hash[32];
};
enum tg_pg_status tg_store_note_callers(struct tg_pg *pg, const struct tg_used_caller *used,
                                        size_t n) TG_MUST_CHECK;
