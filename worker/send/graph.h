// The way to Meta's Graph API: messages become requests (common/http/client.h), and what comes of
// them outcomes.
//
// One thread uses a graph; only graph_wake may be called by others.
#pragma once

#include "worker/send/in_hand.h"

struct graph;

struct graph_options {
    const char *url; // without a slash at its end
    const char *version;
    int timeout_ms; // for all of a request
    size_t at_once; // requests that may be under way
};

struct graph *graph_create(const struct graph_options *options);
void graph_destroy(struct graph *graph); // NULL is fine; nothing may be under way

// Ends a graph_run that waits. Thread-safe.
void graph_wake(struct graph *graph);

// How many requests are under way, and how many more may be.
size_t graph_active(const struct graph *graph);
size_t graph_room(const struct graph *graph);

// Starts the request for a message. There must be room. It is the graph's until it is
// finished or broken off.
void graph_post(struct graph *graph, struct in_hand *message);

// Drives the requests, waiting up to `timeout_ms` for something to happen.
void graph_run(struct graph *graph, int timeout_ms);

// The next message whose request has ended, its outcome filled, or to be handed back if its claim
// had become too old (TG_SENDING_GRACE_MS) before the first byte of it could leave. NULL if there
// is none.
struct in_hand *graph_take_finished(struct graph *graph);

// Breaks off one request that is under way: unconfirmed if something of its body has left, to
// be handed back if not. NULL if there is none.
struct in_hand *graph_break_off(struct graph *graph);
