// Who cries out what an org has to say to many: campaigns that are made, started (some by
// themselves), paused, resumed and cancelled, and some that expire, on a thread of the test and
// through the proxy in front of PostgreSQL, by the functions that ingress calls. What is not
// answered is asked for again. No recipient is one of anybody else's.
#pragma once

#include "tests/faults/rig.h"

// Recipients of each campaign.
enum { CRIER_RECIPIENTS = 8 };

struct crier;

struct crier *crier_open(struct rig *rig);

// Waits until what has begun is answered. What is paused then goes on.
void crier_close(struct crier *crier);

// Once it is closed: rows of SQL, one for each campaign: its id, org, number, and whether it was
// answered that it runs, and that it is cancelled.
const char *crier_campaigns(const struct crier *crier);

// The phone of a recipient (from 1) of the campaign with this number, as an expression of SQL.
const char *crier_phone(const char *number, const char *recipient);

// What the phones of all recipients begin with.
#define CRIER_PHONES "9199"
