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

// How many posts came for a recipient (a phone however it is spelt), for a message (id), or at all.
long simulator_posts_to(struct simulator *simulator, const char *recipient);
long simulator_posts_of(struct simulator *simulator, const char *message_id);
long simulator_posts(struct simulator *simulator);
// The message that came as the n-th post (from 0) for a recipient; "" if there was none.
const char *simulator_post_at(struct simulator *simulator, const char *recipient, size_t n);

// Whom that post was to, as it came; "" if there was none.
const char *simulator_to_at(struct simulator *simulator, const char *recipient, size_t n);

// A figure of /_sim/stats, such as "reused".
long simulator_stat(struct simulator *simulator, const char *name);

// How often a call other than messages came, such as "GET /v23.0/1001/phone_numbers", or any
// (NULL).
long simulator_calls(struct simulator *simulator, const char *call);

// Says whose accounts and numbers are, or that a token or a file's address is dead: the JSON of
// /_sim/account.
void simulator_account(struct simulator *simulator, const char *change);

// Meta decides something of a template: the JSON of /_sim/template.
void simulator_template(struct simulator *simulator, const char *change);

// Changes settings: a JSON object such as {"latency_ms": 50}.
void simulator_set(struct simulator *simulator, const char *settings);

// From now on its webhooks are posted to this URL and signed with this secret; a URL of "" stops
// them. Like everything else it is forgotten when the simulator is killed.
void simulator_aim(struct simulator *simulator, const char *url, const char *secret);

// A customer writes, as the JSON object `wish` describes: {"phone_number_id": "123456", "from":
// "919876543210", "text": "hi"}; `tollgate-metasim --help` tells what else. Returns the wamid; the
// webhook is still on its way.
const char *simulator_inbound(struct simulator *simulator, const char *wish);

// A figure of the webhooks: "posted", "acknowledged", "refused", "waiting", "dropped".
long simulator_webhook_stat(struct simulator *simulator, const char *name);
