// Redis, and a PostgreSQL of the test's own for those that take it away. Each keeps its port and
// its data, so that it can be stopped and come back.
#pragma once

#include "tests/system/database.h"
#include "tests/system/process.h"

#define REDIS_PASSWORD "redis-password"

struct redis {
    int port;
    const char *directory;   // of its file
    bool has_acl;            // under deploy/redis.acl, where everybody's password is REDIS_PASSWORD
    struct process *process; // NULL until started
};

// As in production: appendonly, appendfsync always, noeviction; with TOLLGATE_TEST_REDIS_ACL in the
// environment under the ACL, too. Waits until it answers. Again after redis_kill it has its data
// back.
struct redis *redis_create(void);
void redis_start(struct redis *redis);
void redis_kill(struct redis *redis);
const char *redis_url(const struct redis *redis); // with an ACL as admin
// For another of the ACL's users.
const char *redis_url_of(const struct redis *redis, const char *user);

// One command, its words in place; returns what redis-cli prints. With an ACL as admin.
#define redis_command(redis, ...) redis_run(redis, WORDS(__VA_ARGS__))
const char *redis_run(const struct redis *redis, const char *const *words);

struct postgres {
    const char *data;
    const char *port;
    struct process *process; // NULL until started
};

// A cluster that is not started; trusts everybody on this machine.
struct postgres *postgres_create(void);
// Waits until it takes connections. Again after postgres_stop it has its data back.
void postgres_start(struct postgres *postgres);
void postgres_stop(struct postgres *postgres);
void postgres_kill(struct postgres *postgres);
// The database of a gateway's, in one that runs: connected anew, as after postgres_start the former
// connection is dead.
struct database *postgres_database(const struct postgres *postgres);
// Makes it, with the daemons' roles; and deploy/migrate.
void postgres_make_database(const struct postgres *postgres);
void postgres_migrate(const struct postgres *postgres);
