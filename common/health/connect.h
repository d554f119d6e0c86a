// What `--check --connect` does: tries PostgreSQL and Redis as the settings name them.
#pragma once

#include "common/settings/settings.h"
#include "common/store/schema.h"

// Prints a line for each of the two: that it is good, or the first thing that is not and what to do
// about it; of Redis's settings one for each. Writes nothing there and logs nothing. Returns the
// exit status: 0 if all is good, else 1.
int tg_connect_check(const struct tg_settings *settings, enum tg_calls_of calls);
