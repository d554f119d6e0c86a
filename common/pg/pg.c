#include "common/pg/pg.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/limits.h"
#include "common/pg/call.h"
#include "common/pg/wire.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    // While an answer is waited for, so often to look for what poll() does not see: the rest of a
    // TLS record that libpq has read in part.
    LOOK_MS = 100,
    NAME_SIZE = 80, // of a function, and a number
};

// A call that is prepared on the connection, and under which name.
struct prepared {
    const struct tg_call *call;
    char name[NAME_SIZE];
};

struct tg_pg {
    const char *url;
    const char *application;
    int statement_ms;   // what a statement may take
    PGconn *connection; // NULL while there is none
    long long next_attempt_ms;
    char away[200]; // why there is no connection, as it was logged; "": there is one
    struct prepared *prepared;
    size_t prepared_count;
    unsigned statements;          // so many names were given on this connection
    bool in_transaction;          // begun, even if the connection was lost since
    bool broken;                  // the last failure was that of a statement prepared before
    bool unfit;                   // the last failure was for what the database has not
    bool silent;                  // no answer has come in time: the connection is as good as lost
    struct tg_pg_refusal refusal; // the last failure, if it was one; code "": it was none
};

struct tg_pg *tg_pg_create(const char *url, const char *application)
{
    return tg_pg_create_bounded(url, application, TG_PG_STATEMENT_TIMEOUT_MS);
}

struct tg_pg *tg_pg_create_bounded(const char *url, const char *application, int statement_ms)
{
    struct tg_pg *pg = tg_alloc(sizeof *pg);
    pg->url = url;
    pg->application = application;
    pg->statement_ms = statement_ms;
    return pg;
}

static void disconnect(struct tg_pg *pg)
{
    PQfinish(pg->connection);
    pg->connection = NULL;
    pg->prepared_count = 0;
    pg->statements = 0;
    pg->silent = false;
}

void tg_pg_destroy(struct tg_pg *pg)
{
    if (!pg)
        return;
    disconnect(pg);
    free(pg->prepared);
    free(pg);
}

const char *tg_pg_trouble(const struct tg_pg *pg)
{
    return pg->away;
}

bool tg_pg_is_unfit(const struct tg_pg *pg)
{
    return pg->unfit;
}

const struct tg_pg_refusal *tg_pg_refusal(const struct tg_pg *pg)
{
    return pg->refusal.code[0] != '\0' ? &pg->refusal : NULL;
}

static bool is_plausible(const char *keyword, const char *value)
{
    if (strcmp(keyword, "host") == 0)
        return !strchr(value, '@');
    if (strcmp(keyword, "port") == 0)
        return value[strspn(value, "0123456789,")] == '\0';
    return true;
}

bool tg_pg_url_check(const char *url)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    PQfreemem(message); // it may quote the password
    bool good = options != NULL;
    for (PQconninfoOption *option = options; good && option->keyword; option++)
        good = !option->val || is_plausible(option->keyword, option->val);
    PQconninfoFree(options);
    return good;
}

// PostgreSQL's messages end in a newline and may have several lines; a log line has one.
static void copy_first_line(char *line, size_t size, const char *message)
{
    snprintf(line, size, "%.*s", (int)strcspn(message, "\n"), message);
}

// Once for each reason: "connection refused" may be followed by "role does not exist".
static void log_away(struct tg_pg *pg)
{
    tg_count(TG_POSTGRES_ERRORS, "unavailable", 1);
    char line[sizeof pg->away];
    copy_first_line(line, sizeof line, PQerrorMessage(pg->connection));
    if (strcmp(line, pg->away) == 0)
        return;
    tg_log(TG_LOG_ERROR, "postgresql_lost", TG_LOG_TEXT("connection", pg->application),
           TG_LOG_TEXT("error", line));
    memcpy(pg->away, line, sizeof line);
}

// What the server says unasked, such as that it is shutting down. libpq would print it between the
// lines of our log.
static void log_notice(void *context, const char *message)
{
    (void)context;
    char line[200];
    copy_first_line(line, sizeof line, message);
    tg_log(TG_LOG_DEBUG, "postgresql_said", TG_LOG_TEXT("text", line));
}

