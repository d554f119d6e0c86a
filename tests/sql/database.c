#include "tests/sql/database.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXTS_MAX = 16 * 1024 * 1024, // all texts of one test
    NAME_SIZE = 64,
    THREADS_MAX = 16,
};

struct session {
    PGconn *connection;
};

static char texts[TEXTS_MAX];
static atomic_size_t texts_used;

static char database[NAME_SIZE];
static struct session own;
static const char *last_refusal = "";
static const char *last_told = "";

// Takes `size` bytes of the texts. A test that needs more than there is ends here.
static char *take(size_t size)
{
    size_t start = atomic_fetch_add(&texts_used, size);
    if (start + size > TEXTS_MAX) {
        (void)fputs("a test needs more than TEXTS_MAX bytes of text\n", stderr);
        abort();
    }
    return texts + start;
}

__attribute__((format(printf, 1, 0))) static const char *text_of(const char *format, va_list values)
{
    va_list again;
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *taken = take((size_t)length + 1);
    (void)vsnprintf(taken, (size_t)length + 1, format, values);
    return taken;
}

const char *text(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const char *taken = text_of(format, values);
    va_end(values);
    return taken;
}

const char *lines(const char *const *each)
{
    size_t length = 0;
    for (const char *const *line = each; *line; line++)
        length += strlen(*line) + 1;
    char *joined = take(length + 1);
    char *end = joined;
    for (const char *const *line = each; *line; line++)
        end = stpcpy(stpcpy(end, *line), "\n");
    *end = '\0';
    return joined;
}

// The rows of an answer, as database.h describes them.
static const char *rows_of(const PGresult *result)
{
    size_t size = 1;
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++)
            size += (size_t)PQgetlength(result, row, column) + sizeof "null, ";
    char *all = take(size);
    char *end = all;
    for (int row = 0; row < PQntuples(result); row++) {
        for (int column = 0; column < PQnfields(result); column++) {
            bool null = PQgetisnull(result, row, column);
            end = stpcpy(end, column ? ", " : "");
            end = stpcpy(end, null ? "null" : PQgetvalue(result, row, column));
        }
        end = stpcpy(end, "\n");
    }
    *end = '\0';
    return all;
}

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

// Runs sql in the test's own session; the caller clears the answer.
static PGresult *must_answer(const char *sql)
{
    PGresult *result = PQexec(own.connection, sql);
    if (!succeeded(result)) {
        const char *why = text("%s\n%s", sql, PQresultErrorMessage(result));
        PQclear(result);
        cr_assert_fail("%s", why);
    }
    return result;
}

void run(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    PQclear(must_answer(text_of(format, values)));
    va_end(values);
}

const char *rows(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    PGresult *result = must_answer(text_of(format, values));
    va_end(values);
    const char *all = rows_of(result);
    PQclear(result);
    return all;
}

