#include "common/pg/pg.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"
#include "common/service/metrics.h"
#include "common/service/stop_point.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PREPARED_MAX = 16,
    // While an answer is waited for, so often to look for what poll() does not see: the rest of a
    // TLS record that libpq has read in part.
    LOOK_MS = 100,
};

// Element type to the type of its array (pg_type.dat of PostgreSQL).
static const struct {
    enum tg_pg_type element;
    unsigned array;
} array_types[] = {
    {TG_PG_BOOL, 1000}, {TG_PG_BYTEA, 1001}, {TG_PG_INT8, 1016},
    {TG_PG_TEXT, 1009}, {TG_PG_UUID, 2951},
};

struct tg_pg {
    const char *url;
    const char *application;
    PGconn *connection; // NULL while there is none
    long long next_attempt_ms;
    char away[200]; // why there is no connection, as it was logged; "": there is one
    const char *prepared[PREPARED_MAX]; // names prepared on this connection
    bool in_transaction;                // begun, even if the connection was lost since
    bool silent; // no answer has come in time: the connection is as good as lost
};

struct tg_pg *tg_pg_create(const char *url, const char *application)
{
    struct tg_pg *pg = calloc(1, sizeof *pg);
    if (!pg)
        abort();
    pg->url = url;
    pg->application = application;
    return pg;
}

static void disconnect(struct tg_pg *pg)
{
    PQfinish(pg->connection);
    pg->connection = NULL;
    memset(pg->prepared, 0, sizeof pg->prepared);
    pg->silent = false;
}

