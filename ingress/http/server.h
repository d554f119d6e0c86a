// HTTP: bytes in, request out; answer in, bytes out. The only file of ingress that knows
// libmicrohttpd.
//
// A request is handed to `handle` once its body is complete, with its connection suspended, on a
// thread of the server's pool. From then on it belongs to whoever holds it, across threads, until
// that one calls request_answer: exactly once, from any thread. After that the request must not be
// touched.
#pragma once

#include "common/base/text.h"
#include "common/settings/settings.h"

struct server;
struct request;

struct server_handler {
    // The largest body that a path and method take; asked once the headers are there.
    size_t (*body_max)(const char *path, const char *method);
    void (*handle)(struct request *request, void *context);
    void *context;
};

// Starts listening and logs "server_listening" with the address. NULL and `error` if it cannot.
struct server *server_start(const struct tg_settings *settings,
                            const struct server_handler *handler, struct tg_error *error);

// Stops accepting connections; from now on every answer closes its connection.
void server_drain(struct server *server);

// Waits until every request has been answered and its answer has left (two seconds for those whose
// client does not read), then ends all connections and frees the server.
void server_stop(struct server *server);

// What a request holds; valid until it is answered. Names of headers compare without case.
const char *request_method(const struct request *request);
const char *request_path(const struct request *request);
const struct tg_text *request_body(const struct request *request);
// Gives the body's memory back, as nobody needs it any more.
void request_drop_body(struct request *request);
bool request_body_too_large(const struct request *request);
// The body was dropped, since all bodies together would have been more than TG_BODIES_BYTES_MAX.
bool request_body_without_room(const struct request *request);
// The value of a header or of a query parameter, NULL if there is none; *count, if not NULL, is how
// often it is there. Only for the thread that was handed the request by the server.
const char *request_header(const struct request *request, const char *name, int *count);
const char *request_parameter(const struct request *request, const char *name);

// Gives the answer to come a further header, at most two; both must be string literals.
void request_add_header(struct request *request, const char *name, const char *value);

// What goes back. request_answer takes the bytes of `body` and empties it.
struct answer {
    int status;
    const char *content_type; // of the body, a string literal; NULL: application/json
    struct tg_text body;      // may be empty
};
void request_answer(struct request *request, struct answer *answer);
