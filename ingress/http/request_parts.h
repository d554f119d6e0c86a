// What a request is made of: for server.c and request.c.
#pragma once

#include "ingress/http/request.h"

#include <stddef.h>

enum part_kind { PART_HEADER, PART_PARAMETER, PART_SEGMENT, PART_ANSWER_HEADER };

// A name and its value, of the request or of its answer.
struct part {
    struct part *next;
    enum part_kind kind;
    int count;         // how often it was there
    const char *value; // behind the name
    char name[];
};

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    const char *method;
    char *path;
    struct body body;
    struct part *parts; // the last one first
    bool unread;        // not to its end: the connection cannot be used again
    bool handed_out;
    bool going_on;        // the handler is to be called again
    struct answer answer; // status 0 until answered
    max_align_t state[];  // the handler's
};

// Text that may lack its NUL.
void request_add_part(struct request *request, enum part_kind kind, struct tg_span name,
                      struct tg_span value, int count);
