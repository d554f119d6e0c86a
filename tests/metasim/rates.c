#include "tests/metasim/rates.h"

#include "tests/metasim/sim_limits.h"

#include <stdio.h>
#include <time.h>

void rates_init(struct rates *rates)
{
    pthread_mutex_init(&rates->lock, NULL);
    counters_init(&rates->next_free_us);
}

void rates_finish(struct rates *rates)
{
    counters_finish(&rates->next_free_us);
    pthread_mutex_destroy(&rates->lock);
}

void rates_reset(struct rates *rates)
{
    pthread_mutex_lock(&rates->lock);
    counters_clear(&rates->next_free_us);
    pthread_mutex_unlock(&rates->lock);
}

// The generic cell rate algorithm: `next` is when the line would be free if every message so far
// had waited its turn, and it may run ahead of now by what `burst` messages take.
static bool has_room(int64_t next_us, int64_t now_us, int64_t interval_us, int64_t burst)
{
    return next_us - now_us <= (burst - 1) * interval_us;
}

static int64_t after_one_more(int64_t next_us, int64_t now_us, int64_t interval_us)
{
    return (next_us > now_us ? next_us : now_us) + interval_us;
}

int rates_check(struct rates *rates, const struct sim_settings *settings,
                const char *phone_number_id, const char *recipient)
{
    int64_t mps = sim_settings_get(settings, SETTING_MPS);
    int64_t pair_burst = *recipient ? sim_settings_get(settings, SETTING_PAIR_BURST) : 0;
    if (mps == 0 && pair_burst == 0)
        return RATE_KEPT;
    int64_t number_interval_us = mps > 0 ? 1000000 / mps : 0;
    int64_t pair_interval_us = sim_settings_get(settings, SETTING_PAIR_INTERVAL_MS) * 1000;
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    int64_t now_us = clock.tv_sec * INT64_C(1000000) + clock.tv_nsec / 1000;
    char pair[SIM_PHONE_NUMBER_ID_SIZE + 1 + SIM_RECIPIENT_SIZE];
    snprintf(pair, sizeof pair, "%s %s", phone_number_id, recipient);

    int exceeded = RATE_KEPT;
    pthread_mutex_lock(&rates->lock);
    int64_t number_next_us = mps > 0 ? *counters_at(&rates->next_free_us, phone_number_id) : 0;
    int64_t pair_next_us = pair_burst > 0 ? *counters_at(&rates->next_free_us, pair) : 0;
    if (mps > 0 && !has_room(number_next_us, now_us, number_interval_us, mps))
        exceeded = RATE_NUMBER_EXCEEDED;
    else if (pair_burst > 0 && !has_room(pair_next_us, now_us, pair_interval_us, pair_burst))
        exceeded = RATE_PAIR_EXCEEDED;
    if (exceeded == RATE_KEPT && mps > 0)
        *counters_at(&rates->next_free_us, phone_number_id) =
            after_one_more(number_next_us, now_us, number_interval_us);
    if (exceeded == RATE_KEPT && pair_burst > 0)
        *counters_at(&rates->next_free_us, pair) =
            after_one_more(pair_next_us, now_us, pair_interval_us);
    pthread_mutex_unlock(&rates->lock);
    return exceeded;
}
