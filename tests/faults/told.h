// Was every org told what has happened to it, once it has settled, and nothing else? I11.
#pragma once

#include "tests/faults/check.h"

// What stands in the way of all being told, "" if nothing does. What was given up or waits for its
// next attempt for minutes is helped on, as its org, or time, would.
const char *told_unrest(struct rig *rig);

// From now on receivers are in a good mood, and what a worker that is gone has had is due.
void told_calm(struct rig *rig);

// Of rigs with endpoints. The feeds' follower ends.
void check_told(struct check *check);
