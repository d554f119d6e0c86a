// The templates of orgs' accounts, as Meta has them (sql/core/templates.sql): each account is asked
// for all of its list every TOLLGATE_LOOK_INTERVAL_S, page after page, under the token of one of
// its channels, a few accounts at once. As numbers.h in all else.
#pragma once

#include "worker/worker.h"

#include <stdatomic.h>

struct templates;

// Starts its thread. `acting`, whether the janitor does, is borrowed.
struct templates *templates_start(const struct worker *worker, const atomic_bool *acting);

// With the stop ordered: breaks off what is being asked, and waits for its end.
void templates_stop(struct templates *templates);
void templates_free(struct templates *templates); // stopped
