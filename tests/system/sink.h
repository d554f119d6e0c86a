// A tenant's receiver of events, with TLS (tests/client/sink.mjs), and what it has been told.
#pragma once

#include "tests/system/gateway.h"

struct sink {
    struct process *process;
    const char *url; // https://localhost:PORT
    int port;
    const char *authority; // who has signed its certificate
    struct http *http;
};

// Starts it and waits until it listens.
struct sink *sink_start(void);
// Again after process_kill, at the same address.
void sink_restart(struct sink *sink);

// The settings of a worker, or an ingress, that lets it be told.
const char *sink_networks(void);
const char *sink_authority(const struct sink *sink);

// The secrets of what is posted to a path that ends in /NAME.
void sink_knows(const struct sink *sink, const char *name, const char *secrets);
// What is done with what is posted to /switch/NAME.
void sink_does(const struct sink *sink, const char *name, const char *what);

// All that has come, in the order in which it came: an array, as `sink.mjs` tells each.
struct json_object *sink_heard_all(const struct sink *sink);
// What has come to a path that ends so, in the order in which it came; `n` from 0; NULL: no more.
struct json_object *sink_heard(const struct sink *sink, const char *path, size_t n);
// Each of them, of all paths, in that order. What is handed over lives as long as the call.
void sink_each(const struct sink *sink, void (*take)(void *context, struct json_object *heard),
               void *context);
// How many.
size_t sink_count(const struct sink *sink, const char *path);
// A member of one, "" if it is not there: "/headers/webhook-id", "/verified/0", "/body".
const char *sink_text(const struct sink *sink, const char *path, size_t n, const char *pointer);
// A member of the JSON that its body is.
const char *sink_told(const struct sink *sink, const char *path, size_t n, const char *pointer);

// As if so much time had passed for what is to be told later, by its schedule or once the lease of
// a worker that is gone has ended.
void deliveries_come_nearer(struct database *database, const char *interval);
