#include "common/store/sessions.h"

#include "common/store/calls.h"

#include <string.h>

// What the calls are asked with, each with some of it.
struct asked {
    const char *actor;
    struct tg_uuid org_id;
    struct tg_uuid session_id;
    const char *rights;
    unsigned char token_hash[32];
};

#define NEW_SESSION                                                                                \
    TG_FIELDS(TEXT("token", tg_new_session, token), JSON("document", tg_new_session, document))
#define DOCUMENT TG_FIELDS(VALUE("document", JSON, struct tg_text))
#define ORG UUID("p_org_id", asked, org_id)
#define SESSION UUID("p_session_id", asked, session_id)
#define ACTOR TEXT("p_actor", asked, actor)

static const struct tg_call begin_session = {
    .name = "begin_session",
    .one = TG_FIELDS(ACTOR, ORG, TEXT("p_rights", asked, rights)),
    .out = NEW_SESSION,
};
static const struct tg_call use_console_link = {
    .name = "use_console_link",
    .one = TG_FIELDS(BYTES("p_token_hash", asked, token_hash)),
    .out = NEW_SESSION,
};
static const struct tg_call rotate_session = {
    .name = "rotate_session", .one = TG_FIELDS(ORG, SESSION), .out = NEW_SESSION};
static const struct tg_call end_session = {
    .name = "end_session", .one = TG_FIELDS(ACTOR, ORG, SESSION), .out = DOCUMENT};
static const struct tg_call get_session = {
    .name = "get_session", .one = TG_FIELDS(ORG, SESSION), .out = DOCUMENT, .only_reads = true};
static const struct tg_call list_sessions = {
    .name = "list_sessions", .one = TG_FIELDS(ORG), .out = DOCUMENT, .only_reads = true};

enum tg_pg_status tg_store_begin_session(struct tg_pg *pg, const char *actor, struct tg_uuid org_id,
                                         const char *rights, bool *found,
                                         struct tg_new_session *session)
{
    const struct asked asked = {.actor = actor, .org_id = org_id, .rights = rights};
    return tg_pg_call(pg, &begin_session, TG_ONE(&asked), TG_ROW_IF(session, found));
}

enum tg_pg_status tg_store_use_console_link(struct tg_pg *pg,
                                            const unsigned char token_hash[static 32], bool *found,
                                            struct tg_new_session *session)
{
    struct asked asked = {.actor = NULL};
    memcpy(asked.token_hash, token_hash, sizeof asked.token_hash);
    return tg_pg_call(pg, &use_console_link, TG_ONE(&asked), TG_ROW_IF(session, found));
}

enum tg_pg_status tg_store_rotate_session(struct tg_pg *pg, struct tg_uuid org_id,
                                          struct tg_uuid session_id, bool *found,
                                          struct tg_new_session *session)
{
    const struct asked asked = {.org_id = org_id, .session_id = session_id};
    return tg_pg_call(pg, &rotate_session, TG_ONE(&asked), TG_ROW_IF(session, found));
}

enum tg_pg_status tg_store_end_session(struct tg_pg *pg, const char *actor, struct tg_uuid org_id,
                                       struct tg_uuid session_id, bool *found, struct tg_text *json)
{
    const struct asked asked = {.actor = actor, .org_id = org_id, .session_id = session_id};
    return tg_pg_call(pg, &end_session, TG_ONE(&asked), TG_ROW_IF(json, found));
}

enum tg_pg_status tg_store_get_session(struct tg_pg *pg, struct tg_uuid org_id,
                                       struct tg_uuid session_id, bool *found, struct tg_text *json)
{
    const struct asked asked = {.org_id = org_id, .session_id = session_id};
    return tg_pg_call(pg, &get_session, TG_ONE(&asked), TG_ROW_IF(json, found));
}

enum tg_pg_status tg_store_list_sessions(struct tg_pg *pg, struct tg_uuid org_id, bool *found,
                                         struct tg_text *json)
{
    const struct asked asked = {.org_id = org_id};
    return tg_pg_call(pg, &list_sessions, TG_ONE(&asked), TG_ROW_IF(json, found));
}

const struct tg_call *const tg_session_calls[] = {&begin_session,
                                                  &use_console_link,
                                                  &rotate_session,
                                                  &end_session,
                                                  &get_session,
                                                  &list_sessions,
                                                  NULL};
