#include "tests/system/database.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct database *database_of(const char *host, const char *port, const char *name)
{
    struct database *database = calloc(1, sizeof *database);
    cr_assert(database);
    *database = (struct database){.host = host, .port = port, .name = name};
    return database;
}

const char *database_url(const struct database *database, const char *role)
{
    return text_of("postgresql://%s@%s:%s/%s", role, database->host, database->port,
                   database->name);
}

static PGconn *connect_to(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    cr_assert(PQstatus(connection) == CONNECTION_OK, "%s: %s", url, PQerrorMessage(connection));
    return connection;
}

static const char *ask(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s\n%s", sql,
              PQerrorMessage(connection));
    bool told = PQntuples(result) > 0 && PQnfields(result) > 0;
    const char *text = told ? text_of("%s", PQgetvalue(result, 0, 0)) : "";
    PQclear(result);
    return text;
}

// The server of tests/run, for making and dropping databases.
static PGconn *connect_to_server(void)
{
    return connect_to(testbed_variable("TOLLGATE_TEST_POSTGRES_URL"));
}

struct database *database_create(void)
{
    return database_create_from("tollgate_template");
}

struct database *database_create_from(const char *template)
{
    static int made;
    PGconn *server = connect_to_server();
    struct database *database =
        database_of(text_of("%s", PQhost(server)), text_of("%s", PQport(server)),
                    text_of("test_%d_%d", (int)getpid(), made++));
    (void)ask(server, "SET client_min_messages = warning");
    // A test that failed may have left one, and process ids come again.
    (void)ask(server, text_of("DROP DATABASE IF EXISTS %s WITH (FORCE)", database->name));
    (void)ask(server, text_of("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", database->name,
                              template));
    PQfinish(server);
    return database;
}

void database_drop(struct database *database)
{
    PQfinish(database->connection);
    PGconn *server = connect_to_server();
    (void)ask(server, text_of("DROP DATABASE %s WITH (FORCE)", database->name));
    PQfinish(server);
    free(database);
}

static const char *run(struct database *database, const char *sql)
{
    if (!database->connection)
        database->connection = connect_to(database_url(database, "postgres"));
    return ask(database->connection, sql);
}

const char *database_text(struct database *database, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *sql = text_of_list(format, args);
    va_end(args);
    return run(database, sql);
}

long database_number(struct database *database, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *sql = text_of_list(format, args);
    va_end(args);
    const char *text = run(database, sql);
    char *end = NULL;
    long number = strtol(text, &end, 10);
    cr_assert(*text && *end == '\0', "no number: \"%s\"", text);
    return number;
}

bool database_reachable(const struct database *database)
{
    return PQping(database_url(database, "postgres")) == PQPING_OK;
}
