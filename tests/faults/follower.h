// Who reads the feeds of some of the orgs (GET /api/events) by cursor, on a thread of the test, as
// a browser would: each page behind the one before, and what is not answered is asked for again.
#pragma once

#include "tests/faults/rig.h"

struct follower;

// The feeds are read from now on: their first pages are there when it returns.
struct follower *follower_open(struct rig *rig);

// Waits until a page that was asked for from now on is empty. Then the rest may be asked for.
void follower_close(struct follower *follower);

bool follower_reads(int org);

// The ids of all events that the org's pages had, in their order, with a blank behind each.
const char *follower_seen(const struct follower *follower, int org);
