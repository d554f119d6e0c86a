// Sends whose org's wallet somebody holds, a person with an open transaction perhaps: they wait
// here, on a thread of their own, each until its own deadline, so that the other orgs of their lane
// do not. An org that has sends here has its later ones here too, in order.
#pragma once

#include "ingress/accept/ticket.h"

struct holdup;

// Starts the thread, with a PostgreSQL connection; the rest of `acceptor` is what lanes accept
// with.
struct holdup *holdup_start(const char *postgres_url, const struct acceptor *acceptor);

// Accepts, or answers at its deadline, what is here, and ends the thread. Nobody adds any more.
void holdup_stop(struct holdup *holdup);
void holdup_free(struct holdup *holdup); // stopped, or NULL

// Does the org have sends here? Thread-safe.
bool holdup_has(struct holdup *holdup, struct tg_uuid org_id);

// Hands a ticket over. Thread-safe.
void holdup_add(struct holdup *holdup, struct ticket *ticket);
