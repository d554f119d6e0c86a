// A whole Tollgate of a test's own: database, Redis, simulator, ingress and workers, as processes.
//
//     struct gateway *gateway = given_gateway(.auth = "trusted");
//     struct org org = given_org(gateway, .balance = "100.00");
//     ...
//     stop_gateway(gateway);
#pragma once

#include "tests/system/database.h"
#include "tests/system/http.h"
#include "tests/system/process.h"
#include "tests/system/servers.h"
#include "tests/system/simulator.h"

// What every gateway has unless its settings say otherwise.
#define GATEWAY_APP_SECRET "test-app-secret"
#define GATEWAY_VERIFY_TOKEN "test-verify-token"
// What it has with .desk
#define GATEWAY_ADMIN_TOKEN "test-admin-token-of-the-first-operator"

enum { GATEWAY_SETTINGS_MAX = 16, GATEWAY_WORKERS_MAX = 4 };

struct daemon {
    struct process *process;
    const char *url; // "" for a worker, which takes no requests
    const char *admin_url;
};

struct gateway {
    struct database *database;
    struct redis *redis;
    struct simulator *simulator;
    struct daemon ingress;
    struct daemon workers[GATEWAY_WORKERS_MAX]; // those that stop_gateway stops
    size_t worker_count;
    struct http *http; // to the ingress
    const struct gateway_options *options;
};

struct gateway_options {
    const char *auth;                                   // NULL: keys
    const char *ingress_settings[GATEWAY_SETTINGS_MAX]; // "NAME=value"
    const char *worker_settings[GATEWAY_SETTINGS_MAX];
    struct database *database; // NULL: a new one from the template
    int listener;              // a socket that all ingresses listen on; 0: each makes its own
    const char *daemons;       // a folder with those of another version; NULL: those under test
    bool desk;                 // ingress has /admin
    bool redis_acl;            // Redis is under its ACL, and each daemon its own user there
    bool without_redis;        // not started; redis_start does it
    bool without_worker;       // not started; start_worker does it
};

// Starts everything and waits until ingress is ready (unless Redis is left out, or the database is
// the caller's).
#define given_gateway(...) gateway_start(&(const struct gateway_options){__VA_ARGS__})
struct gateway *gateway_start(const struct gateway_options *options);

// One more ingress or worker for the same database, Redis and simulator.
struct daemon start_ingress(struct gateway *gateway);
// The same, not waiting until it listens: only its process is known.
struct daemon begin_ingress(struct gateway *gateway);
struct daemon *start_worker(struct gateway *gateway);
// A worker with settings of its own, NULL-terminated.
struct daemon *start_worker_with_settings(struct gateway *gateway, const char *const *settings);
// The same for a worker that its starter looks after: stop_gateway does not know of it.
struct daemon start_worker_apart(struct gateway *gateway);

// Stops all that runs, daemons first: each must end with 0, with nothing but lines of the log in
// its log. Then the ledger must be in order (audit_ledger), and the database goes, unless it is the
// caller's.
void stop_gateway(struct gateway *gateway);

// Kills one, which stop_gateway does not expect any more then. Pointers to the last worker that was
// started point to nothing afterwards.
void kill_worker(struct gateway *gateway, struct daemon *worker);

// Does an event stand in its log?
bool daemon_has_logged(const struct daemon *daemon, const char *event);

// How often an event stands there.
int daemon_count_events(const struct daemon *daemon, const char *event);

// Sends SIGHUP and waits until the event comes once more; returns the value of its `key`.
const char *daemon_hang_up(const struct daemon *daemon, const char *event, const char *key);

// Does a thread of a worker ("intake", "inbound") wait for a lock that this test holds?
bool thread_waits_for_lock(struct gateway *gateway, const char *thread);

// PostgreSQL would go on with what that thread of a killed worker has asked for once the lock is
// gone: ends it before.
void end_statements_of(struct gateway *gateway, const char *thread);

// What /readyz of a daemon says is missing, such as "redis"; "" if it is ready.
const char *daemon_missing(const struct daemon *daemon);
// The value of a metric's line, such as "tollgate_refunds_total"; "" if there is none.
const char *daemon_metric(const struct daemon *daemon, const char *name);
