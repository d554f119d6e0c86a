#include "tests/metasim/sim.h"

bool sim_init(struct sim *sim, const char *error_rules_path, int64_t latency_ms,
              struct tg_error *error)
{
    *sim = (struct sim){0};
    if (!error_rules_load(&sim->error_rules, error_rules_path, error))
        return false;
    sim_settings_init(&sim->settings, latency_ms);
    stats_init(&sim->stats);
    wamids_init(&sim->wamids);
    posts_init(&sim->posts, &sim->wamids);
    recipients_init(&sim->recipients);
    rates_init(&sim->rates);
    return true;
}

void sim_finish(struct sim *sim)
{
    rates_finish(&sim->rates);
    recipients_finish(&sim->recipients);
    posts_finish(&sim->posts);
    stats_finish(&sim->stats);
    error_rules_finish(&sim->error_rules);
}

void sim_reset(struct sim *sim)
{
    sim_settings_reset(&sim->settings);
    delay_release_forever(sim->delay);
    rates_reset(&sim->rates);
    recipients_reset(&sim->recipients);
    posts_reset(&sim->posts);
    stats_reset(&sim->stats);
}