void tg_pg_destroy(struct tg_pg *pg)
{
    if (!pg)
        return;
    disconnect(pg);
    free(pg);
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
    size_t length = strcspn(message, "\n");
    if (length >= size)
        length = size - 1;
    memcpy(line, message, length);
    line[length] = '\0';
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
             TG_PG_STATEMENT_TIMEOUT_MS, TG_PG_LOCK_TIMEOUT_MS, TG_PG_STATEMENT_TIMEOUT_MS,
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

bool tg_pg_connected(struct tg_pg *pg)
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

void tg_pg_params_finish(struct tg_pg_params *params)
{
    tg_text_finish(&params->bytes);
    *params = (struct tg_pg_params){0};
}

static void add_param(struct tg_pg_params *params, unsigned type, const void *value, size_t length)
{
    assert(params->array_left == 0);
    assert(params->count < TG_PG_PARAMS_MAX);
    int i = params->count++;
    params->param[i].offset = params->bytes.length;
    params->param[i].length = (int)length;
    params->param[i].type = type;
    tg_text_append(&params->bytes, value, length);
}

void tg_pg_param_uuid(struct tg_pg_params *params, struct tg_uuid value)
{
    add_param(params, TG_PG_UUID, value.bytes, sizeof value.bytes);
}

void tg_pg_param_bytes(struct tg_pg_params *params, const void *value, size_t length)
{
    add_param(params, TG_PG_BYTEA, value, length);
}

void tg_pg_param_int8(struct tg_pg_params *params, int64_t value)
{
    uint64_t network = htobe64((uint64_t)value);
    add_param(params, TG_PG_INT8, &network, sizeof network);
}

static void append_uint32(struct tg_text *bytes, uint32_t value)
{
    uint32_t network = htonl(value);
    tg_text_append(bytes, &network, sizeof network);
}

void tg_pg_param_array(struct tg_pg_params *params, enum tg_pg_type type, size_t items)
{
    unsigned array = 0;
    for (size_t i = 0; i < sizeof array_types / sizeof *array_types; i++) {
        if (array_types[i].element == type)
            array = array_types[i].array;
    }
    assert(array != 0);
    add_param(params, array, "", 0);
    // The binary form of an array (array_send in PostgreSQL): dimensions, may hold nulls, element
    // type, length, first index; then each element with its length, -1 for null.
    struct tg_text *bytes = &params->bytes;
    append_uint32(bytes, items > 0 ? 1 : 0);
    append_uint32(bytes, 1);
    append_uint32(bytes, type);
    if (items > 0) {
        append_uint32(bytes, (uint32_t)items);
        append_uint32(bytes, 1);
    }
    params->param[params->count - 1].length =
        (int)(bytes->length - params->param[params->count - 1].offset);
    params->array_left = items;
}

static void add_item(struct tg_pg_params *params, const void *value, size_t length)
{
    assert(params->array_left > 0);
    params->array_left--;
    append_uint32(&params->bytes, (uint32_t)length);
    tg_text_append(&params->bytes, value, length);
    params->param[params->count - 1].length =
        (int)(params->bytes.length - params->param[params->count - 1].offset);
}

void tg_pg_item_uuid(struct tg_pg_params *params, struct tg_uuid value)
{
    add_item(params, value.bytes, sizeof value.bytes);
}

void tg_pg_item_bytes(struct tg_pg_params *params, const void *value, size_t length)
{
    add_item(params, value, length);
}

void tg_pg_item_text(struct tg_pg_params *params, const char *value, size_t length)
{
    static const char replacement[] = "\xef\xbf\xbd";
    if (!memchr(value, '\0', length)) {
        add_item(params, value, length);
        return;
    }
    TG_TEXT_AUTO clean = {0};
    for (const char *end = value + length; value < end; value++) {
        if (*value == '\0')
            tg_text_append(&clean, replacement, sizeof replacement - 1);
        else
            tg_text_append(&clean, value, 1);
    }
    add_item(params, clean.data, clean.length);
}

void tg_pg_item_int8(struct tg_pg_params *params, int64_t value)
{
    uint64_t network = htobe64((uint64_t)value);
    add_item(params, &network, sizeof network);
}

void tg_pg_item_bool(struct tg_pg_params *params, bool value)
{
    add_item(params, value ? "\1" : "\0", 1);
}

void tg_pg_item_null(struct tg_pg_params *params)
{
    assert(params->array_left > 0);
    params->array_left--;
    append_uint32(&params->bytes, UINT32_MAX);
    params->param[params->count - 1].length =
        (int)(params->bytes.length - params->param[params->count - 1].offset);
}

// The rows are libpq's own result: nothing is copied.
static const PGresult *result_of(const struct tg_pg_rows *rows)
{
    return (const PGresult *)rows;
}

int tg_pg_count(const struct tg_pg_rows *rows)
{
    return PQntuples(result_of(rows));
}

const char *tg_pg_text(const struct tg_pg_rows *rows, int row, int column)
{
    return PQgetvalue(result_of(rows), row, column);
}

bool tg_pg_bool(const struct tg_pg_rows *rows, int row, int column)
{
    return tg_pg_text(rows, row, column)[0] == 't';
}

int64_t tg_pg_int8(const struct tg_pg_rows *rows, int row, int column)
{
    return strtoll(tg_pg_text(rows, row, column), NULL, 10);
}

void tg_pg_bytes(const struct tg_pg_rows *rows, int row, int column, struct tg_text *bytes)
{
    size_t length = 0;
    unsigned char *decoded =
        PQunescapeBytea((const unsigned char *)tg_pg_text(rows, row, column), &length);
    if (!decoded)
        abort();
    tg_text_append(bytes, decoded, length);
    PQfreemem(decoded);
}

struct tg_uuid tg_pg_uuid(const struct tg_pg_rows *rows, int row, int column)
{
    struct tg_uuid id = {{0}};
    const char *text = tg_pg_text(rows, row, column);
    bool parsed = tg_uuid_parse(text, strlen(text), &id);
    assert(parsed);
    (void)parsed;
    return id;
}

void tg_pg_rows_free(struct tg_pg_rows *rows)
{
    PQclear((PGresult *)rows);
}

// What a failed statement means for the caller: by the connection, then by SQLSTATE (PostgreSQL,
// appendix A). Class 57P and 08 end the session; 25006 is a server that has become read-only.
static enum tg_pg_status judge(const struct tg_pg *pg, const char *sqlstate)
{
    if (pg->silent || PQstatus(pg->connection) != CONNECTION_OK)
        return TG_PG_UNKNOWN;
    static const char *const again[] = {"40001", "40P01", "55P03", "57014"};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        if (strcmp(sqlstate, again[i]) == 0)
            return TG_PG_RETRY;
    }
    if (strcmp(sqlstate, "25006") == 0 || strncmp(sqlstate, "57P", 3) == 0 ||
        strncmp(sqlstate, "53", 2) == 0)
        return TG_PG_UNAVAILABLE;
    return TG_PG_REFUSED;
}

