// Requests that are written for Meta's Cloud API, and answered as it would: what refuses one,
// whoever does, comes in Meta's envelope,
//
//     {"error": {"message", "type", "code", "error_subcode", "error_data": {"messaging_product",
//                "details"}, "is_transient", "fbtrace_id"}}
//
// with Meta's HTTP status and a code of Meta's. docs/cloud-api.md has the table of what becomes of
// our codes, and which few are our own since Meta has none. Every answer has Meta's headers.
//
// An endpoint is one of these by `.manner = &cloud_manner` (endpoint.h); answer_error,
// answer_refusal and answer_error_detail are answered so from then on.
#pragma once

#include "common/base/text.h"
#include "ingress/http/request.h"

extern const struct manner cloud_manner;

// Codes of our own: Meta has none for what they say, and uses none as large.
enum {
    CLOUD_NO_BALANCE = 990402,
    CLOUD_ORG_SUSPENDED = 990403,
    CLOUD_CHANNEL_PAUSED = 990409,
    CLOUD_KEY_CONFLICT = 990410,
};

// An error as Meta tells it.
struct cloud_error {
    int status;       // of HTTP
    int code;         // Meta's
    int subcode;      // 0: none
    const char *type; // NULL: OAuthException
    const char
        *message; // as Meta has it, its code in front: "(#131009) Parameter value is not valid"
    const char *details; // for people; NULL: there is nothing more to say
    bool is_transient;   // the same request may do later
};

// Answers with an error that is Meta's own, or stands in our table of them by no code of ours.
void cloud_refuse(struct request *request, const struct cloud_error *error);

// With the transient one, which has clients send the same again.
void cloud_refuse_for_now(struct request *request, const char *details);

// What an id in the path names is not there for who asks, though it may be for others: a number, a
// file or a template of another org's is as one that never was.
void cloud_refuse_object(struct request *request, struct tg_span id);
