// A PostgreSQL connection: the only file that knows libpq. What is called on it is in call.h.
//
// A connection belongs to one thread. It connects by itself, TG_RECONNECT_MS after an attempt that
// failed at the earliest, and is given up when no answer comes within TG_PG_ANSWER_TIMEOUT_MS. The
// loss is logged once for each reason, and so is the return.
#pragma once

#include "common/base/error.h"

struct tg_pg;

enum tg_pg_status {
    TG_PG_OK,
    TG_PG_UNAVAILABLE, // not connected, read-only, or out of room or memory: nothing was done
    TG_PG_UNKNOWN, // the connection was lost on the way, or no answer came: it may have been done
    TG_PG_RETRY,   // deadlock, serialization failure, lock or statement timeout, or a function was
                   // replaced meanwhile: nothing was done
    TG_PG_REFUSED, // any other error of the statement: nothing was done
};

// Will libpq understand it? A URL, or "keyword = value ...". What it would take for something else
// than was meant (a password that is not percent-encoded) is refused too: libpq's messages, which
// are logged, would quote it.
bool tg_pg_url_check(const char *url) TG_MUST_CHECK;

// Does not connect yet. `application` stands in pg_stat_activity. Both are borrowed.
struct tg_pg *tg_pg_create(const char *url, const char *application);
// The same for who would rather do without an answer than wait: PostgreSQL ends a statement that
// takes longer (TG_PG_RETRY), where the other has TG_PG_STATEMENT_TIMEOUT_MS, and the connection is
// given up so much sooner.
struct tg_pg *tg_pg_create_bounded(const char *url, const char *application, int statement_ms);
void tg_pg_destroy(struct tg_pg *pg); // NULL is fine

// Why there is no connection, in one line of libpq's or the server's; "": there is one, or nobody
// has wanted one yet. Valid until the next call.
const char *tg_pg_trouble(const struct tg_pg *pg);

// Was the last statement refused for what the database has not (a function, a table, a right), as
// it was not migrated to this version?
bool tg_pg_is_unfit(const struct tg_pg *pg);

// What a SQL function says of a call that it refuses (refuse in sql/core/desk.sql): not a failure,
// and so neither logged nor counted.
struct tg_pg_refusal {
    char code[64];
    char field[96]; // "": none
    char message[160];
};

// Why the last statement was refused, if that was said so; else NULL. Valid until the next call.
const struct tg_pg_refusal *tg_pg_refusal(const struct tg_pg *pg);

// A transaction of several calls. After begin, calls until commit or rollback are parts of it; the
// first one that fails must be followed by rollback, which cannot fail: nothing of it was done
// then. commit alone may leave it open what was done (TG_PG_UNKNOWN).
enum tg_pg_status tg_pg_begin(struct tg_pg *pg) TG_MUST_CHECK;
enum tg_pg_status tg_pg_commit(struct tg_pg *pg) TG_MUST_CHECK;
void tg_pg_rollback(struct tg_pg *pg);
