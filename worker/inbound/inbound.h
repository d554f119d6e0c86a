// The room of what comes in: a thread that takes webhooks from Redis, makes items of them, applies
// these and replies. All that takes a struct inbound takes NULL as well.
#pragma once

#include "worker/worker.h"

struct inbound;

// Starts the thread, which reads the streams of webhooks alone, so that it never waits behind
// sends, and checks their signatures. It also takes over what other workers have left lying, and
// tries dead letters again whose time has come. With PostgreSQL away it keeps the batch it has and
// tries again: applying twice changes nothing.
struct inbound *inbound_start(const struct worker *worker);

// Once stop is ordered nothing more is taken. Waits until the batch at hand is done; with
// PostgreSQL away it stays pending, for whoever takes over.
void inbound_stop(struct inbound *inbound);
void inbound_free(struct inbound *inbound); // stopped
