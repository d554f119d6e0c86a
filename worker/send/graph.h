// Meta's Graph API: messages become requests (common/http/client.h), and what comes of them
// outcomes.
#pragma once

#include "common/http/client.h"
#include "worker/send/in_hand.h"

struct graph_options {
    const char *url; // without a slash at its end
    const char *version;
    int timeout_ms; // for all of a request
    size_t at_once; // requests that may be under way
};

// A client for requests to it.
struct tg_http *graph_create(const struct graph_options *options);

// Begins the request for a message. There must be room. The message is the client's until it is
// finished or broken off.
void graph_post(struct tg_http *http, const struct graph_options *options, struct in_hand *message);

// The next message whose request has ended, its outcome filled, or to be handed back if its claim
// had become too old (TG_SENDING_GRACE_MS) before the first byte of it could leave. NULL if there
// is none.
struct in_hand *graph_take_finished(struct tg_http *http);

// Breaks off one request that is under way: unconfirmed if something of its body has left, to be
// handed back if not. NULL if there is none.
struct in_hand *graph_break_off(struct tg_http *http);
