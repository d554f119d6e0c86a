// The database's schema, and whether it is one that this version can work with. Statuses are those
// of tg_pg_call.
#pragma once

#include "common/pg/pg.h"

#include <stdint.h>

// Whose calls: those that a daemon of the kind makes, or an ingress on behalf of operators, or to
// relay.
enum tg_calls_of {
    TG_CALLS_OF_INGRESS,
    TG_CALLS_OF_WORKER,
    TG_CALLS_OF_OPERATOR,
    TG_CALLS_OF_RELAY
};

// The first thing that does not fit. "": everything does.
struct tg_misfit {
    char call[64];
    char what[64]; // a parameter or a column of it, "overloaded", "version", or "restored"
};

// As whom we are connected.
struct tg_login {
    char name[64];
    // What makes it one that no daemon should be, such as "is a superuser"; "": nothing.
    char too_mighty[64];
    char server[32];       // the server's version, such as "15.14"
    int64_t server_number; // 150014
};

// Who are we?
enum tg_pg_status tg_store_find_login(struct tg_pg *pg, struct tg_login *role) TG_MUST_CHECK;

// Holds the calls against the database's own catalogue: each function is there once, may be called
// by us, and has the parameters and the columns that the call names, of their types; it wants no
// parameter that the call does not name. The schema's version is ours, or a newer one. And the
// database is not one that was restored from a backup, and waits for deploy/after-restore.
// TG_PG_REFUSED: it has no version.
enum tg_pg_status tg_store_check_schema(struct tg_pg *pg, enum tg_calls_of daemon,
                                        struct tg_misfit *misfit) TG_MUST_CHECK;
