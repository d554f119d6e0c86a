// A daemon's health, on its admin listener: GET or HEAD /healthz (alive), /readyz (can work: 503
// says what is missing), /metrics (Prometheus). Plain HTTP, no authentication: bind it to a private
// address.
#pragma once

#include "common/base/text.h"
#include "common/service/listen.h"

struct tg_health;

// Says whether the daemon can work. Appends the names of what is missing, comma-separated and each
// in JSON quotes, to `missing` ("\"postgresql\",\"redis\""). Called at each /readyz, by the thread
// of that connection, so it must be thread-safe and end within a few seconds.
typedef void tg_health_probe(void *context, struct tg_text *missing);

// Starts listening in threads of its own and logs "admin_listening" with the address. NULL and
// `error` if the address cannot be had, or the threads not be started.
struct tg_health *tg_health_start(const struct tg_address *address, tg_health_probe *probe,
                                  void *context, struct tg_error *error);

// Ends the connections, whatever is being answered, and then the threads. NULL is fine.
void tg_health_stop(struct tg_health *health);
void tg_health_free(struct tg_health *health); // NULL is fine
