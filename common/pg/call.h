// A call of an SQL function is a table: which members of which struct go in as which parameters,
// and which columns come out into which members. From it come the statement, in named notation (so
// that a function may gain parameters that have defaults), the binary encodings of both ways, and
// the check against the database's own catalogue (store/schema.h).
#pragma once

#include "common/pg/field.h"
#include "common/pg/pg.h"

struct tg_call {
    const char *name;            // of the function
    const char *source;          // what is read instead of it, with $1 and so on; NULL: nothing
    const struct tg_field *one;  // parameters; NULL, here and below: there are none
    const struct tg_field *each; // parameters that are arrays, an item for each row of a batch
    const struct tg_field *out;  // columns
    bool only_reads;             // so that it is made once more when the connection was lost
};

// Where the values of one call are, in C: TG_ONE for `one`, TG_EACH or (of an array of pointers)
// TG_EACH_AT for `each`, and for `out` either TG_ROWS, where exactly so many rows come (the process
// ends if not), or TG_ROWS_TO, as many as there is room for: what is more is left out; or
// TG_ROW_IF, one at the most, and whether it was found, which is false on failure too.
struct tg_call_data {
    const void *one;
    size_t one_size;
    const void *items;
    size_t item_count;
    size_t item_size;
    bool at; // the items are pointers
    void *rows;
    size_t row_size;
    size_t row_max;
    size_t *row_count; // how many came; NULL, here and below: row_max, no more and no less
    bool *found;       // the first row came
};
#define TG_ONE(row) .one = (row), .one_size = sizeof *(row)
#define TG_EACH(rows, n) .items = (rows), .item_size = sizeof *(rows), .item_count = (n)
#define TG_EACH_AT(rows, n)                                                                        \
    .items = (rows), .item_size = sizeof **(rows), .item_count = (n), .at = true
#define TG_ROWS(rows_, n) .rows = (rows_), .row_size = sizeof *(rows_), .row_max = (n)
#define TG_ROWS_TO(rows_, n, count) TG_ROWS(rows_, n), .row_count = (count)
#define TG_ROW_IF(row, found_) TG_ROWS(row, 1), .found = (found_)

// Makes the call in the transaction that was begun, else in one of its own: tg_pg_call(pg, &call,
// TG_EACH(sends, n), TG_ROWS(verdicts, n)). On anything but TG_PG_OK nothing is written to the
// rows, and the failure has been logged and counted with SQLSTATE and PostgreSQL's message, without
// its detail (which may quote values).
//
// Each call is prepared once on a connection. When a change of the schema has broken the statement
// since, it is prepared and made anew; in a transaction, which is lost then, that is TG_PG_RETRY.
#define tg_pg_call(pg, call, ...)                                                                  \
    tg_pg_call_with(pg, call, &(const struct tg_call_data){__VA_ARGS__})
enum tg_pg_status tg_pg_call_with(struct tg_pg *pg, const struct tg_call *call,
                                  const struct tg_call_data *data) TG_MUST_CHECK;
