// What is relayed: a table of calls of the Cloud API. Whatever else Meta has is not there.
#pragma once

#include "ingress/route/endpoint.h"

// Whose id may stand in the path.
enum { RELAY_OF_NUMBER = 1, RELAY_OF_ACCOUNT = 2, RELAY_OF_NODE = 4 };

// What becomes of Meta's answer.
enum relay_answer {
    RELAY_JSON,  // goes on, addresses of Graph's in it rewritten
    RELAY_MEDIA, // likewise; if it tells of a file, it names an address of ours for it
    RELAY_FILE,  // a file comes from where Meta keeps it
    RELAY_TOKEN, // likewise; it tells of the org's own token
};

struct relay_task {
    const char *name;         // in the log
    unsigned of;              // RELAY_OF_...; 0: there is no id in the path
    const char *edge;         // behind the id, or in its place; NULL: nothing
    enum relay_answer answer; // of Meta
    const char *const *takes; // the members that a body may have, ended by NULL; NULL: any
    const char *const *wants; // of which it must have one; NULL: none
    // What it is if the body has none of them; NULL: nothing.
    const struct relay_task *otherwise;
    bool is_frequent; // as reading is; what is not is told in the log unless asked otherwise
    // Not for an org that gets back what is not told delivered: it must be told.
    bool cuts_webhooks;
};

// For routers whose context is a struct relay.
extern const struct endpoint relay_endpoints[];
