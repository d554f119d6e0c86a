// Dates and times as text (RFC 3339).
#pragma once

#include "common/base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

// Reads a date-time such as 2026-11-24T09:30:00Z or 2026-11-24T15:00:00.250+05:30 (section 5.6) as
// milliseconds of Unix time; digits past the milliseconds are dropped. false: it is none.
bool tg_time_parse(const char *text, int64_t *time_ms) TG_MUST_CHECK;
