// One HTTP request and its answer, as everything behind sim_server.c sees them: no libmicrohttpd.
#pragma once

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct uploaded;

struct request {
    const char *method;
    const char *path;
    const char *host;          // NULL if absent
    const char *authorization; // value of the Authorization header; NULL if absent or repeated
    const char *content_type;  // NULL if absent
    struct tg_text body;
    struct uploaded *uploaded; // in place of the body, of a form with a file; NULL: it is none
    bool body_too_large;       // what went past SIM_BODY_MAX was read but not kept
    bool connection_reused;    // this connection has carried a request to Meta's API before
    void *transport;           // what request_argument reads from
};

// Calls `each` with every query argument.
void request_each_argument(const struct request *request,
                           void (*each)(void *context, const char *name, const char *value),
                           void *context);

// The decoded value of a query argument, or NULL. Lives as long as the request.
const char *request_argument(const struct request *request, const char *name);

// How the connection goes on once the answer is due.
enum answer_manner {
    ANSWER_SEND,  // the answer is sent
    ANSWER_CLOSE, // the connection is closed in order, without a byte
    ANSWER_RESET, // the connection is reset (RST), without a byte
    ANSWER_NEVER, // nothing comes until the client goes, /_sim/reset, or the end
};

struct series;

// What the headers of Meta's own answers tell.
struct graph_note {
    uint64_t number;  // which answer this is; 0: it is not Meta's own
    char version[12]; // of the API, as the path has it; "" if it is none
    int64_t usage_percent;
};

// A file in place of the answer's body.
struct answer_file {
    bool there;
    int file; // closed with the answer
    uint64_t size;
    int64_t cut_at;   // the connection is closed behind so many bytes; 0: it is not
    int64_t stall_at; // nothing more comes; 0: it does
    char type[128];
};

struct answer {
    enum answer_manner manner;
    int http_status;          // of ANSWER_SEND
    const char *content_type; // a string literal; NULL: application/json
    struct tg_text body;
    int64_t retry_after_s; // header Retry-After; 0: none
    struct answer_file file;
    struct graph_note graph;
    int64_t delay_ms; // how long after the request the answer is due
    // Webhooks that begin when the request is over, however it ends; NULL: none. They begin at once
    // if the answer is held for them: it is then due when they have ended, after delay_ms at the
    // latest.
    struct series *webhooks;
    uint64_t ticket; // of an answer that is held; 0: it is not
};
