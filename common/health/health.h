// A daemon's health, on its admin listener: GET or HEAD /healthz (alive), /readyz (can work: asks
// PostgreSQL and Redis; 503 says what is missing), /metrics (Prometheus). By TLS where the settings
// have a certificate for it; no authentication: bind it to a private address.
//
// Missing may be "postgresql", "schema" (run deploy/migrate; what does not fit is logged, when that
// changes), "redis" and, of an ingress that does not listen to its clients yet, or no more,
// "listener".
#pragma once

#include "common/base/text.h"
#include "common/settings/settings.h"
#include "common/store/schema.h"

struct tg_health;

// Starts the metrics, for whoever has listeners of its own (ingress), and asks tg_health_answer. It
// lacks its listener until it says tg_health_listens.
// The URLs of the settings are borrowed.
struct tg_health *tg_health_create(const struct tg_settings *settings, enum tg_calls_of calls);

// The same, and listening, in threads of its own; logs "admin_listening" with the address. NULL and
// "start_failed" if the address cannot be had, or the threads not be started.
struct tg_health *tg_health_start(const struct tg_settings *settings, enum tg_calls_of calls);

// From now on clients are listened to, or no more. Thread-safe.
void tg_health_listens(struct tg_health *health, bool listens);

// Appends the body of one of the three paths; returns the HTTP status, 404 for any other path.
// /readyz takes as long as PostgreSQL and Redis do. Thread-safe.
unsigned tg_health_answer(struct tg_health *health, const char *path, struct tg_text *body,
                          const char **content_type);

// Tries PostgreSQL and Redis once (and an ingress tells how many access tokens lie open,
// "tokens_lie_open"), so that what cannot be reached, and why, is logged at once and
// not when the first request wants it; takes no longer than their connect timeouts. From then on a
// thread tries them every 5 s, for the metric of readiness. False, with "start_refused": PostgreSQL
// knows us as an owner of the schema, a superuser or one with BYPASSRLS, and the settings do not
// allow that. If PostgreSQL was away and says so later, the process gets a SIGTERM.
bool tg_health_look(struct tg_health *health) TG_MUST_CHECK;

// Ends the connections, whatever is being answered, and then the threads; but nobody waits for a
// server that hangs: the process is to end then. NULL is fine.
void tg_health_stop(struct tg_health *health);
void tg_health_free(struct tg_health *health); // NULL is fine
