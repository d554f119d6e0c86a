// Sessions of people in the console. See accept.h for what holds for all of common/store.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

// A session whose cookie is new: both texts are the caller's to finish, and empty unless *found.
struct tg_new_session {
    struct tg_text token;
    struct tg_text document;
};
enum tg_pg_status tg_store_begin_session(struct tg_pg *pg, const char *actor, struct tg_uuid org_id,
                                         const char *rights, bool *found,
                                         struct tg_new_session *session) TG_MUST_CHECK;
enum tg_pg_status tg_store_use_console_link(struct tg_pg *pg,
                                            const unsigned char token_hash[static 32], bool *found,
                                            struct tg_new_session *session) TG_MUST_CHECK;
enum tg_pg_status tg_store_rotate_session(struct tg_pg *pg, struct tg_uuid org_id,
                                          struct tg_uuid session_id, bool *found,
                                          struct tg_new_session *session) TG_MUST_CHECK;

// Each fills an empty `json` with a document, which is the caller's to finish.
enum tg_pg_status tg_store_end_session(struct tg_pg *pg, const char *actor, struct tg_uuid org_id,
                                       struct tg_uuid session_id, bool *found,
                                       struct tg_text *json) TG_MUST_CHECK;
enum tg_pg_status tg_store_get_session(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid session_id, bool *found,
                                       struct tg_text *json) TG_MUST_CHECK;
enum tg_pg_status tg_store_list_sessions(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                         struct tg_text *json) TG_MUST_CHECK;
