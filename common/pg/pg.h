// A PostgreSQL connection: the only file that knows libpq. Calls are prepared once per connection
// and take binary parameters, arrays among them, so that a batch is one round trip without any
// escaping.
//
// A connection belongs to one thread. It connects by itself, at most once in TG_RECONNECT_MS, and
// is given up when a call is not answered within TG_PG_ANSWER_TIMEOUT_MS.
#pragma once

#include "common/base/text.h"
#include "common/base/uuid7.h"

struct tg_pg;

enum tg_pg_status {
    TG_PG_OK,
    TG_PG_UNAVAILABLE, // not connected, or read-only: nothing was done
    TG_PG_UNKNOWN, // the connection was lost on the way, or no answer came: it may have been done
    TG_PG_RETRY,   // deadlock, serialization failure, lock or statement timeout: nothing was done
    TG_PG_REFUSED, // any other error of the statement: nothing was done
};

// Will libpq understand it? A URL, or "keyword = value ...". What it would take for something else
// than was meant (a password that is not percent-encoded) is refused too: libpq's messages, which
// are logged, would quote it.
bool tg_pg_url_check(const char *url) TG_MUST_CHECK;

// Does not connect yet. `application` stands in pg_stat_activity.
struct tg_pg *tg_pg_create(const char *url, const char *application);
void tg_pg_destroy(struct tg_pg *pg);

// Is there a connection, or can one be made now? Logs the loss, once for each reason, and the
// return.
bool tg_pg_connected(struct tg_pg *pg) TG_MUST_CHECK;

// Parameters of one call, in order. Zero-initialised is empty; finish frees.
enum { TG_PG_PARAMS_MAX = 16 };
struct tg_pg_params {
    int count;
    struct {
        size_t offset; // into bytes
        int length;
        unsigned type; // OID
    } param[TG_PG_PARAMS_MAX];
    struct tg_text bytes;
    size_t array_left; // elements that the array under construction still lacks
};
void tg_pg_params_finish(struct tg_pg_params *params);

void tg_pg_param_uuid(struct tg_pg_params *params, struct tg_uuid value);
void tg_pg_param_bytes(struct tg_pg_params *params, const void *value, size_t length);
void tg_pg_param_int8(struct tg_pg_params *params, int64_t value);

// An array parameter: begin names the element type and their number, then exactly that many items
// follow, each by one of the item functions (of that type) or tg_pg_item_null.
enum tg_pg_type {
    TG_PG_BOOL = 16,
    TG_PG_BYTEA = 17,
    TG_PG_INT8 = 20,
    TG_PG_TEXT = 25,
    TG_PG_UUID = 2950
};
void tg_pg_param_array(struct tg_pg_params *params, enum tg_pg_type type, size_t items);
void tg_pg_item_uuid(struct tg_pg_params *params, struct tg_uuid value);
void tg_pg_item_bytes(struct tg_pg_params *params, const void *value, size_t length);
// PostgreSQL's text holds no NUL: each one becomes U+FFFD, the replacement character.
void tg_pg_item_text(struct tg_pg_params *params, const char *value, size_t length);
void tg_pg_item_int8(struct tg_pg_params *params, int64_t value);
void tg_pg_item_bool(struct tg_pg_params *params, bool value);
void tg_pg_item_null(struct tg_pg_params *params);

// The rows that a call returned, all columns in text form.
struct tg_pg_rows;
int tg_pg_count(const struct tg_pg_rows *rows);
const char *tg_pg_text(const struct tg_pg_rows *rows, int row, int column); // "" for NULL; borrowed
bool tg_pg_bool(const struct tg_pg_rows *rows, int row, int column);
int64_t tg_pg_int8(const struct tg_pg_rows *rows, int row, int column);
void tg_pg_bytes(const struct tg_pg_rows *rows, int row, int column, struct tg_text *bytes);
struct tg_uuid tg_pg_uuid(const struct tg_pg_rows *rows, int row, int column);
void tg_pg_rows_free(struct tg_pg_rows *rows); // NULL is fine

// Runs `sql`, prepared under `name` (both string literals, always the same pair), in the
// transaction that was begun, else in one of its own. TG_PG_OK: *rows holds the answer, the caller
// frees it. Else *rows is NULL, and the failure has been logged and counted with SQLSTATE and
// PostgreSQL's message, without its detail (which may quote values). `name` stands in the log too.
enum tg_pg_status tg_pg_call(struct tg_pg *pg, const char *name, const char *sql,
                             const struct tg_pg_params *params,
                             struct tg_pg_rows **rows) TG_MUST_CHECK;

// A transaction of several calls. After begin, calls until commit or rollback are parts of it; the
// first one that fails must be followed by rollback, which cannot fail: nothing of it was done
// then. commit alone may leave it open what was done (TG_PG_UNKNOWN).
enum tg_pg_status tg_pg_begin(struct tg_pg *pg) TG_MUST_CHECK;
enum tg_pg_status tg_pg_commit(struct tg_pg *pg) TG_MUST_CHECK;
void tg_pg_rollback(struct tg_pg *pg);
