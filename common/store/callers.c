#include "common/store/callers.h"

#include "common/store/calls.h"

static const struct tg_call find_callers = {
    .name = "find_callers",
    .each = TG_FIELDS(BYTES("p_key_hashes", tg_asked_caller, key_hash)),
    .out = TG_FIELDS(INT8("n", tg_caller, n), UUID("org_id", tg_caller, org_id),
                     UUID_IF("session_id", tg_caller, session_id, is_session),
                     TEXT("name", tg_caller, name), TEXT("rights", tg_caller, rights),
                     TEXT("addresses", tg_caller, addresses),
                     INT8("good_for", tg_caller, good_for_ms)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_callers(struct tg_pg *pg, const struct tg_asked_caller *asked,
                                        size_t n, struct tg_caller *callers, size_t *found)
{
    return tg_pg_call(pg, &find_callers, TG_EACH(asked, n), TG_ROWS_TO(callers, n, found));
}

struct since {
    int64_t since;
};

static const struct tg_call find_changed_callers = {
    .name = "find_changed_callers",
    .one = TG_FIELDS(INT8_IF("p_since", since, since)),
    .out = TG_FIELDS(INT8("until", tg_caller_changes, until),
                     BYTES("hashes", tg_caller_changes, hashes)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_changed_callers(struct tg_pg *pg, int64_t since,
                                                struct tg_caller_changes *changes)
{
    const struct since asked = {since};
    return tg_pg_call(pg, &find_changed_callers, TG_ONE(&asked), TG_ROWS(changes, 1));
}

static const struct tg_call note_callers = {
    .name = "note_callers",
    .each = TG_FIELDS(BYTES("p_key_hashes", tg_used_caller, key_hash)),
};

enum tg_pg_status tg_store_note_callers(struct tg_pg *pg, const struct tg_used_caller *used,
                                        size_t n)
{
    return tg_pg_call(pg, &note_callers, TG_EACH(used, n));
}

const struct tg_call *const tg_caller_calls[] = {&find_callers, &find_changed_callers,
                                                 &note_callers, NULL};
