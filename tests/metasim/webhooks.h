// Webhooks on their way to the gateway: what waits for its time, the one thread that posts it, and
// again until it is acknowledged, as Meta does. Functions may be called by any thread, and none
// waits for the gateway.
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"
#include "tests/metasim/series.h"
#include "tests/metasim/sim_limits.h"

struct webhooks;

// Posts nothing until it has a URL. When a series that holds an answer ends, or is dropped,
// `release` is called with `context` and the answer's ticket, by any thread.
struct webhooks *webhooks_create(void (*release)(void *context, uint64_t ticket), void *context);

// Breaks off what is under way and drops what waits; whatever comes later is dropped at once.
void webhooks_close(struct webhooks *webhooks);

// Closes, too. When no other thread can call in.
void webhooks_destroy(struct webhooks *webhooks);

// From now on everything is posted to this URL, also what waits, and signed with this secret. A URL
// of "" switches off: what waits is dropped. False: `field` is "url" or "secret".
bool webhooks_aim(struct webhooks *webhooks, const char *url, const char *secret,
                  struct tg_error *error) TG_MUST_CHECK;

// The app's secret, with which they are signed; "" without a URL.
void webhooks_secret(struct webhooks *webhooks, char secret[static SIM_WEBHOOK_SECRET_SIZE]);

// Is there a URL?
bool webhooks_aimed(struct webhooks *webhooks);

// Makes room for a series, which waits from now on, though nothing of it is posted before
// webhooks_begin. False: there is no room; the series is dropped, and counted.
bool webhooks_admit(struct webhooks *webhooks, struct series *series) TG_MUST_CHECK;

// The times of a series that was admitted count from now on; it belongs to the webhooks.
void webhooks_begin(struct webhooks *webhooks, struct series *series);

// Drops what waits and counts anew. The URL stays. A post that is under way is not counted any
// more, nor repeated.
void webhooks_reset(struct webhooks *webhooks);

// Appends {"posted", "acknowledged", "refused", "waiting", "dropped"}.
void webhooks_write_stats(struct webhooks *webhooks, struct tg_text *out);
