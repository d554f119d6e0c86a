// The simulator's HTTP server: bytes in, request out; answer in, bytes out, at its time and in its
// manner. libmicrohttpd appears in its .c file and nowhere else.
#pragma once

#include "tests/metasim/sim.h"

#include <stdint.h>

struct sim_server;

// Listens on "HOST:PORT" (a numeric address, IPv6 in brackets; port 0: any free one) and serves
// `sim`, which must outlive the server, until destroyed; `port` is the port it is bound to.
// Failure: NULL, `error->message` says why.
struct sim_server *sim_server_create(struct sim *sim, const char *listen, uint16_t *port,
                                     struct tg_error *error) TG_MUST_CHECK;

// Closes all connections, also those that wait for an answer. Accepts NULL.
void sim_server_destroy(struct sim_server *server);
