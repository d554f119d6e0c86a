// What an org's office books by hand, on a thread of the test and through the proxy in front of
// PostgreSQL: payments and corrections, each under a reference, asked for again until it is told
// that they are booked, and now and then once more. However often: each counts once.
#pragma once

#include "tests/faults/rig.h"

struct office;

struct office *office_open(struct rig *rig);

// Waits until what has begun is booked. Then the rest may be asked for.
void office_close(struct office *office);

// How much was booked for the org since the beginning, in hundredths; how many references there
// are, of all orgs.
long office_booked(const struct office *office, int org);
long office_references(const struct office *office);

// Why one was refused; "": none was.
const char *office_refusal(const struct office *office);
