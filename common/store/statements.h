// A period of an org's ledger, row by row. See accept.h for what holds for all of common/store.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"
#include "common/pg/pg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Of whom it is asked, and for whom: operators see more of each row.
struct tg_statement_question {
    bool of_operator;
    struct tg_uuid org_id;
    int64_t since_ms; // 0: the beginning of this month, in UTC
    int64_t until_ms; // 0: now
};

// Which rows it has, and between which balances.
struct tg_statement {
    int64_t after_n;
    int64_t until_n;
    char opening[24];
    char closing[24];
    char since[32];
    char until[32];
    char currency[8];
};

struct tg_statement_row {
    int64_t n;
    char created_at[32];
    char kind[32];
    char amount[24];
    char balance_after[24];
    char message_id[TG_UUID_TEXT_SIZE]; // "": it is about none
    struct tg_text description;         // the caller's to finish, as the others
    struct tg_text actor;               // operators' alone, as the reference
    struct tg_text reference;
};

// Up to TG_STATEMENT_ROWS_MAX rows, or it is refused.
enum tg_pg_status tg_store_open_statement(struct tg_pg *pg,
                                          const struct tg_statement_question *question,
                                          struct tg_statement *statement) TG_MUST_CHECK;

// The next rows above `after`, up to `max`. Rows that are booked meanwhile are not among them.
enum tg_pg_status tg_store_list_statement(struct tg_pg *pg,
                                          const struct tg_statement_question *question,
                                          const struct tg_statement *statement, int64_t after,
                                          struct tg_statement_row *rows, size_t max,
                                          size_t *n) TG_MUST_CHECK;