static enum tg_pg_status fail(struct tg_pg *pg, const char *name, PGresult *result, bool executing)
{
    static const char *const kinds[] = {"ok", "unavailable", "unknown", "retry", "refused"};
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    enum tg_pg_status status = judge(pg, sqlstate ? sqlstate : "");
    if (pg->silent)
        message = "no answer in time";
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

static bool is_prepared(const struct tg_pg *pg, const char *name)
{
    for (int i = 0; i < PREPARED_MAX && pg->prepared[i]; i++) {
        if (strcmp(pg->prepared[i], name) == 0)
            return true;
    }
    return false;
}

static void remember_prepared(struct tg_pg *pg, const char *name)
{
    for (int i = 0; i < PREPARED_MAX; i++) {
        if (!pg->prepared[i]) {
            pg->prepared[i] = name;
            return;
        }
    }
    assert(false); // PREPARED_MAX is below the number of calls in store.c
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
    long long deadline_ms = tg_now_ms() + TG_PG_ANSWER_TIMEOUT_MS;
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

static PGresult *prepare(struct tg_pg *pg, const char *name, const char *sql, int count,
                         const Oid *types)
{
    return PQsendPrepare(pg->connection, name, sql, count, types) ? take_answer(pg) : NULL;
}

// As PQexecPrepared does it, with a place in between at which tests may end the process.
static PGresult *execute(struct tg_pg *pg, const char *name, int count, const char *const *values,
                         const int *lengths, const int *formats)
{
    if (!PQsendQueryPrepared(pg->connection, name, count, values, lengths, formats, 0))
        return NULL;
    TG_STOP_POINT(name);
    return take_answer(pg);
}

enum tg_pg_status tg_pg_call(struct tg_pg *pg, const char *name, const char *sql,
                             const struct tg_pg_params *params, struct tg_pg_rows **rows)
{
    assert(params->array_left == 0);
    *rows = NULL;
    // A transaction whose connection was lost must not go on by halves on a new one.
    if (pg->in_transaction ? !pg->connection : !tg_pg_connected(pg))
        return TG_PG_UNAVAILABLE;

    Oid types[TG_PG_PARAMS_MAX];
    const char *values[TG_PG_PARAMS_MAX];
    int lengths[TG_PG_PARAMS_MAX];
    int formats[TG_PG_PARAMS_MAX];
    for (int i = 0; i < params->count; i++) {
        types[i] = params->param[i].type;
        values[i] = params->bytes.data + params->param[i].offset;
        lengths[i] = params->param[i].length;
        formats[i] = 1;
    }
    if (!is_prepared(pg, name)) {
        PGresult *prepared = prepare(pg, name, sql, params->count, types);
        if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
            return fail(pg, name, prepared, false);
        PQclear(prepared);
        remember_prepared(pg, name);
    }
    PGresult *result = execute(pg, name, params->count, values, lengths, formats);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return fail(pg, name, result, true);
    *rows = (struct tg_pg_rows *)result;
    return TG_PG_OK;
}

static enum tg_pg_status command(struct tg_pg *pg, const char *name)
{
    PGresult *result = PQsendQuery(pg->connection, name) ? take_answer(pg) : NULL;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return fail(pg, name, result, true);
    PQclear(result);
    return TG_PG_OK;
}

enum tg_pg_status tg_pg_begin(struct tg_pg *pg)
{
    assert(!pg->in_transaction);
    if (!tg_pg_connected(pg))
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
