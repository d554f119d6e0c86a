// A request on its way: what it brought, and its answer. It belongs to whoever holds it, on
// whatever thread, until that one calls request_answer or request_go_on. What it returns is
// borrowed from it.
#pragma once

#include "common/base/network.h"
#include "ingress/http/body.h"
#include "ingress/http/manner.h"

// What a slash that was encoded is in a path: part of what stands between two others.
enum { PATH_SLASH = 0x1f };

struct request {
    const char *method;
    const char *path; // decoded but for PATH_SLASH; what is no plain path is empty
    bool has_body;    // one is announced, or comes in chunks
    bool encoded;     // Content-Encoding says that the body is not as it was written
    // The bytes (none, if it is a file), or the file, which is read from its beginning and is the
    // request's to close (-1: nothing has come). A body that was too large, or for which there was
    // no room, is not there.
    struct body body;
    int series;                  // of the endpoint's durations (tg_histogram_add); -1: of none
    const struct manner *manner; // NULL: it is answered in our own words
    struct tg_uuid trace;        // with a manner: by which its answers name it
    void *state;                 // the server's handler's own bytes (struct server_handler)
    void *own;                   // of whoever has it in hand, and has to answer it
};

// The body has been read: its bytes go, its room stays taken while what was made of it waits.
void request_drop_bytes(struct request *request);
// Gives back all that the body takes, as nobody needs it any more.
void request_drop_body(struct request *request);

// A header, or a parameter of the query; NULL if it is not there. Names compare without case, and
// of several values the first one counts; *count, if not NULL, is how often the header is there.
const char *request_header(const struct request *request, const char *name, int *count);
// (The name of a parameter that is none of `names`, which end in NULL; NULL: there is none such.)
const char *request_unknown_parameter(const struct request *request, const char *const *names);
const char *request_parameter(const struct request *request, const char *name);
// Calls `each` with every parameter, in their order, until it returns false. NULL: no value.
typedef bool request_parameter_seen(void *context, const char *name, const char *value);
void request_each_parameter(const struct request *request, request_parameter_seen *each,
                            void *context);

// Where the request comes from, as far as the network tells and, behind a proxy that is trusted
// (server_place), that proxy.
struct tg_ip request_ip(const struct request *request);
// Whom that is: an address of IPv4, or the network of one of IPv6.
struct tg_uuid request_address(const struct request *request);

// Does it come by TLS, as far as we know and, behind a proxy that is trusted, that proxy
// (X-Forwarded-Proto)?
bool request_is_by_tls(const struct request *request);

// Whether the client of a request that is in hand has closed its side of the connection. It may
// still read, though hardly any does; so answer it.
bool request_client_has_left(const struct request *request) TG_MUST_CHECK;

// Gives the answer to come a further header. Both are copied.
void request_add_header(struct request *request, const char *name, const char *value);
// Has it one of that name?
bool request_has_header(const struct request *request, const char *name);

// A file for the answer to come, which counts as what its party's requests have on disk: keeps the
// next bytes, or drops it, as body_take does. Begins as body_of(BODY_FILE, ...).
void request_keep(struct request *request, struct body *file, const void *bytes, size_t size);
void request_drop_file(struct request *request, struct body *file);
// Makes it so many bytes, `from` on, of a file that lies elsewhere, which it takes, open or not.
// false: too many are on their way; file->share_used: of this party's.
bool request_lend(struct request *request, struct body *file, int descriptor, size_t from,
                  size_t size) TG_MUST_CHECK;

// What goes back.
struct answer {
    int status;
    // Of the body, a string literal; NULL: application/json; "": it is among the further headers.
    const char *content_type;
    struct tg_text body; // may be empty
    struct body *file;   // NULL: none; else all of it goes back in place of the body
};

// Answers, once: the request must not be touched afterwards. Takes the bytes of the answer's body,
// or its file, and empties it.
void request_answer(struct request *request, struct answer *answer);

// While the headers are looked at (server_handler's begin): nothing of the body is read until
// somebody, on whatever thread, lets the request go on, or answers it.
void request_hold(struct request *request);
// One that is held goes on to its body; for one that was handed out already the server's handler is
// called once more, on a thread of the server's.
void request_go_on(struct request *request);