static bool connect_now(struct tg_pg *pg)
{
    char connect_timeout[16];
    char options[256];
    snprintf(connect_timeout, sizeof connect_timeout, "%d", TG_PG_CONNECT_TIMEOUT_S);
    snprintf(options, sizeof options,
             "-c statement_timeout=%d -c lock_timeout=%d "
             "-c idle_in_transaction_session_timeout=%d -c client_connection_check_interval=%d "
             "-c jit=off -c search_path=tollgate,pg_temp",
             pg->statement_ms, TG_PG_LOCK_TIMEOUT_MS, TG_PG_STATEMENT_TIMEOUT_MS,
             TG_PG_CLIENT_CHECK_MS);
    // `dbname` first and expanded, so that what the URL itself says of the others is overridden.
    // Once a keepalive is unanswered, tcp_user_timeout is looked at when the next one is due: 75 s
    // later, if the kernel chooses.
    const char *const wanted[][2] = {
        {"dbname", pg->url},
        {"application_name", pg->application},
        {"connect_timeout", connect_timeout},
        {"options", options},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "15000"},
        {"target_session_attrs", "read-write"},
        {"client_encoding", "UTF8"},
    };
    enum { WANTED = sizeof wanted / sizeof *wanted };
    const char *keys[WANTED + 1] = {NULL};
    const char *values[WANTED + 1] = {NULL};
    for (size_t i = 0; i < WANTED; i++) {
        keys[i] = wanted[i][0];
        values[i] = wanted[i][1];
    }
    pg->connection = PQconnectdbParams(keys, values, 1);
    // Without blocking, or a server that does not read would hold who writes, or takes leave.
    if (PQstatus(pg->connection) != CONNECTION_OK || PQsetnonblocking(pg->connection, 1) != 0) {
        log_away(pg);
        disconnect(pg);
        return false;
    }
    PQsetErrorVerbosity(pg->connection, PQERRORS_TERSE);
    PQsetNoticeProcessor(pg->connection, log_notice, NULL);
    if (pg->away[0] != '\0')
        tg_log(TG_LOG_INFO, "postgresql_returned", TG_LOG_TEXT("connection", pg->application));
    pg->away[0] = '\0';
    return true;
}

static bool is_connected(struct tg_pg *pg)
{
    if (pg->connection)
        return true;
    long long now = tg_now_ms();
    if (now < pg->next_attempt_ms)
        return false;
    bool connected = connect_now(pg);
    pg->next_attempt_ms = connected ? 0 : tg_now_ms() + TG_RECONNECT_MS;
    return connected;
}

static bool is_among(const char *sqlstate, const char *const *list)
{
    while (*list && strcmp(sqlstate, *list) != 0)
        list++;
    return *list != NULL;
}

// What a failed statement means for the caller: by the connection, then by SQLSTATE (PostgreSQL,
// appendix A). Class 57P ends the session, 53 is a server that is out of something, 25006 one that
// has become read-only.
static enum tg_pg_status judge(const struct tg_pg *pg, const char *sqlstate)
{
    static const char *const again[] = {"40001", "40P01", "55P03", "57014", NULL};
    if (pg->silent || PQstatus(pg->connection) != CONNECTION_OK)
        return TG_PG_UNKNOWN;
    if (pg->broken || is_among(sqlstate, again))
        return TG_PG_RETRY;
    if (strcmp(sqlstate, "25006") == 0 || strncmp(sqlstate, "57P", 3) == 0 ||
        strncmp(sqlstate, "53", 2) == 0)
        return TG_PG_UNAVAILABLE;
    return TG_PG_REFUSED;
}

// What is said of a database that was not migrated: no such function, column, table or schema, or
// no right to it.
static bool says_unfit(const char *sqlstate)
{
    static const char *const unfit[] = {"3F000", "42501", "42703", "42883", "42P01", NULL};
    return is_among(sqlstate, unfit);
}

static void copy_field(char *to, size_t size, const PGresult *result, int field)
{
    const char *text = PQresultErrorField(result, field);
    snprintf(to, size, "%s", text ? text : "");
}

// Is the failure what a function says to its caller? Then it is kept.
static bool is_refusal(struct tg_pg *pg, const PGresult *result)
{
    struct tg_pg_refusal *refusal = &pg->refusal;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    *refusal = (struct tg_pg_refusal){.code = ""};
    if (!sqlstate || strcmp(sqlstate, "TG001") != 0)
        return false;
    copy_field(refusal->code, sizeof refusal->code, result, PG_DIAG_CONSTRAINT_NAME);
    copy_field(refusal->field, sizeof refusal->field, result, PG_DIAG_COLUMN_NAME);
    copy_field(refusal->message, sizeof refusal->message, result, PG_DIAG_MESSAGE_PRIMARY);
    return true;
}

