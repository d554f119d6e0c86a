// The relay: calls of the Cloud API that are passed on to Meta under the org's own token (table.h).
// It has a thread of its own with connections to Meta, one with a connection to PostgreSQL for the
// look-up of tokens, and bounds of its own, so that it slows nobody else, however slow Meta is and
// however large what comes.
#pragma once

#include "common/settings/settings.h"
#include "ingress/http/request.h"
#include "ingress/who/identity.h"

struct relay;

// NULL: the settings say that nothing is relayed.
struct relay *relay_start(const struct tg_settings *settings);

// Takes no further calls, and gives those that are at Meta a moment to end. NULL is fine here and
// below.
void relay_close(struct relay *relay);
// The same; answers all that it has, and ends its threads.
void relay_stop(struct relay *relay);
void relay_free(struct relay *relay); // stopped

// Has what the request asks done, by its row of the table, and answers it.
void relay_take(struct relay *relay, struct request *request, const struct identity *caller);