const char *value(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const char *sql = text_of(format, values);
    va_end(values);
    PGresult *result = must_answer(sql);
    cr_assert(PQntuples(result) == 1 && PQnfields(result) == 1, "%s: not one value", sql);
    const char *only = PQgetisnull(result, 0, 0) ? "null" : text("%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return only;
}

const char *refusal(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    PGresult *result = PQexec(own.connection, text_of(format, values));
    va_end(values);
    const char *sqlstate = "";
    last_refusal = "PostgreSQL did not refuse it";
    if (!succeeded(result)) {
        sqlstate = text("%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
        last_refusal = text("%s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
        const char *code = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
        const char *field = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
        last_told = text("%s %s", code ? code : "", field ? field : "");
    }
    PQclear(result);
    return sqlstate;
}

const char *refusal_told(void)
{
    return last_told;
}

const char *refusal_message(void)
{
    return last_refusal;
}

// The conninfo of the URL that tests/run gave us, with another database.
static const char *conninfo(const char *name)
{
    const char *url = getenv("TOLLGATE_TEST_POSTGRES_URL"); // NOLINT(concurrency-mt-unsafe)
    cr_assert(url, "TOLLGATE_TEST_POSTGRES_URL is not set: run tests/run");
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &error);
    cr_assert(options, "TOLLGATE_TEST_POSTGRES_URL: %s", error);
    const char *all = text("dbname='%s'", name);
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (option->val && strcmp(option->keyword, "dbname") != 0)
            all = text("%s %s='%s'", all, option->keyword, option->val);
    }
    PQconninfoFree(options);
    return all;
}

const char *database_conninfo(void)
{
    return conninfo(database);
}

static PGconn *connect_by(const char *where)
{
    PGconn *connection = PQconnectdb(where);
    cr_assert_eq(PQstatus(connection), CONNECTION_OK, "%s", PQerrorMessage(connection));
    PQclear(PQexec(connection, "SET client_min_messages = warning"));
    return connection;
}

static PGconn *connect_to(const char *name)
{
    return connect_by(conninfo(name));
}

void database_connect_as(const char *role)
{
    PQfinish(own.connection);
    own.connection = connect_by(text("%s user=%s", conninfo(database), role));
}

// One statement to the server, from outside of the test's database.
static void tell_server(const char *sql)
{
    PGconn *server = connect_to("postgres");
    PGresult *result = PQexec(server, sql);
    cr_assert(succeeded(result), "%s\n%s", sql, PQresultErrorMessage(result));
    PQclear(result);
    PQfinish(server);
}

static void create_from(const char *template)
{
    (void)snprintf(database, sizeof database, "tollgate_sql_%ld", (long)getpid());
    // One that a crashed test of the same pid may have left.
    tell_server(text("DROP DATABASE IF EXISTS %s WITH (FORCE)", database));
    tell_server(text("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", database, template));
    own.connection = connect_to(database);
}

void database_create(void)
{
    create_from("tollgate_template");
}

void database_create_empty(void)
{
    create_from("template0");
}

void database_drop(void)
{
    PQfinish(own.connection);
    own.connection = NULL;
    tell_server(text("DROP DATABASE IF EXISTS %s WITH (FORCE)", database));
}

struct session *session_open(void)
{
    struct session *session = calloc(1, sizeof *session);
    cr_assert(session);
    session->connection = connect_to(database);
    return session;
}

void session_close(struct session *session)
{
    PQfinish(session->connection);
    free(session);
}

const char *session_rows(struct session *session, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    PGresult *result = PQexec(session->connection, text_of(format, values));
    va_end(values);
    const char *all = succeeded(result)
                          ? rows_of(result)
                          : text("error %s: %s", PQresultErrorField(result, PG_DIAG_SQLSTATE),
                                 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    PQclear(result);
    return all;
}

const char *session_rows_again(struct session *session, const char *sql)
{
    const char *all;
    do
        all = session_rows(session, "%s", sql);
    while (strncmp(all, "error 40P01", 11) == 0 || strncmp(all, "error 55P03", 11) == 0);
    return all;
}

const char *meanwhile(const char *first, const char *second)
{
    struct session *one = session_open();
    struct session *other = session_open();
    const char *answer = session_rows(one, "BEGIN; %s", first);
    cr_assert_neq(strncmp(answer, "error", 5), 0, "%s", answer);
    cr_assert(PQsendQuery(other->connection, second));
    while (
        PQconsumeInput(other->connection) && PQisBusy(other->connection) &&
        strcmp(value("SELECT cardinality(pg_blocking_pids(%d))", PQbackendPID(other->connection)),
               "0") == 0)
        continue;
    (void)session_rows(one, "COMMIT");
    PGresult *result = PQgetResult(other->connection);
    answer = succeeded(result) ? rows_of(result) : text("error %s", PQresultErrorMessage(result));
    PQclear(result);
    session_close(one);
    session_close(other);
    return answer;
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    struct session *session;
    int number;
    void (*work)(struct session *session, int thread);
};

static void *work_from_start(void *argument)
{
    struct worker *worker = argument;
    (void)pthread_barrier_wait(worker->start);
    worker->work(worker->session, worker->number);
    return NULL;
}

void at_once(int threads, void (*work)(struct session *session, int thread))
{
    cr_assert(threads <= THREADS_MAX);
    struct worker workers[THREADS_MAX];
    pthread_barrier_t start;
    cr_assert_eq(pthread_barrier_init(&start, NULL, (unsigned)threads), 0);
    for (int i = 0; i < threads; i++) {
        workers[i] =
            (struct worker){.start = &start, .session = session_open(), .number = i, .work = work};
        cr_assert_eq(pthread_create(&workers[i].thread, NULL, work_from_start, &workers[i]), 0);
    }
    for (int i = 0; i < threads; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        session_close(workers[i].session);
    }
    (void)pthread_barrier_destroy(&start);
}
