// How often somebody may call: token buckets in this process's memory, for each credential, org and
// address, and one for each address's failures to prove who it is. Several ingresses each count for
// themselves. Thread-safe.
//
// So many buckets of a kind are remembered (TG_RATES_REMEMBERED). Where there is no room for one
// more, the one goes that has been full the longest, or would be the soonest: forgetting one that
// is full changes nothing.
#pragma once

#include "common/base/attributes.h"
#include "common/base/uuid7.h"

#include <stdint.h>

enum rate { RATE_CREDENTIAL, RATE_ORG, RATE_ADDRESS, RATE_FAILURES, RATES };

struct rates;

// per_second[i]: how many of enum rate i a party may have in a second, and of it TG_RATE_BURST_S
// seconds' at once; 0: as many as it likes. Borrowed, and may change meanwhile.
struct rates *rates_create(const _Atomic int64_t *const per_second[RATES]);
void rates_free(struct rates *rates); // NULL is fine

// Takes one for the party; now_ms is of tg_now_ms. 0: it was there; else there is none, and one is
// in so many seconds.
unsigned rates_take(struct rates *rates, enum rate rate, struct tg_uuid party,
                    long long now_ms) TG_MUST_CHECK;

// The same, but nothing is taken.
unsigned rates_wait(struct rates *rates, enum rate rate, struct tg_uuid party,
                    long long now_ms) TG_MUST_CHECK;
