// From a request to its endpoint's handler: what it asks for, whether it is as it must be, who
// calls and whether they may, and the thread on which the handler runs.
//
// All that the headers tell is judged before a byte of the body is kept; only where a form brings
// the key itself (endpoint.h) its body is read first, as a stranger's. Look-ups of keys have
// threads of their own: one for those that were right before, one for strangers'. Work for the
// database is done in turns, org by org.
#pragma once

#include "ingress/db/pool.h"
#include "ingress/http/server.h"
#include "ingress/route/endpoint.h"
#include "ingress/route/origin.h"
#include "ingress/who/api_key.h"
#include "ingress/who/operators.h"
#include "ingress/who/rates.h"

struct router;

// What it needs, all borrowed.
struct router_parts {
    struct keys *keys; // NULL: there are no endpoints of orgs
    // NULL: there are none of operators, whose handlers, and look-ups, run in `pool`.
    const struct operators *operators;
    struct pool *pool;      // for handlers that run on the database
    struct pool *look_ups;  // of keys that were right before, for batches of router_look_up
    struct pool *strangers; // of all others, likewise
    struct jwt *jwt;        // NULL: JWTs are not taken
    struct pool *readers;   // of the keys of JWTs, one thread; NULL without jwt
    struct origins origins;
    struct rates *rates;
    // Of who asks for a path that looks like one of Meta's API, and that no endpoint has. NULL: as
    // everybody else.
    const struct manner *metas;
};
struct router *router_create(const struct router_parts *parts);
void router_free(struct router *router); // NULL is fine

// Adds a table, which ends with an empty row; its handlers get `context`. Before the server is
// started. Of two endpoints that fit a request the one that was added first is taken, those that
// may stand anywhere (path.h) behind the others.
void router_add(struct router *router, const struct endpoint *endpoints, void *context);

// Its endpoints, as they were added; NULL behind the last one.
const struct endpoint *router_endpoint(const struct router *router, size_t i);

// The work of the pools that look up keys, for at most TG_LOOK_UPS_AT_ONCE.
void router_look_up(struct tg_pg *pg, void **visits, size_t n);

// For server_start; the router must outlive the server.
struct server_handler router_handler(struct router *router);
