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

struct call;
struct tg_pg;

// What a call of Tollgate's own API is at Meta, and what is kept of it here.
struct relay_deed {
    const char *method; // at Meta
    // Reads what is asked, on the server's thread. false: call->error.
    bool (*read)(struct call *call);
    // Finds under whose token it is, and what Meta is asked, on a thread with a connection. false:
    // likewise.
    bool (*find)(struct call *call, struct tg_pg *pg);
    // Keeps what Meta has done, and has the answer in call->document, on such a thread. false:
    // likewise.
    bool (*keep)(struct call *call, struct tg_pg *pg);
    int status; // of the answer
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
    // Once it is done Meta is asked for the account's templates.
    bool renews_templates;
    // Before it is done a file that Meta has under the id is forgotten to be there.
    bool forgets_media;
    const struct relay_deed *deed; // of Tollgate's own API; NULL: of Meta's
};

// For routers whose context is a struct relay.
extern const struct endpoint relay_endpoints[];
// Changes of templates (templates.c); likewise.
extern const struct endpoint template_change_endpoints[];
