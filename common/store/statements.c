#include "common/store/statements.h"

#include "common/limits.h"
#include "common/store/calls.h"

struct period {
    struct tg_uuid org_id;
    int64_t since_ms;
    int64_t until_ms;
    int64_t rows_max;
};

struct page {
    struct tg_uuid org_id;
    int64_t after;
    int64_t until;
    int64_t limit;
};

static const struct tg_field period_fields[] = {UUID("p_org_id", period, org_id),
                                                INT8("p_since_ms", period, since_ms),
                                                INT8("p_until_ms", period, until_ms),
                                                INT8("p_rows_max", period, rows_max),
                                                {0}};
static const struct tg_field statement_fields[] = {
    INT8("after_n", tg_statement, after_n),   INT8("until_n", tg_statement, until_n),
    TEXT("opening", tg_statement, opening),   TEXT("closing", tg_statement, closing),
    TEXT("since", tg_statement, since),       TEXT("until", tg_statement, until),
    TEXT("currency", tg_statement, currency), {0}};
static const struct tg_field page_fields[] = {UUID("p_org_id", page, org_id),
                                              INT8("p_after", page, after),
                                              INT8("p_until", page, until),
                                              INT8("p_limit", page, limit),
                                              {0}};

#define ROW_FIELDS                                                                                 \
    INT8("n", tg_statement_row, n), TEXT("created_at", tg_statement_row, created_at),              \
        TEXT("kind", tg_statement_row, kind), TEXT("amount", tg_statement_row, amount),            \
        TEXT("balance_after", tg_statement_row, balance_after),                                    \
        TEXT("message_id", tg_statement_row, message_id),                                          \
        TEXT("description", tg_statement_row, description)

static const struct tg_call open_statement = {
    .name = "open_statement", .one = period_fields, .out = statement_fields, .only_reads = true};
static const struct tg_call admin_open_statement = {.name = "admin_open_statement",
                                                    .one = period_fields,
                                                    .out = statement_fields,
                                                    .only_reads = true};
static const struct tg_call list_statement = {
    .name = "list_statement", .one = page_fields, .out = TG_FIELDS(ROW_FIELDS), .only_reads = true};
static const struct tg_call admin_list_statement = {
    .name = "admin_list_statement",
    .one = page_fields,
    .out = TG_FIELDS(ROW_FIELDS, TEXT("actor", tg_statement_row, actor),
                     TEXT("reference", tg_statement_row, reference)),
    .only_reads = true};

enum tg_pg_status tg_store_open_statement(struct tg_pg *pg,
                                          const struct tg_statement_question *question,
                                          struct tg_statement *statement)
{
    const struct period period = {question->org_id, question->since_ms, question->until_ms,
                                  TG_STATEMENT_ROWS_MAX};
    return tg_pg_call(pg, question->of_operator ? &admin_open_statement : &open_statement,
                      TG_ONE(&period), TG_ROWS(statement, 1));
}

enum tg_pg_status tg_store_list_statement(struct tg_pg *pg,
                                          const struct tg_statement_question *question,
                                          const struct tg_statement *statement, int64_t after,
                                          struct tg_statement_row *rows, size_t max, size_t *n)
{
    const struct page page = {question->org_id, after, statement->until_n, (int64_t)max};
    return tg_pg_call(pg, question->of_operator ? &admin_list_statement : &list_statement,
                      TG_ONE(&page), TG_ROWS_TO(rows, max, n));
}

const struct tg_call *const tg_statement_calls[] = {&open_statement, &list_statement, NULL};
const struct tg_call *const tg_desk_statement_calls[] = {&admin_open_statement,
                                                         &admin_list_statement, NULL};
