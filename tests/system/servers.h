// Redis, and a PostgreSQL of the test's own for those that take it away. Each keeps its port and
// its data, so that it can be stopped and come back.
#pragma once

#include "tests/system/database.h"
#include "tests/system/process.h"

struct redis {
    int port;
    const char *directory;   // of its file
    struct process *process; // NULL until started
};

// As in production: appendonly, appendfsync always, noeviction. Waits until it answers. Again
// after redis_kill it has its data back.
struct redis *redis_create(void);
void redis_start(struct redis *redis);
void redis_kill(struct redis *redis);
const char *redis_url(const struct redis *redis);

// One command, its words in place; returns what redis-cli prints.
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
