// Looks from outside whether the invariants I1 to I9 and I11 held: at the database, at what the
// workload was answered, at the simulator's log of posts, and at what endpoints and readers of
// feeds were told.
#pragma once

#include "tests/faults/workload.h"

// Ends the workload and waits until nothing is on its way any more. Then checks, writes a line to
// faults.report beside the tests' directories and fails the test if anything is violated.
void check_rig(struct rig *rig, const char *fault);

// A line of the report for a fault that is checked together with others.
void report_fault(const char *fault);
