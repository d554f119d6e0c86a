// An HTTP client for tests: one connection that is kept, so that a test sees whether the server
// lets it be used again.
#pragma once

#include "tests/system/testbed.h"

#include <json-c/json.h>

struct http;

// For a server such as "http://127.0.0.1:1234". Does not connect yet.
struct http *http_open(const char *url);

void http_close(struct http *http);

// Whose certificates are believed of servers with https from then on: of the authorities in this
// file, and no other. Connections that are open stay.
void http_trust(const char *path);

enum { HTTP_HEADERS_MAX = 4 };

struct http_request {
    const char *method; // NULL: GET, or POST with a body
    const char *path;
    const char *body;                      // NULL: none
    size_t body_length;                    // 0: up to the NUL
    const char *content_type;              // NULL: application/json; "": the header is left out
    const char *key;                       // NULL: no Authorization
    const char *headers[HTTP_HEADERS_MAX]; // further ones, "Name: value"
};

struct answer {
    int status; // 0: there was none
    bool fresh; // a new connection was made for it
    const char *body;
    const char *headers;      // lines as they came
    struct json_object *json; // NULL: the body is no JSON
};

// The answer; a request that gets none fails the test.
struct answer http_ask(struct http *http, const struct http_request *request);
#define ask(http, ...) http_ask(http, &(struct http_request){__VA_ARGS__})

// The same, but status 0 where the server closes or refuses the connection.
struct answer http_try(struct http *http, const struct http_request *request);

// All at once, each on a connection of its own. The answers are in the order of the requests;
// status 0 where there was none. `meanwhile`, if not NULL, is called again and again until all have
// ended, with the number of those that have.
typedef void http_meanwhile(size_t ended, void *context);
void http_ask_all(const char *url, const struct http_request *requests, size_t n,
                  struct answer *answers, http_meanwhile *meanwhile, void *context);

// A value in the answer's JSON by its JSON pointer (RFC 6901) such as "/detail/field", as text;
// "" if there is none or it is null.
const char *answer_text(const struct answer *answer, const char *pointer);
const char *json_text(struct json_object *json, const char *pointer);

// The value of a header; "" if there is none.
const char *answer_header(const struct answer *answer, const char *name);
