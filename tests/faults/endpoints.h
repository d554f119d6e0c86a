// Where the rig's orgs are told what happens: one endpoint or two of each, at a receiver of the
// test's own behind a proxy. They ask for different things, and some of them are moody: now and
// then they refuse, are late, or cut the connection.
#pragma once

#include "tests/faults/rig.h"
#include "tests/system/sink.h"

struct endpoints;

// One of them: what its org has asked for.
struct endpoint {
    int org;
    const char *types; // divided by commas
    bool one_channel;  // of what is about a channel only what is about the org's own
    const char *habit; // what the receiver usually does with what is posted there
    const char *name;  // the last part of its path
    const char *id;
};

// Starts the receiver and its proxy: rig->endpoints, rig->to_endpoints. Then, once there are
// ingresses, the orgs make their endpoints.
void endpoints_open(struct rig *rig);
void endpoints_make(struct rig *rig);
void endpoints_close(struct endpoints *endpoints);

// The setting of a worker that is to tell them.
const char *endpoints_authority(const struct endpoints *endpoints);

const struct endpoint *endpoints_list(const struct endpoints *endpoints, size_t *n);
const struct sink *endpoints_sink(const struct endpoints *endpoints);

// From now on the receiver does this with whatever comes to any ("status/500"); NULL: what each is
// used to.
void endpoints_do(struct endpoints *endpoints, const char *what);

// The orgs set going what was disabled, and have posted again what was given up.
void endpoints_recover(struct rig *rig);
