// What a daemon's health is asked by, on the admin listener of ingress: /healthz, /readyz, /metrics
// (common/health/health.h).
#pragma once

#include "common/health/health.h"
#include "ingress/db/pool.h"
#include "ingress/route/endpoint.h"

// The context of probe_endpoints.
struct probes {
    struct tg_health *health;
    struct pool *pool; // readiness waits for PostgreSQL and Redis: with one thread, by itself
};

extern const struct endpoint probe_endpoints[];
