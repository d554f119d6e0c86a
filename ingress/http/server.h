// HTTP: bytes in, request out; answer in, bytes out. The only file of ingress that knows
// libmicrohttpd.
#pragma once

#include "common/base/error.h"
#include "common/base/network.h"
#include "common/service/listen.h"
#include "common/tls/tls.h"
#include "ingress/http/request.h"

struct server;

// Who gets the requests, on threads of the server's.
struct server_handler {
    // So many bytes of the handler's own come with each request, zeroed (request->state).
    size_t state_size;
    // The headers are there: sets the body to one that is expected (body_of), or none is; or
    // answers, and whatever body comes is dropped; or holds the request (request_hold) and has that
    // done later. Must not wait.
    void (*begin)(struct request *request, void *context);
    // The body is complete, or what is left of it will not be read. The request's connection is
    // suspended until it is answered. Must not wait.
    void (*handle)(struct request *request, void *context);
    void *context;
};

// Where requests are taken.
struct server_place {
    struct tg_address address;
    int listener; // a socket that listens there, of others too, and is the server's from now on; or
                  // TG_LISTEN_NONE: it makes one of its own
    // Proxies before us, which say in X-Forwarded-For whom they pass on: of what stands there the
    // last address that is none of theirs counts. Nobody else is believed.
    struct tg_networks proxies;
    // It is the admin listener: few may be connected, and what they ask for is not counted.
    bool is_admin;
    struct tg_tls *tls; // whose certificate clients get; NULL: plain HTTP
};

// Starts listening in so many threads and logs "server_listening", or "admin_listening", with the
// address, and whether by TLS. NULL and
// `error` if it cannot.
struct server *server_start(const struct server_place *place, unsigned threads,
                            const struct server_handler *handler, struct tg_error *error);

// Takes no further connections; from now on every answer closes its connection.
void server_close(struct server *server);
// Waits until the connections have ended, but not for long, so that who keeps one learns from its
// next answer that it goes, and is not cut off with a request on its way; longer while requests are
// held. Only where others listen on the same socket: they take who comes meanwhile. Closed already.
void server_drain(struct server *server);
// The same; waits until every request has been answered and its answer has left (two seconds for
// those whose client does not read), then ends all connections and the threads.
void server_stop(struct server *server);
void server_free(struct server *server); // stopped, or NULL
