// A thread that asks PostgreSQL, every TG_CALLERS_LOOK_MS, which keys and sessions have changed, so
// that what was revoked is dead within a second though nobody looks it up; and notes there which
// were used.
#pragma once

#include "ingress/who/api_key.h"

struct watch;

struct watch *watch_start(const char *postgres_url, struct keys *keys);
void watch_stop(struct watch *watch); // and frees it
