// Orgs that are told what happens to them, at endpoints of the sink, and what has happened to each
// as far as the outside knows.
#pragma once

#include "tests/system/org.h"
#include "tests/system/sink.h"

enum { ENDPOINTS_MAX = 2, SENDS_MAX = 100, WRITTEN_MAX = 50 };

struct endpoint {
    const char *id;
    const char *name; // it is /switch/NAME of the sink's
    const char *asks; // for events whose types begin so; NULL: it is of format meta
    const char *secret;
};

struct tenant {
    struct org org;
    struct sink *sink;
    const char *manager; // a key with all rights
    const char *prefix;  // of its customers' phones
    const char *from;    // where its feed begins
    struct endpoint endpoints[ENDPOINTS_MAX];
    size_t endpoint_count;
    struct {
        const char *phone;
        const char *message_id; // NULL: not accepted so far
    } sends[SENDS_MAX];
    size_t send_count;
    const char *written[WRITTEN_MAX]; // wamids
    size_t written_count;
};

void given_tenant(struct tenant *tenant, struct gateway *gateway, struct sink *sink,
                  const char *prefix);
// One that asks for these types of events, which begin with `asks`; and one of format meta.
void tenant_has_endpoint(struct tenant *tenant, const char *name, const char *types,
                         const char *asks);
void tenant_has_endpoint_of_meta(struct tenant *tenant, const char *name);
void tenant_follows_its_feed(struct tenant *tenant); // from now on

// With its manager's key.
struct answer tenant_asks(const struct tenant *tenant, const char *method, const char *path,
                          const char *body);

// It sends a text, or one of its customers does.
void tenant_sends(struct tenant *tenant, const char *phone);
void customer_writes(struct tenant *tenant, const char *text);
// Are all of its sends accepted? Who did not hear 202 asks again under the same key.
bool tenant_is_accepted(struct tenant *tenant);

// How much an endpoint has not been told so far, now or later.
long tenant_untold(const struct tenant *tenant, size_t endpoint);
bool events_are_fanned_out(struct database *database);
bool tenant_is_told(const struct tenant *tenant); // all, at each of its endpoints
