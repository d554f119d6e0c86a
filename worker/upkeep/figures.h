// Figures (common/service/metrics.h) of what PostgreSQL and Redis hold. Of all workers the one
// whose janitor acts asks for them and tells them, each 10 s; the others say nothing of them. A
// thread of its own, with connections of its own: no duty waits for it. What takes PostgreSQL
// longer than a second is left out, and asked for again five minutes later. All that takes a struct
// figures takes NULL as well.
#pragma once

#include "worker/worker.h"

#include <stdatomic.h>

struct figures;

// Starts its thread. `acting`, whether the janitor does, is borrowed.
struct figures *figures_start(const struct worker *worker, const atomic_bool *acting);

// With the stop ordered: waits for its end.
void figures_stop(struct figures *figures);
void figures_free(struct figures *figures); // stopped
