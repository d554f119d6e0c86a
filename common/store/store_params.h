// Private to store.c and store_inbound.c: arrays of a batch's members as parameters, and what their
// rows have in common.
#pragma once

#include "common/store/store.h"

// An array parameter with an item for each of `n`, put by the statement `put`, in which `i` is the
// index.
// NOLINTBEGIN(bugprone-macro-parentheses): `put` is a statement, not a value
#define TG_PARAM_EACH(params, type, n, put)                                                        \
    do {                                                                                           \
        tg_pg_param_array(params, type, n);                                                        \
        for (size_t i = 0; i < (n); i++)                                                           \
            put;                                                                                   \
    } while (0)
// NOLINTEND(bugprone-macro-parentheses)

// Absent text is NULL in SQL.
static inline void tg_item_text_or_null(struct tg_pg_params *params, const char *text,
                                        size_t length)
{
    if (length > 0)
        tg_pg_item_text(params, text, length);
    else
        tg_pg_item_null(params);
}

// A call whose answer nobody asks for; finishes `params`.
static inline enum tg_pg_status tg_call_only(struct tg_pg *pg, const char *name, const char *sql,
                                             struct tg_pg_params *params)
{
    struct tg_pg_rows *rows;
    enum tg_pg_status status = tg_pg_call(pg, name, sql, params, &rows);
    tg_pg_params_finish(params);
    tg_pg_rows_free(rows);
    return status;
}

// A released_id; NULL in SQL: none.
static inline struct tg_released tg_row_released(const struct tg_pg_rows *rows, int row, int column)
{
    struct tg_released released = {.any = tg_pg_text(rows, row, column)[0] != '\0'};
    if (released.any)
        released.message_id = tg_pg_uuid(rows, row, column);
    return released;
}
