// A database of its own for every test, made from tollgate_template, and short ways to ask it.
//
// TOLLGATE_TEST_POSTGRES_URL says where (tests/run sets it): a superuser's URL. Everything here is
// for the test's main thread and fails the test when PostgreSQL refuses, except where it says
// otherwise. Texts that are returned live until the test's process ends.
#pragma once

#include <criterion/criterion.h>

// For TestSuite: a migrated database, or an empty one, until the test is over.
void database_create(void);
void database_create_empty(void);
void database_drop(void);

// How to connect to it, as libpq and psql take it.
const char *database_conninfo(void);

// From here on the test's own session is one of that role, with what the role's sessions have by
// themselves.
void database_connect_as(const char *role);

// Runs statements of which nothing is wanted but success.
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The answer of a statement: a line per row, columns joined by ", ", null as "null". Compare it by
// assert_rows or assert_no_rows.
const char *rows(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The answer of a statement that returns one value.
const char *value(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The SQLSTATE with which PostgreSQL refuses the statement; "" if it does not refuse.
const char *refusal(const char *format, ...) __attribute__((format(printf, 1, 2)));
// What PostgreSQL said to the last refusal.
const char *refusal_message(void);

// Of one that a function of the room admin says to its caller (TOLD): its code and its field, with
// a blank between.
const char *refusal_told(void);

#define TOLD "TG001"
#define FOREIGN_KEY_VIOLATION "23503"
#define CHECK_VIOLATION "23514"
#define RESTRICT_VIOLATION "23001"
#define UNIQUE_VIOLATION "23505"
#define WRONG_OBJECT_TYPE "42809"
#define INVALID_PARAMETER "22023"
#define OUT_OF_RANGE "22003"
#define NO_DATA_FOUND "P0002"
#define INSUFFICIENT_PRIVILEGE "42501"

// assert_rows(rows(...), "first row", "second row")
#define assert_rows(actual, ...)                                                                   \
    cr_assert_str_eq(actual, lines((const char *const[]){__VA_ARGS__, NULL}))
#define assert_no_rows(actual) cr_assert_str_eq(actual, "")
#define assert_refused(sqlstate, ...)                                                              \
    cr_assert_str_eq(refusal(__VA_ARGS__), sqlstate, "%s", refusal_message())
#define assert_told(code, field, ...)                                                              \
    do {                                                                                           \
        assert_refused(TOLD, __VA_ARGS__);                                                         \
        cr_assert_str_eq(refusal_told(), text("%s %s", code, field), "%s", refusal_message());     \
    } while (0)
// Every invariant that the tables show holds.
#define assert_healthy() assert_no_rows(rows("SELECT * FROM audit_ledger()"))

// The lines of a NULL-terminated array, as rows() would return them.
const char *lines(const char *const *each);
// A printf whose text lives until the test's process ends. Any thread.
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Further connections to the test's database. A connection belongs to one thread at a time.
struct session;
struct session *session_open(void);
void session_close(struct session *session);
// Any thread: "error SQLSTATE: message" instead of rows when PostgreSQL refuses.
const char *session_rows(struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// The same as often as PostgreSQL ends the statement for a deadlock, or for a lock that is not to
// be had, as the daemons do. Any thread.
const char *session_rows_again(struct session *session, const char *sql);

// Runs `first` in a transaction that stays open until `second`, in another session, waits for it or
// is through; returns the answer of `second`.
const char *meanwhile(const char *first, const char *second);

// Runs `work` in so many threads at the same moment, each with a session and its number from 0;
// returns when all are through.
void at_once(int threads, void (*work)(struct session *session, int thread));
