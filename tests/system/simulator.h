// The simulator of Meta's Cloud API, and what it has seen.
#pragma once

#include "tests/system/http.h"
#include "tests/system/process.h"

struct simulator {
    const char *url;
    struct process *process;
    struct http *http;
    int port;
};

struct simulator *simulator_create(void);
// Again after process_kill it has the same address and has forgotten everything.
void simulator_start(struct simulator *simulator);

// How many posts came for a recipient (digits), for a message (id), or at all.
long simulator_posts_to(struct simulator *simulator, const char *recipient);
long simulator_posts_of(struct simulator *simulator, const char *message_id);
long simulator_posts(struct simulator *simulator);

// A figure of /_sim/stats, such as "reused".
long simulator_stat(struct simulator *simulator, const char *name);

// Changes settings: a JSON object such as {"latency_ms": 50}.
void simulator_set(struct simulator *simulator, const char *settings);
