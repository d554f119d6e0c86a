// Clocks, and waiting by them.
#pragma once

#include <pthread.h>
#include <time.h>

// Milliseconds that only go forward (CLOCK_MONOTONIC): for deadlines and durations, never for
// dates.
long long tg_now_ms(void);

// The same, but time goes on while the machine is suspended (CLOCK_BOOTTIME): for what others count
// on meanwhile.
long long tg_boottime_ms(void);

// Unix time in milliseconds (CLOCK_REALTIME): for dates. It may jump, also backwards.
long long tg_unix_ms(void);

// A condition variable whose deadlines are by CLOCK_MONOTONIC, and the deadline that is `ms`
// milliseconds from now.
void tg_cond_init(pthread_cond_t *cond);
struct timespec tg_cond_deadline(int ms);

// Waits. For pauses between attempts at something that is away, nothing else.
void tg_sleep_ms(int milliseconds);
