// The test's database, as its owner sees it.
#pragma once

#include "tests/system/testbed.h"

struct database {
    const char *host;
    const char *port;
    const char *name;
    struct pg_conn *connection;
};

// A new database made from the template of tests/run: migrated, and without any org. Or from
// another one.
struct database *database_create(void);
struct database *database_create_from(const char *template);

// A database of any server, as its superuser postgres. Connects at the first question.
struct database *database_of(const char *host, const char *port, const char *name);

// Drops the database; all daemons must be gone.
void database_drop(struct database *database);

// The URL for a role such as "tollgate_ingress".
const char *database_url(const struct database *database, const char *role);

// Runs SQL, put together by printf; returns the first column of the first row, "" if that is NULL
// or there is none. An error fails the test.
const char *database_text(struct database *database, const char *format, ...) TG_PRINTF(2, 3);
long database_number(struct database *database, const char *format, ...) TG_PRINTF(2, 3);

// Is the server there and the database too?
bool database_reachable(const struct database *database);
