// An endpoint is a row of a table that the file of its subject exports. The router (router.h) finds
// it, checks the request by what it says, and calls its handler on the thread where that runs.
#pragma once

#include "common/pg/pg.h"
#include "ingress/http/request.h"
#include "ingress/who/identity.h"

enum caller_kind {
    CALLER_ORG,      // by its key
    CALLER_META,     // by a signature, which is the handler's to check
    CALLER_OPERATOR, // by a token; on the admin listener
    CALLER_ANYBODY   // without a proof: nothing is told that is anybody's; HEAD counts as GET
};

// Answers the request, or hands it to somebody who will. `caller` lives as long as the request, and
// is NULL for Meta and for anybody.
//
// On one of the threads that read and write all connections: it must not wait. `context` is what
// the table was added with.
typedef void endpoint_on_server(void *context, struct request *request,
                                const struct identity *caller);
// On a thread of the pool, with its connection.
typedef void endpoint_on_database(struct tg_pg *pg, struct request *request,
                                  const struct identity *caller);

struct endpoint {
    const char *method;
    const char *path; // "/api/messages/{id}": endpoint_segment(request, "id")
    // NULL: ours. With one an org's caller shows a key as Meta's API is shown a token: also as
    // "Authorization: OAuth <key>", or as access_token in the query, or in a form of kind FIELDS;
    // never a session, and never nothing. What its query has besides is the handler's to look at.
    const struct manner *manner;
    enum caller_kind who;
    enum right right; // that an org's caller must have
    enum role role;   // that an operator must have at least
    enum body_kind body;
    bool or_none; // it need not come: who has nothing to say sends none, of whatever type
    // Looks at the headers of one who signs, before a byte of the body is kept; false: it has
    // answered. NULL: there is nothing to look at.
    bool (*admits)(struct request *request);
    size_t body_max;
    endpoint_on_server *on_server; // the handler is one of the two
    endpoint_on_database *on_database;
    // The parameters of its query; NULL behind the last one. NULL: none, or its task says them.
    const char *const *query;
    const void *task;    // what its handler makes of this row: endpoint_task
    const char *says;    // for people: what it does, in a sentence
    const char *request; // the schemas of the body and of the answer; NULL: there is none
    const char *answer;
};

#define ENDPOINT_QUERY(...)                                                                        \
    .query = (const char *const[])                                                                 \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

// The task in the row of the request's endpoint.
const void *endpoint_task(struct request *request);

// The parameters that its row says.
const char *const *endpoint_query(struct request *request);

// What the table of the request's endpoint was added with (router_add).
void *endpoint_context(struct request *request);

// For a handler that looks at a proof by itself, such as a link: may its address try one more, or
// has it failed too often lately (TOLLGATE_RATE_OF_FAILURES)? And: it has failed once more; had it
// any failures left? False: answered.
bool endpoint_may_try(struct request *request) TG_MUST_CHECK;
bool endpoint_may_fail(struct request *request) TG_MUST_CHECK;

// The part of the request's path that has this name in its endpoint's. (A slash within it, which
// was encoded, is PATH_SLASH.)
struct tg_span endpoint_segment(struct request *request, const char *name);
// The same, appended to `text` as it was meant, with its slashes.
void endpoint_segment_text(struct request *request, const char *name, struct tg_text *text);
