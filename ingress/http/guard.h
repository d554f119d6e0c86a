// Who is connected, and how long we wait for them. A client that keeps us waiting past its time, as
// a whole and not from one byte to the next, is cut off; and when connections run out, the one that
// has kept us waiting longest makes room. What is in our own hands is left alone.
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct guard;
struct guest; // a connection

// Starts a thread that looks after at most so many connections. `in_need` tells whether there is
// little room for bodies, so that one which is slow to come cannot be waited for.
typedef bool guard_in_need(void *context);
struct guard *guard_start(size_t connections_max, guard_in_need *in_need, void *context);
void guard_stop(struct guard *guard); // all have left; ends the thread and frees it

// May somebody else come? If all connections are taken, one is cut off for it; false: all of them
// are in our hands.
bool guard_admits(struct guard *guard) TG_MUST_CHECK;

// A connection has come (its socket stays open until it leaves), and leaves. We wait for its first
// request's headers.
struct guest *guard_enter(struct guard *guard, int socket);
void guard_leave(struct guard *guard, struct guest *guest);

// How many are connected, but for those that were cut off.
size_t guard_count(struct guard *guard);

// What a connection keeps us waiting for from now on:
void guest_idles(struct guest *guest);                // the next request; the last answer has left
void guest_is_ours(struct guest *guest);              // nothing: its request is in our hands
void guest_sends(struct guest *guest);                // a body
void guest_takes(struct guest *guest, size_t answer); // that it takes an answer of so many bytes
// So many bytes more of the body have come: it has waited that much less, but nothing is saved up
// for a pause later.
void guest_has_sent(struct guest *guest, size_t bytes);