static enum tg_pg_status fail(struct tg_pg *pg, const char *name, PGresult *result, bool executing)
{
    static const char *const kinds[] = {"ok", "unavailable", "unknown", "retry", "refused"};
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    enum tg_pg_status status = judge(pg, sqlstate ? sqlstate : "");
    pg->unfit = status == TG_PG_REFUSED && says_unfit(sqlstate ? sqlstate : "");
    if (is_refusal(pg, result)) {
        PQclear(result);
        return status;
    }
    if (pg->silent)
        message = "no answer in time";
    else if (PQresultStatus(result) == PGRES_COMMAND_OK)
        message = "it answers other columns than were asked for";
    // A connection that died while preparing has executed nothing.
    if (status == TG_PG_UNKNOWN && !executing)
        status = TG_PG_UNAVAILABLE;
    char line[200];
    copy_first_line(line, sizeof line, message ? message : PQerrorMessage(pg->connection));
    tg_log(TG_LOG_ERROR, "postgresql_call_failed", TG_LOG_TEXT("call", name),
           TG_LOG_TEXT("kind", kinds[status]), TG_LOG_TEXT("sqlstate", sqlstate),
           TG_LOG_TEXT("error", line));
    tg_count(TG_POSTGRES_ERRORS, kinds[status], 1);
    PQclear(result);
    if (status == TG_PG_UNKNOWN || status == TG_PG_UNAVAILABLE) {
        memcpy(pg->away, line, sizeof line);
        disconnect(pg);
    }
    return status;
}

