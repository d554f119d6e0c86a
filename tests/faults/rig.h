// A gateway on which faults are tried: two ingresses and some workers, each of which can be killed
// and started again in its place, with a proxy in front of PostgreSQL, of Redis, of Meta and of
// where orgs are told what happens; orgs, and a workload on all of it.
#pragma once

#include "tests/system/org.h"
#include "tests/system/proxy.h"

#include <stdint.h>

enum {
    RIG_ORGS = 4,
    RIG_REPLYING = 0,  // this one replies to its customers
    RIG_IMPATIENT = 1, // this one has undelivered_after
    RIG_GIVING = 2,    // this one may hand its number over to the next one
    RIG_INGRESSES = 2,
    RIG_WORKERS_MAX = 3,
    // How long Meta may take, after how long a claim's worker counts as gone, and how long an
    // unconfirmed message waits for its webhook.
    RIG_GRAPH_TIMEOUT_MS = 2000,
    RIG_TAKEOVER_S = 12,
    RIG_CONFIRMATION_S = 12,
};

struct rig_options {
    int workers;           // 0: two
    bool own_postgres;     // a cluster that can be taken away
    const char *template;  // of its database; NULL: this version's
    const char *daemons;   // a folder with those of another version; NULL: those under test
    bool small_redis_disk; // Redis's file is on a small disk of its own
    bool untold;           // orgs have no endpoints, and read no feeds
    int latency_ms;        // of Meta
};

struct rig_daemon {
    struct daemon daemon;
    long descriptors; // how many it had open when it was ready
    long memory_kib;  // and what it had resident
};

struct rig {
    struct gateway *gateway;
    struct gateway_options *settings; // of the next daemon to be started
    struct postgres *postgres;        // NULL: that of tests/run
    struct proxy *to_postgres;
    struct proxy *to_redis;
    struct proxy *to_meta;
    struct endpoints *endpoints; // of the orgs; NULL: they are told nothing, nor read feeds
    struct proxy *to_endpoints;  // likewise
    const char *redis_disk;      // NULL: Redis has none of its own
    int ingress_ports[RIG_INGRESSES];
    struct rig_daemon ingresses[RIG_INGRESSES];
    struct rig_daemon workers[RIG_WORKERS_MAX];
    int worker_count;
    struct org orgs[RIG_ORGS];
    uint64_t seed;
    struct workload *workload;
    bool former;            // it began with the daemons of another version
    const char *token_keys; // of workers, unless others of another version might not open tokens
    bool accepts_unsigned;  // so do the next workers to be started
    bool webhooks_lost;     // a fault has wiped some that were acknowledged
    bool handed_over;       // a number was another org's for a while
};

// Starts all of it but the workload. Returns NULL, and the test is over, where the machine does not
// allow what the options ask for.
#define given_rig(...) rig_start(&(const struct rig_options){__VA_ARGS__})
struct rig *rig_start(const struct rig_options *options);

// Starts an ingress or a worker in the place of one that is gone and waits until it is ready; one
// with a stop point (not NULL) may be gone again before that.
void rig_start_ingress(struct rig *rig, int i, const char *stop_point);
void rig_start_worker(struct rig *rig, int i, const char *stop_point);
void rig_start_worker_at(struct rig *rig, int i, const char *graph_url);

// SIGTERM; it must end with 0 in time. A worker that waits for Meta takes most of its 10 s.
void rig_end(struct rig_daemon *daemon);

// SIGKILL; rig_start_... brings it back.
void rig_kill_ingress(struct rig *rig, int i);
void rig_kill_worker(struct rig *rig, int i);

// Waits until the stop point of a daemon has killed it.
void rig_expect_stopped(struct rig_daemon *daemon);

// Once PostgreSQL has ended the test's own connection.
void rig_reconnect(struct rig *rig);

// Until every daemon says that it is ready.
void rig_expect_ready(struct rig *rig);

// Stops all daemons, each of which must end with 0, then the rest.
void rig_stop(struct rig *rig);

// How many descriptors a process has open, without its connections to endpoints (that those are
// closed libcurl finds with the next request alone), and how much memory it has resident. 0: it is
// gone.
long rig_descriptors(const struct rig *rig, const struct rig_daemon *daemon);
long rig_memory_kib(const struct rig_daemon *daemon);

// Was it built with AddressSanitizer, whatever these tests are built with? (Of gcc: a library.)
bool rig_has_address_sanitizer(const struct rig_daemon *daemon);
