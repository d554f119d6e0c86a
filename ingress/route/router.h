// From a request to its endpoint's handler: what it asks for, whether it is as it must be, who
// calls and whether they may, and the thread on which the handler runs.
//
// A request is queued for the database at most once: one whose key must be looked up goes on where
// that was done, if its handler runs there, and else back on a thread of the server's.
#pragma once

#include "ingress/db/pool.h"
#include "ingress/http/server.h"
#include "ingress/route/endpoint.h"
#include "ingress/who/api_key.h"

struct router;

// Both are borrowed and must outlive it.
struct router *router_create(struct keys *keys, struct pool *pool);
void router_free(struct router *router); // NULL is fine

// Adds a table, which ends with an empty row; its handlers get `context`. Before the server is
// started. Of two endpoints that fit a request the one that was added first is taken.
void router_add(struct router *router, const struct endpoint *endpoints, void *context);

// For server_start; the router must outlive the server.
struct server_handler router_handler(struct router *router);