// Sends what libpq still has, and waits until PQgetResult can answer without waiting. False: that
// takes too long. What is wrong with the connection otherwise, PQgetResult will say.
static bool wait_for_answer(PGconn *connection, long long deadline_ms)
{
    struct pollfd polled = {.fd = PQsocket(connection)};
    int unsent = 0;
    while ((unsent = PQflush(connection)) >= 0 && PQisBusy(connection)) {
        long long left_ms = deadline_ms - tg_now_ms();
        if (left_ms <= 0)
            return false;
        polled.events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        (void)poll(&polled, 1, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
        if (!PQconsumeInput(connection))
            break;
    }
    return true;
}

// The last result of what was sent, as PQexec gives it. NULL: libpq or pg->silent says why.
static PGresult *take_answer(struct tg_pg *pg)
{
    long long deadline_ms =
        tg_now_ms() + pg->statement_ms + TG_PG_ANSWER_TIMEOUT_MS - TG_PG_STATEMENT_TIMEOUT_MS;
    PGresult *result = NULL;
    for (;;) {
        if (!wait_for_answer(pg->connection, deadline_ms)) {
            pg->silent = true;
            PQclear(result);
            return NULL;
        }
        PGresult *next = PQgetResult(pg->connection);
        if (!next)
            return result;
        PQclear(result);
        result = next;
    }
}

// The name under which the call is prepared on this connection; NULL: it is not.
static const char *find_prepared(const struct tg_pg *pg, const struct tg_call *call)
{
    for (size_t i = 0; i < pg->prepared_count; i++) {
        if (pg->prepared[i].call == call)
            return pg->prepared[i].name;
    }
    return NULL;
}

static const char *remember_prepared(struct tg_pg *pg, const struct prepared *prepared)
{
    pg->prepared = tg_realloc(pg->prepared, (pg->prepared_count + 1) * sizeof *pg->prepared);
    pg->prepared[pg->prepared_count] = *prepared;
    return pg->prepared[pg->prepared_count++].name;
}

// Whether the columns are the call's, so that what comes can be read as what it is.
static bool has_columns(const PGresult *description, const struct tg_call *call)
{
    int column = 0;
    for (const struct tg_field *field = call->out; field && field->name; field++, column++) {
        if (PQftype(description, column) != field->type)
            return false;
    }
    return true;
}

// Prepares the call under a name that is new to the connection: that of a broken statement is still
// taken, and stays so, since nothing can be cleared up in a transaction that has failed.
static enum tg_pg_status prepare(struct tg_pg *pg, const struct tg_call *call,
                                 const struct tg_wire *wire, const char **name)
{
    struct prepared prepared = {.call = call};
    snprintf(prepared.name, sizeof prepared.name, "%s.%u", call->name, ++pg->statements);
    TG_TEXT_AUTO sql = {0};
    tg_wire_statement(call, &sql);
    PGresult *result = NULL;
    if (PQsendPrepare(pg->connection, prepared.name, sql.data, wire->count, wire->types))
        result = take_answer(pg);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return fail(pg, call->name, result, false);
    PQclear(result);
    result = NULL;
    if (PQsendDescribePrepared(pg->connection, prepared.name))
        result = take_answer(pg);
    if (PQresultStatus(result) != PGRES_COMMAND_OK || !has_columns(result, call))
        return fail(pg, call->name, result, false);
    PQclear(result);
    *name = remember_prepared(pg, &prepared);
    return TG_PG_OK;
}

// As PQexecPrepared does it, with a place in between at which tests may end the process.
static PGresult *execute(struct tg_pg *pg, const struct tg_call *call, const char *name,
                         const struct tg_wire *wire)
{
    if (!PQsendQueryPrepared(pg->connection, name, wire->count, wire->values, wire->lengths,
                             wire->formats, 1))
        return NULL;
    TG_STOP_POINT(call->name);
    return take_answer(pg);
}

// Did the statement fail for what was done to its function since it was prepared? What it read of
// the catalogue then is gone (XX000), says something else (42883, 0A000), or somebody between us
// and PostgreSQL has dropped it (26000).
static bool is_broken(const PGresult *result)
{
    static const char *const broken[] = {"0A000", "26000", "42883", "XX000", NULL};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return sqlstate && is_among(sqlstate, broken);
}

static enum tg_pg_status attempt(struct tg_pg *pg, const struct tg_call *call,
                                 const struct tg_wire *wire, PGresult **result)
{
    // A transaction whose connection was lost must not go on by halves on a new one.
    if (pg->in_transaction ? !pg->connection : !is_connected(pg))
        return TG_PG_UNAVAILABLE;
    pg->broken = false;
    const char *name = find_prepared(pg, call);
    bool is_new = !name;
    if (is_new) {
        enum tg_pg_status status = prepare(pg, call, wire, &name);
        if (status != TG_PG_OK)
            return status;
    }
    *result = execute(pg, call, name, wire);
    if (PQresultStatus(*result) == PGRES_TUPLES_OK)
        return TG_PG_OK;
    pg->broken = !is_new && is_broken(*result);
    if (pg->broken)
        pg->prepared_count = 0; // what broke this one has broken others
    return fail(pg, call->name, *result, true);
}

static enum tg_pg_status attempt_twice(struct tg_pg *pg, const struct tg_call *call,
                                       const struct tg_wire *wire, PGresult **result)
{
    enum tg_pg_status status = attempt(pg, call, wire, result);
    if (pg->in_transaction)
        return status;
    // That PostgreSQL has gone and come back since the last call, a connection tells only when it
    // is used.
    bool was_lost = status == TG_PG_UNKNOWN || status == TG_PG_UNAVAILABLE;
    if ((status == TG_PG_RETRY && pg->broken) || (was_lost && call->only_reads))
        status = attempt(pg, call, wire, result);
    return status;
}

static void read_rows(const PGresult *result, const struct tg_call *call,
                      const struct tg_call_data *data)
{
    size_t count = (size_t)PQntuples(result);
    assert(data->row_count || data->found || !call->out || count == data->row_max);
    if (count > data->row_max)
        count = data->row_max;
    for (size_t row = 0; row < count; row++) {
        char *to = (char *)data->rows + row * data->row_size;
        int column = 0;
        for (const struct tg_field *field = call->out; field && field->name; field++, column++) {
            bool is_null = PQgetisnull(result, (int)row, column);
            assert(field->row_size == data->row_size);
            tg_wire_read(field, is_null ? NULL : PQgetvalue(result, (int)row, column),
                         (size_t)PQgetlength(result, (int)row, column), to);
        }
    }
    if (data->row_count)
        *data->row_count = count;
    if (data->found)
        *data->found = count > 0;
}

enum tg_pg_status tg_pg_call_with(struct tg_pg *pg, const struct tg_call *call,
                                  const struct tg_call_data *data)
{
    struct tg_wire wire = {0};
    PGresult *result = NULL;
    if (data->found)
        *data->found = false;
    tg_wire_write(call, data, &wire);
    enum tg_pg_status status = attempt_twice(pg, call, &wire, &result);
    tg_text_finish(&wire.bytes);
    if (status != TG_PG_OK)
        return status;
    read_rows(result, call, data);
    PQclear(result);
    return TG_PG_OK;
}

static enum tg_pg_status command(struct tg_pg *pg, const char *name)
{
    pg->broken = false;
    PGresult *result = PQsendQuery(pg->connection, name) ? take_answer(pg) : NULL;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return fail(pg, name, result, true);
    PQclear(result);
    return TG_PG_OK;
}

enum tg_pg_status tg_pg_begin(struct tg_pg *pg)
{
    assert(!pg->in_transaction);
    if (!is_connected(pg))
        return TG_PG_UNAVAILABLE;
    enum tg_pg_status status = command(pg, "BEGIN");
    pg->in_transaction = status == TG_PG_OK;
    return status;
}

enum tg_pg_status tg_pg_commit(struct tg_pg *pg)
{
    assert(pg->in_transaction);
    pg->in_transaction = false;
    return pg->connection ? command(pg, "COMMIT") : TG_PG_UNAVAILABLE;
}

void tg_pg_rollback(struct tg_pg *pg)
{
    if (pg->in_transaction && pg->connection && command(pg, "ROLLBACK") != TG_PG_OK)
        disconnect(pg);
    pg->in_transaction = false;
}
