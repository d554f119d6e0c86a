// Whether what a daemon needs is there: PostgreSQL with our schema, and Redis. For the admin
// listener's /readyz.
#pragma once

#include "common/base/text.h"
#include "common/store/schema.h"

struct tg_readiness;

// The URLs are borrowed. Does not connect yet.
struct tg_readiness *tg_readiness_create(const char *postgres_url, enum tg_calls_of daemon,
                                         const char *redis_url, int partitions);
void tg_readiness_destroy(struct tg_readiness *readiness);

// A tg_health_probe (health.h), whose context is a struct tg_readiness: asks both over connections
// of its own and names what is missing: "postgresql", "schema" (run deploy/migrate; what does not
// fit is logged, when that changes), "redis". Thread-safe: one asks at a time.
void tg_readiness_probe(void *context, struct tg_text *missing);
